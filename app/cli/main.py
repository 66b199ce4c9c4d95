"""Define ``kikipounamu``, the desktop's command line.

Only parses options; each command imports what it needs.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from app.cli import (
    control_command,
    dashboard_command,
    doctor_command,
    logs_command,
    microphones_command,
    models_command,
    report_command,
    takes_command,
)
from app.cli.options import Certificate, Engine, Gateway, GetModels, Key, Language, Model
from app.control.client import handed_over
from app.core.formats import Format

if TYPE_CHECKING:
    from app.application import Application
    from app.messages.notifications import Post

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Dictation and transcription with a recogniser that loses nothing.",
)
app.add_typer(models_command.app, name="models")
app.add_typer(takes_command.app, name="takes")
app.command()(microphones_command.microphones)
app.command()(doctor_command.doctor)
app.command()(report_command.report)
app.command()(dashboard_command.dashboard)
app.command()(logs_command.logs)
control_command.register(app)

ChineseScript = Annotated[
    Literal["simplified", "traditional", "as-is"], typer.Option(help="Characters of Chinese text.")
]


@app.command()
def transcribe(  # noqa: PLR0913 - typer: an option is a parameter
    files: Annotated[
        list[Path], typer.Argument(help="Recordings: wav, flac, ogg, mp3; more with the media extra.")
    ],
    form: Annotated[Format, typer.Option("--format", help="Format of the results.")] = Format.TXT,
    output: Annotated[str, typer.Option(metavar="DIR|beside|-", help="Destination of the results.")] = "-",
    language: Language = "auto",
    script: ChineseScript = "simplified",
    model: Model = "",
    gateway: Gateway = "",
    key: Key = "",
    certificate: Certificate = "",
    engine: Engine = "",
    get_models: GetModels = None,
) -> None:
    """Transcribe recordings to standard output or files.

    Progress goes to standard error.
    """
    from app.cli import commands
    from app.core import process

    source = commands.GatewayChoice(gateway, key, certificate, engine, model, get_models)
    wanted = commands.TranscribeOptions(files, form, output, language, "" if script == "as-is" else script)

    transcription = commands.Transcription(wanted, source)
    process.run("kikipounamu", transcription.run, transcription.prepare)


@app.command("app")
def desktop(
    hidden: Annotated[
        bool, typer.Option("--hidden", help="Start without a window if the desktop has a tray.")
    ] = False,
    engine: Engine = "",
    worker_argument: Annotated[
        list[str] | None, typer.Option(hidden=True, help="Additional argument for `kikipounamu-worker run`.")
    ] = None,
) -> None:
    """Open the desktop app: press the key in any window, speak, and the text is inserted.

    If the app is already running, its window is shown.
    """
    status = handed_over(hidden=hidden)
    if status is None:
        from app import main

        def make_application(post: "Post") -> "Application":
            from app import application
            from app.local_services import local_worker

            named = engine or "whisper"
            models = ("fsmn-vad", *(("whisper-base",) if named == "whisper" else ()))
            worker = local_worker.LocalWorkerSettings(models, ("--engine", named, *(worker_argument or ())))
            by_languages = not (engine or worker_argument)
            return application.Application(post, application.ApplicationSettings(worker, by_languages))

        status = main.run(make_application, hidden=hidden)
    raise typer.Exit(status)


@app.command()
def listen(  # noqa: PLR0913 - typer: an option is a parameter
    mode: Annotated[
        Literal["hands-free", "toggle"], typer.Option(help="Send only speech, or everything except long silence.")
    ] = "hands-free",
    microphone: Annotated[str, typer.Option(help="Name or part of it. [default: the system's default]")] = "",
    partials: Annotated[
        bool, typer.Option("--partials/--no-partials", help="Show text that may still change while you speak.")
    ] = True,
    language: Language = "auto",
    script: ChineseScript = "simplified",
    model: Model = "",
    gateway: Gateway = "",
    key: Key = "",
    certificate: Certificate = "",
    engine: Engine = "",
    get_models: GetModels = None,
) -> None:
    """Dictate into the terminal until Ctrl-C.

    Texts go to standard output; the recording is kept (see `kikipounamu takes`).
    """
    from app.cli import commands
    from app.cli.listen import ListenOptions
    from app.cli.listen import listen as dictate
    from app.core import process
    from app.settings.languages import languages_now
    from app.transcription.listening import CuttingMode
    from protocol.recognition import Options

    source = commands.GatewayChoice(gateway, key, certificate, engine, model, get_models)
    written = "" if script == "as-is" else script
    languages = languages_now(language)
    options = Options(language, model=model, script=written, partials=partials, languages=languages)
    wish = ListenOptions(CuttingMode(mode), microphone, options)
    process.run("kikipounamu", lambda: dictate(source, wish), source.prepare)


@app.command()
def up(engine: Engine = "", model: Model = "", get_models: GetModels = None) -> None:
    """Run this computer's gateway and a worker in the foreground until Ctrl-C."""
    from app.cli import commands
    from app.core import process

    source = commands.GatewayChoice(engine=engine, model=model, get_models=get_models)
    process.run("stack", lambda: commands.up(source), source.prepare, terminal=True)


@app.command()
def demo(
    model: Model = "",
    gateway: Gateway = "",
    key: Key = "",
    certificate: Certificate = "",
    engine: Engine = "",
    get_models: GetModels = None,
) -> None:
    """Dictate the shipped samples (English, Mandarin) at speaking pace, and report where the time went."""
    from app.cli import commands
    from app.cli import demo as demonstration
    from app.core import process

    source = commands.GatewayChoice(gateway, key, certificate, engine, model, get_models)
    process.run("kikipounamu", lambda: demonstration.demo(source), source.prepare)


def main() -> None:
    """Run the console script."""
    app()
