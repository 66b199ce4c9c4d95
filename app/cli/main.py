"""Define ``kikipounamu``, the command line of the app.

This module parses options and checks that windows can be opened; each command imports what it needs.
"""

import os
import sys
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import typer

from app.cli import (
    control_command,
    dashboard_command,
    desktop_command,
    doctor_command,
    logs_command,
    mcp_command,
    microphones_command,
    models_command,
    serve_api_command,
    takes_command,
)
from app.cli.installation import gpu_command, update_command
from app.cli.options import (
    CommandSection,
    Engine,
    GetModels,
    Language,
    Microphone,
    Model,
    require_local_recognition,
    with_gateway_options,
)
from app.cli.output import exit_on_error
from app.control.client import hand_over
from app.core.errors import AppError
from app.core.format import Format
from runtime.command_line import CommandGroup, FiniteCommand, Version, group
from runtime.installing import extra_command
from runtime.memory import without_collection
from runtime.program_start import require
from runtime.terminal import silence_libraries

if TYPE_CHECKING:
    from types import ModuleType

    from app.application import Application
    from app.cli.commands import GatewayChoice
    from app.messages.kinds import Post


_COMPUTERS: Final = "In the app, open Settings > Other computers"
_FILES: Final = "`kikipounamu transcribe FILE` transcribes recordings"
_TAKES: Final = "`kikipounamu takes list` lists recordings"
INSTEAD: Final = {
    **dict.fromkeys(("pair", "lend", "share", "computers"), _COMPUTERS),
    **dict.fromkeys(("file", "files", "subtitles"), _FILES),
    **dict.fromkeys(("history", "recordings"), _TAKES),
}
"""Remedies for names that users expect to be commands."""


