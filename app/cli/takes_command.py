"""Implement ``kikipounamu takes``: list, show, export and resend recordings.

Only the command that runs imports the journal and its dependencies.
"""

import wave
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from app.cli.completion import complete_take
from app.cli.options import ResentGateway, ResentModel, with_gateway_options
from app.cli.output import exit_on_error, print_json, print_table
from app.cli.words import texts
from app.core.errors import OutputFailed
from app.core.format import Format
from app.core.sentences import TextLookup
from app.core.states import State
from runtime.command_line import AsJson, group
from runtime.terminal import printable, say
from runtime.whole_file import replacing, write_whole

if TYPE_CHECKING:
    from app.cli.commands import GatewayChoice
    from app.journal.library import Library, TakeSnapshot
    from app.journal.lines import Fault

app = group("List, show, export and resend the recordings on this computer.")

_CHUNK_S: Final = 10
_START: Final = 60
_KEPT: Final = "the recording is damaged, and kept until you delete it"
_SHORTEST: Final = 8

Id = Annotated[
    str,
    typer.Argument(
        metavar="ID", autocompletion=complete_take, help="Id from `kikipounamu takes list`, or its beginning."
    ),
]


@app.command("list")
def list_takes(as_json: AsJson = False) -> None:
    """List recordings, newest first."""
    library = _library()
    with exit_on_error():
        takes = library.all()
    if as_json:
        print_json([_facts(found) for found in takes])
        return
    if takes:
        print_table(_rows(takes), cut=True)
    else:
        say(texts()("takes-command.none"))
    say(texts()("takes-command.folder", folder=printable(str(library.root))))
    if damaged := [found for found in takes if found.damaged]:
        say(f"{len(damaged)} damaged: `kikipounamu takes show ID` says what is wrong", err=True)


@app.command()
def show(session: Id, as_json: AsJson = False) -> None:
    """Show the texts of a recording, piece by piece.

    The edited text follows if there is one.
    """
    with exit_on_error():
        found = _find(session)
    if as_json:
        print_json(_all_facts(found))
        _exit_if_damaged(found)
        return
    words, seconds = texts(), f"{found.seconds:.1f}"
    state, started = _state_text(found, words), _start_time(found)
    say(words("takes-command.shown", id=str(found.session), state=state, seconds=seconds, started=started))
    for segment in found.transcript.segments:
        say(segment.line)
    if found.take.edited:
        say(words("takes-command.edited", text=found.take.edited))
    say(words("takes-command.folder", folder=printable(str(found.folder))))
    _exit_if_damaged(found)


@app.command()
def export(
    session: Id,
    form: Annotated[Format, typer.Option("--format", help="Format of the text.")] = Format.TXT,
    output: Annotated[Path, typer.Option(metavar="DIR", help="Output folder.")] = Path("."),
) -> None:
    """Write a recording and its text to files.

    The audio becomes ID.wav; the text, edited or not, a file beside it.
    """
    from app.core.result_writer import make_folder

    with exit_on_error():
        found = _find(session)
        sound, text = output / f"{found.session}.wav", output / f"{found.session}.{form}"
        make_folder(output)
        try:
            audible = bool(found.samples) or not found.damaged
            if audible:
                _write_wav(found, sound)
            write_whole(text, found.render(form, sound.name))
        except OSError as error:
            raise OutputFailed(f"{found.session} cannot be exported to {output}: {error.strerror}") from error
    written = (
        f"{printable(str(sound))}, {printable(str(text))}"
        if audible
        else f"{printable(str(text))} (no audio is left)"
    )
    say(f"written: {written}")
    _exit_if_damaged(found)


@app.command()
@with_gateway_options(model=ResentModel, gateway=ResentGateway)
def resend(source: "GatewayChoice", session: Id) -> None:
    """Recognise what has no text yet, and print the whole text.

    Existing texts stay unchanged.
    """
    from app.core import process

    with exit_on_error():
        found = _find(session)
        _library().reopen(found.session).close()  # check that it can be opened before starting anything
    gateway = source.gateway or ("" if source.engine else _gateway_of_app())
    chosen = replace(source, gateway=gateway, model=source.model or found.take.options.model)
    process.run("kikipounamu", lambda: _resend(found, chosen), chosen.prepare)


async def _resend(found: "TakeSnapshot", source: "GatewayChoice") -> int:
    from app.core.console import Console
    from app.core.process import FAILED
    from app.core.renderers import render
    from app.models.engines import vad_folder
    from app.transcription.progress import ProgressDisplay
    from app.transcription.resending import Resender
    from protocol.recognition import Options

    console = Console(stderr=True)
    with _library().reopen(found.session) as journal:
        _print_damage(journal.take.damage)
        async with source.serving() as gateway:
            with ProgressDisplay(console, "recording").shown() as display:
                current = Options(model=source.model)
                resender = Resender(source.locate(), vad_folder(), current=lambda: current)
                work = resender.resend(journal, display)
                transcript = await gateway.unless_broken(work)
        damaged = journal.take.damage
    say(render(transcript, Format.TXT), end="")
    for segment in transcript.failures:
        say(f"no text at {segment.start_ms / 1000:.1f} s: {segment.error}", err=True)
    if damaged:
        say(_KEPT, err=True)
    elif found.damaged and not transcript.failures:
        say("recovered: all audio on disk has a text", err=True)
    return FAILED if transcript.failures or damaged else 0


def _gateway_of_app() -> str:
    """Return the gateway that the app uses, because it may already have segments of the recording."""
    from app.settings.current import settings_now

    chosen = settings_now()[0].gateway
    return chosen.chosen or chosen.url


def _library() -> "Library":
    from app.journal.library import users_library

    return users_library()


def _find(session: str) -> "TakeSnapshot":
    """Return the take whose id begins with ``session``. Raises ``TakeUnknown`` or ``TakeAmbiguous``."""
    library = _library()
    return library.find(library.session_named(session))


def _state(found: "TakeSnapshot") -> State:
    from app.dictation.view import state_of

    return state_of(found.state, cancelled=found.take.cancelled)


def _rows(takes: "Sequence[TakeSnapshot]") -> list[tuple[str, ...]]:
    """Return the titles of the columns, then a row per take."""
    words = texts()
    rows = [tuple(words(f"columns.{name}") for name in ("id", "started", "length", "state", "text"))]
    for name, found in zip(_short_ids([str(found.session) for found in takes]), takes, strict=True):
        started, length = _start_time(found)[:16], f"{found.seconds:.1f} s"
        rows.append((name, started, length, _state_text(found, words), _start_of_text(found)))
    return rows


def _state_text(found: "TakeSnapshot", words: TextLookup) -> str:
    state = words(_state(found).key)
    return f"{state} ({words('take.partly')})" if found.partly else state


def _short_ids(ids: Sequence[str]) -> list[str]:
    """Return prefixes of the ids, of the shortest common length that keeps them unique."""
    lengths = range(_SHORTEST, max(map(len, ids), default=_SHORTEST))
    enough = next((size for size in lengths if len({name[:size] for name in ids}) == len(ids)), None)
    return [name[:enough] for name in ids]


def _facts(found: "TakeSnapshot") -> dict[str, Any]:
    """Return a take for JSON.

    ``journal``: the state of its journal, which ignores cancellation.
    """
    return {
        "id": str(found.session),
        "started_s": found.take.started_s,
        "seconds": found.seconds,
        "state": _state(found).value,
        "journal": found.state.value,
        "partly_inserted": found.partly,
        "text": found.text,
    }


def _all_facts(found: "TakeSnapshot") -> dict[str, Any]:
    """Return a take with its segments for JSON.

    ``edited``: the text that the user edited, or ``None``.
    """
    from app.journal.lines import fault_sentences

    names = ("index", "start_ms", "end_ms", "text", "error")
    segments = [{name: getattr(segment, name) for name in names} for segment in found.transcript.segments]
    return _facts(found) | {
        "edited": found.take.edited or None,
        "segments": segments,
        "damage": list(fault_sentences(found.take.damage)),
        "folder": str(found.folder),
    }


def _print_damage(damage: "tuple[Fault, ...]") -> None:
    from app.journal.lines import fault_sentences

    for fault in fault_sentences(damage):
        say(f"damaged: {fault}", err=True)


def _exit_if_damaged(found: "TakeSnapshot") -> None:
    """If the take is damaged, report the damage and its remedy, and exit with 1."""
    if found.damaged:
        _print_damage(found.take.damage)
        how = f"`kikipounamu takes resend {found.session}` recognises all audio that is on disk"
        say(_KEPT if found.take.file_faults else f"{_KEPT}; {how}", err=True)
        raise typer.Exit(1)


def _start_time(found: "TakeSnapshot") -> str:
    seconds = found.take.started_s
    return datetime.fromtimestamp(seconds).isoformat(" ", "seconds") if seconds else "unknown"


def _start_of_text(found: "TakeSnapshot") -> str:
    text = " ".join(found.text.split())
    return text if len(text) <= _START else f"{text[: _START - 1]}…"


def _write_wav(found: "TakeSnapshot", place: Path) -> None:
    """Write a take's audio as a private WAV file, completely or not at all. Raises ``OSError``."""
    from protocol.audio import BYTES_PER_SAMPLE, SAMPLE_RATE

    with replacing(place) as file, wave.open(file, "wb") as sound, found.audio.open("rb") as pcm:
        sound.setnchannels(1)
        sound.setsampwidth(BYTES_PER_SAMPLE)
        sound.setframerate(SAMPLE_RATE)
        left, chunk_bytes = found.samples * BYTES_PER_SAMPLE, _CHUNK_S * SAMPLE_RATE * BYTES_PER_SAMPLE
        while left and (chunk := pcm.read(min(chunk_bytes, left))):
            sound.writeframesraw(chunk)
            left -= len(chunk)