class _Program(CommandGroup):
    """Group of all commands, whose help has the sections of ``CommandSection``."""

    titles = tuple(CommandSection)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the command. For a name that users expect, say what to use instead."""
        if not ctx.resilient_parsing and (instead := INSTEAD.get(args[0])):
            ctx.fail(f"No such command '{args[0]}'. {instead}")
        return super().resolve_command(ctx, args)


app = group(
    "Dictate into any program, and transcribe recordings.",
    _Program,
    add_completion=True,
    epilog="`kikipounamu COMMAND --help` describes a command.",
)


@app.callback()
def _program(version: Version = False) -> None:
    """Dictate into any program, and transcribe recordings."""


ChineseScript = Annotated[
    Literal["simplified", "traditional", "as-is"], typer.Option(help="Characters of Chinese text.")
]


@app.command(rich_help_panel=CommandSection.RECORDINGS)
@with_gateway_options()
def transcribe(  # noqa: PLR0913 - typer: an option is a parameter
    source: "GatewayChoice",
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE...",
            parser=Path,  # otherwise typer reads the disk, which may hang, and Ctrl-C would not end it
            help="Recordings, or folders with some: wav, flac, ogg, mp3; more with the media extra.",
        ),
    ],
    form: Annotated[Format, typer.Option("--format", help="Format of the results.")] = Format.TXT,
    output: Annotated[str, typer.Option(metavar="DIR|beside|-", help="Destination of the results.")] = "-",
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace files that exist.")] = False,
    language: Language = "auto",
    script: ChineseScript = "simplified",
    track: Annotated[
        int,
        typer.Option(
            min=0, max=1_000, help="Number of the sound track of a film; 0: its default, else the first."
        ),
    ] = 0,
) -> None:
    """Transcribe recordings to standard output or files.

    Progress goes to standard error.
    """
    from app.cli import commands
    from app.core import process

    silence_libraries()
    written = "" if script == "as-is" else script
    wanted = commands.TranscribeOptions(files, form, output, language, written, track, overwrite)
    transcription = commands.Transcription(wanted, source)
    process.run("kikipounamu", transcription.run, transcription.prepare)


_SCREENS: Final = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")


def check_windows(environment: Mapping[str, str]) -> None:
    """Raise ``AppError`` if no window can be opened, because Qt would abort without naming a remedy."""
    if find_spec("PySide6") is None:
        raise AppError(f"the library of the windows is not installed: run `{extra_command('desktop')}`")
    if sys.platform == "linux" and not any(map(environment.get, _SCREENS)):
        raise AppError(
            "the app needs a display: start it in a desktop session. Without one, `kikipounamu listen` dictates "
            "into the terminal, and `kikipounamu transcribe` writes down files"
        )


def import_windows() -> "ModuleType":
    """Return ``app.main`` with the windows. If a system library is missing, report it and exit with 1."""
    with without_collection():
        try:
            from app.ui import qt_import

            qt_import.load()
            from app import main
        except ImportError as error:
            from app.system.no_windows import LibraryMissing, library_in, tell

            if not (library := library_in(error)):
                raise
            tell(LibraryMissing(library))
            raise typer.Exit(1) from error
    return main


@app.command("app", rich_help_panel=CommandSection.APP)
def desktop(
    hidden: Annotated[bool, typer.Option("--hidden", help="Start without a window.")] = False,
    engine: Engine = "",
    worker_argument: Annotated[
        list[str] | None, typer.Option(hidden=True, help="Additional argument for `kikipounamu-worker run`.")
    ] = None,
) -> None:
    """Open the app, or the window of the one that runs.

    Then press the key in any program and speak: the text is inserted there.
    """
    status = hand_over(hidden=hidden)
    if status is None:
        require(memory_mb=900, threads=40, files=40)
        with exit_on_error():
            check_windows(os.environ)
            main = import_windows()

        def make_application(post: "Post") -> "Application":
            from app import application, own_recognition
            from app.local_services import local_worker

            named = engine or "whisper"
            models = ("fsmn-vad", *(("whisper-base",) if named == "whisper" else ()))
            worker = local_worker.LocalWorkerSettings(models, ("--engine", named, *(worker_argument or ())))
            by_languages = not (engine or worker_argument)
            return application.Application(post, own_recognition.WorkerOptions(worker, by_languages))

        with exit_on_error():
            status = main.run(make_application, hidden=hidden)
        from app.core.daemon_thread import exit_past_threads

        exit_past_threads(status)
    raise typer.Exit(status)


@app.command(rich_help_panel=CommandSection.DICTATION)
@with_gateway_options()
def listen(
    source: "GatewayChoice",
    mode: Annotated[
        Literal["hands-free", "toggle"], typer.Option(help="Send only speech, or everything except long silence.")
    ] = "hands-free",
    microphone: Microphone = "",
    partials: Annotated[
        bool, typer.Option("--partials/--no-partials", help="Show text that may still change while you speak.")
    ] = True,
    language: Language = "auto",
    script: ChineseScript = "simplified",
) -> None:
    """Dictate into the terminal, without the app, until Ctrl-C.

    Texts go to standard output; the recording is kept (see `kikipounamu takes`).
    """
    from app.cli.listen import ListenOptions
    from app.cli.listen import listen as dictate
    from app.core import process
    from app.settings.languages import languages_now
    from app.transcription.listening import CuttingMode
    from protocol.recognition import Options

    written = "" if script == "as-is" else script
    languages = languages_now(language)
    options = Options(language, model=source.model, script=written, partials=partials, languages=languages)
    choices = ListenOptions(CuttingMode(mode), microphone, options)
    process.run("kikipounamu", lambda: dictate(source, choices), source.prepare)


@app.command(rich_help_panel=CommandSection.SERVERS)
def up(engine: Engine = "", model: Model = "", get_models: GetModels = None) -> None:
    """Run this computer's server and recognition until Ctrl-C."""
    require_local_recognition()
    from app.cli import commands
    from app.core import process

    source = commands.GatewayChoice(engine=engine, model=model, get_models=get_models)
    process.run("stack", lambda: commands.up(source), source.prepare, terminal=True)


@app.command(rich_help_panel=CommandSection.DIAGNOSIS)
@with_gateway_options()
def demo(source: "GatewayChoice") -> None:
    """Dictate the shipped samples, and report where the time went.

    They are in English and Mandarin, and are dictated at speaking pace.
    """
    from app.cli import commands
    from app.core import process

    process.run("kikipounamu", lambda: commands.demo(source), source.prepare)


control_command.register(app)
app.add_typer(takes_command.app, name="takes", rich_help_panel=CommandSection.RECORDINGS)
app.add_typer(models_command.app, name="models", rich_help_panel=CommandSection.MODELS)
app.command(rich_help_panel=CommandSection.SERVERS)(dashboard_command.dashboard)
app.add_typer(desktop_command.app, name="desktop", rich_help_panel=CommandSection.APP)
app.command(rich_help_panel=CommandSection.RECORDINGS)(mcp_command.mcp)
app.command("serve-api", rich_help_panel=CommandSection.SERVERS)(serve_api_command.serve_api)
app.command(rich_help_panel=CommandSection.APP)(update_command.update)
app.add_typer(gpu_command.app, name="gpu", rich_help_panel=CommandSection.MODELS)
app.command(rich_help_panel=CommandSection.DIAGNOSIS, cls=FiniteCommand)(microphones_command.microphones)
app.command(rich_help_panel=CommandSection.DIAGNOSIS)(doctor_command.doctor)
app.command(rich_help_panel=CommandSection.DIAGNOSIS)(logs_command.logs)
app.command(rich_help_panel=CommandSection.DIAGNOSIS)(doctor_command.report)


def main() -> None:
    """Run the console script."""
    app()
