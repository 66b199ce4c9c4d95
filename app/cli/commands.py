"""Implement ``transcribe``, ``up``, ``demo`` and the choice of a gateway, after their options are parsed.

Only the command that runs imports this.
"""

import asyncio
import csv
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property, partial
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any, Final, TypeVar

import typer

from app.cli import model_actions
from app.cli.scoring import score
from app.core.console import Console
from app.core.daemon_thread import DaemonThreads, in_daemon_thread, started
from app.core.errors import OutputFailed, StackFailed
from app.core.format import Format
from app.core.process import EXPECTED, FAILED
from app.core.renderers import render
from app.core.result_writer import ResultWriter
from app.core.transcript import RecordingTranscript, TranscriptSegment
from app.files.file_search import named_recordings
from app.gateways.store import address_of
from app.local_services import local_gateway
from app.local_services.stack import Stack, StackSettings
from app.models.engines import choose_default, default_line, engine_of, ensure_models, needed_models, vad_folder
from app.settings.languages import languages_now
from app.transcription.pipeline import Recogniser
from app.transcription.progress import ProgressDisplay
from client.connection import Locate, fixed_locator
from client.errors import Refused, Unreachable
from protocol.recognition import Options, Script
from runtime.installing import extra_command
from runtime.tasks import Closing
from runtime.terminal import printable, say
from speech.audio_file import check_audio
from speech.errors import MediaExtraMissing, SpeechError
from speech.models.recommendation import Recommendation

T = TypeVar("T")

_say_aside: Final = partial(say, err=True)


@dataclass(frozen=True)
class GatewayChoice:
    """Choice of the gateway that recognises: ``gateway`` by address or name; empty: this computer's own stack.

    Without ``engine``, the engine of ``model`` is used; without both, the user's languages decide on the model.
    """

    gateway: str = ""
    key: str = ""
    certificate_sha256: str = ""
    engine: str = "whisper"
    model: str = ""
    get_models: bool | None = None

    def prepare(self) -> None:
        """Check that the gateway is known and the needed models are installed. Raises ``AppError`` or ``Refused``.

        Print the model if the user chose none. A gateway with workers needs no recognition model on this computer.
        """
        self.locate()
        found = None if self.gateway else asyncio.run(local_gateway.running())
        if self.gateway or (found and not found.readiness.needs_worker):
            needed = needed_models(None)
        else:
            needed = needed_models(*self.local)
            if self._chosen:
                say(default_line(self._chosen), err=True)
        ensure_models(needed, self.get_models, model_actions.get)

    @cached_property
    def _chosen(self) -> Recommendation | None:
        return None if self.engine or self.model else choose_default(languages_now("auto"))

    @property
    def local(self) -> tuple[str, str]:
        """Engine and model of this computer's worker. Blocks briefly."""
        model = self._chosen.model if self._chosen else self.model
        return self.engine or engine_of(model), model

    def locate(self) -> Locate:
        """Return a function that locates the gateway. Raises ``AppError`` or ``Refused`` if no gateway matches."""
        if not self.gateway:
            return local_gateway.locate
        return fixed_locator(address_of(self.gateway, self.key, self.certificate_sha256))

    def stack(self) -> Stack | None:
        """Return the stack that runs a local gateway, or ``None`` for a remote one."""
        return None if self.gateway else Stack(StackSettings(*self.local))

    def serving(self, print_line: Callable[[str], object] = _say_aside) -> "Stack | RemoteStack":
        """Return a context in which the gateway serves; call ``print_line`` first if it is this computer's."""
        if stack := self.stack():
            print_line("starting the gateway and the worker, unless they run")
        return stack or RemoteStack()


class RemoteStack(Closing):
    """Stand-in for ``Stack`` if the gateway runs elsewhere: starts and stops nothing."""

    async def until_ready(self) -> None:
        """Do nothing: each request waits for the gateway."""

    async def unless_broken(self, work: Coroutine[Any, Any, T]) -> T:
        """Run ``work``, whose requests wait for the gateway."""
        return await work

    async def close(self) -> None:
        """Do nothing: the gateway keeps running."""


@dataclass(frozen=True)
class TranscribeOptions:
    """The options of `transcribe`.

    ``files``: recordings, and folders that contain some. ``output``: the destination of results, in the notation
    of ``ResultWriter``. ``track``: the number of a film's sound track; 0: the default one.
    """

    files: Sequence[Path]
    form: Format = Format.TXT
    output: str = "-"
    language: str = "auto"
    script: Script = "simplified"
    track: int = 0
    overwrite: bool = False


class Transcription:
    """Run of `transcribe` over several files, one after the other.

    If a file fails, the next ones are still transcribed, unless the gateway is unreachable or refuses.
    """

    def __init__(self, wanted: TranscribeOptions, source: GatewayChoice) -> None:
        self._wanted = wanted
        self._files = wanted.files
        self._source = source
        self._console = Console(stderr=True)
        self._unreadable: dict[Path, str] = {}
        self._gone = ""

    @cached_property
    def _results(self) -> ResultWriter:
        wanted = self._wanted
        return ResultWriter(self._files, wanted.output, wanted.form, wanted.overwrite)

    def prepare(self) -> None:
        """Check the destinations, then every file, then the gateway and the models.

        Raises ``AppError`` and ``Refused``. Raises ``typer.Exit`` after reporting that no file can be read.
        """
        started(self._check_files).result()  # Ctrl-C works even while a disk does not respond
        self._source.prepare()

    def _check_files(self) -> None:
        self._files = named_recordings(self._wanted.files)
        results = self._results  # its usage mistakes are reported before problems of files
        for file in self._files:
            try:
                track = check_audio(file, self._wanted.track)
                if track.tracks > 1:
                    self._print(file, f"only sound track {track.number} of {track.tracks} is read")
            except MediaExtraMissing:
                advice = f"run {extra_command('media')}, or convert the file to wav"
                self._unreadable[file] = f"{file} needs PyAV: {advice}"
            except SpeechError as error:
                self._unreadable[file] = str(error)
        if len(self._unreadable) == len(set(self._files)):
            for file in self._files:
                self._print(file, self._unreadable[file])
                results.fail(file, self._unreadable[file])
            raise typer.Exit(FAILED)

    async def run(self) -> int:
        """Transcribe every file and return the exit status."""
        options = Options(
            language=self._wanted.language,
            model=self._source.model,
            priority="bulk",
            script=self._wanted.script,
            languages=await asyncio.to_thread(languages_now, self._wanted.language),
        )
        async with self._source.serving() as gateway:
            recogniser = Recogniser(self._source.locate(), vad_folder(), options, pool=DaemonThreads())
            whole = True
            for file in self._files:
                whole &= await gateway.unless_broken(self._transcribe_one(file, recogniser))
        return 0 if whole else FAILED

    async def _transcribe_one(self, file: Path, recogniser: Recogniser) -> bool:
        """Transcribe one file and return whether its text is complete."""
        if file in self._unreadable:
            return self._fail(file, self._unreadable[file])
        if self._gone:
            return self._fail(file, "not tried", self._gone)
        try:
            transcript = await self._recognise(file, recogniser)
            place = await in_daemon_thread(partial(self._results.deliver, file, self._render(file, transcript)))
        except StackFailed:
            raise
        except (Unreachable, Refused) as error:
            self._gone = str(error)
            return self._fail(file, self._gone)
        except EXPECTED as error:
            return self._fail(file, str(error))
        if place:
            self._print(file, f"written to {place}")
        for segment in transcript.failures:
            self._print(file, f"no text at {segment.start_ms / 1000:.1f} s: {segment.error}")
        if transcript.truncated:
            self._print(file, transcript.truncated)
        return not (transcript.failures or transcript.truncated)

    async def _recognise(self, file: Path, recogniser: Recogniser) -> RecordingTranscript:
        """Return the transcript of a file. If recognition fails, print the texts so far before raising."""
        heard: list[TranscriptSegment] = []
        try:
            with ProgressDisplay(self._console, file.name, heard.append).shown() as display:
                return await recogniser.recognise(file, display, track=self._wanted.track)
        except (asyncio.CancelledError, *EXPECTED):
            with suppress(OutputFailed):
                await self._print_part(file, sorted(heard, key=lambda segment: segment.index))
            raise

    async def _print_part(self, file: Path, heard: list[TranscriptSegment]) -> None:
        """Write the recognised part of a file to standard output; in an output file it would look complete."""
        if not any(segment.text for segment in heard):
            return
        end_ms = heard[-1].end_ms
        part = RecordingTranscript(tuple(heard), end_ms, "the rest is not recognised")
        await in_daemon_thread(partial(self._results.print_result, file, self._render(file, part)))
        self._print(file, f"stopped; what is recognised, up to {end_ms / 1000:.1f} s, is on standard output")

    def _render(self, file: Path, transcript: RecordingTranscript) -> str:
        return render(transcript, self._wanted.form, str(file), line=self._results.lines)

    def _fail(self, file: Path, why: str, reason: str = "") -> bool:
        """Report why a file has no result, and return false; ``reason``: more detail, only in JSON."""
        self._print(file, why)
        self._results.fail(file, f"{why}: {reason}" if reason else why)
        return False

    def _print(self, file: Path, message: str) -> None:
        names_file = f" {file} " in f" {message}"
        line = message if names_file else f"{file.name or file}: {message}"
        say(printable(line), err=True)


async def up(source: GatewayChoice) -> int:
    """Run the stack in the foreground until Ctrl-C or SIGTERM.

    The gateway keeps running if the worker fails.
    """
    if found := await local_gateway.running():
        endpoint = found.endpoint
        raise StackFailed(
            f"a gateway of yours already runs at {endpoint.url} (process {endpoint.pid}): use that one"
        )
    async with Stack(StackSettings(*source.local, lasting=True, own_terminal=True)) as stack:
        await stack.unless_broken(report(stack, _say_if_possible))
    return FAILED


def _say_if_possible(line: str) -> None:
    """Print a line; a server does not end if its output is closed."""
    with suppress(OSError):
        say(line)


CHECK_S: Final = 1.0


async def report(stack: Stack, say: Callable[[str], None], check_s: float = CHECK_S) -> None:
    """Print the state of the gateway and the worker at each change, until cancelled."""
    await report_changes(lambda: _state_line(stack), say, check_s)


async def report_changes(state: Callable[[], Awaitable[str]], say: Callable[[str], None], check_s: float) -> None:
    """Print each new state once two checks in a row see it, unless it is empty, until cancelled.

    The delay keeps the order: a child's own lines ("engine.loaded") appear up to 0.3 s after its state ("ready").
    """
    shown = before = ""
    while True:
        now = await state()
        is_new = now != before
        if not is_new and now != shown:
            shown = now
            if now:
                say(now)
        before = now
        await asyncio.sleep(check_s / 2 if is_new else check_s)


async def _state_line(stack: Stack) -> str:
    found = await local_gateway.running()
    if found is None:
        return ""
    url, key = found.endpoint.url, local_gateway.endpoint_file()
    if found.readiness.ready:
        return f"ready: {url} (its key is in {key}). Ctrl-C ends it."
    if trouble := stack.trouble:
        return f"the worker does not run: {trouble}. Retrying; the gateway stays at {url}."
    workers = await local_gateway.workers(found.endpoint)
    if problem := next((worker.problem for worker in workers if worker.problem), ""):
        return f"the worker cannot recognise anything: {problem}. It tries again; the gateway stays at {url}."
    return ""


@dataclass(frozen=True)
class Sample:
    """A recording with its reference text."""

    path: Path
    language: str
    text: str


@contextmanager
def samples() -> Iterator[list[Sample]]:
    """Yield the recordings that come with the program."""
    with as_file(files("app") / "samples") as folder:
        with (folder / "samples.tsv").open(encoding="utf-8", newline="") as table:
            rows = list(csv.DictReader(table, delimiter="\t", quoting=csv.QUOTE_NONE))
        yield [Sample(folder / row["file"], row["language"], row["text"]) for row in rows]


async def demo(source: GatewayChoice) -> int:
    """Dictate every sample, and return ``FAILED`` if a segment got no text."""
    with samples() as shipped:
        return await dictate(shipped, source)


async def dictate(recordings: Sequence[Sample], source: GatewayChoice) -> int:
    """Dictate the given recordings, and return ``FAILED`` if a segment got no text."""
    console = Console(stderr=True)
    everything = True
    async with source.serving() as gateway:
        await gateway.until_ready()
        for sample in recordings:
            everything &= await gateway.unless_broken(_dictate_one(sample, source, console))
    return 0 if everything else FAILED


async def _dictate_one(sample: Sample, source: GatewayChoice, console: Console) -> bool:
    options = Options(language=sample.language, model=source.model, script="simplified")
    recogniser = Recogniser(source.locate(), vad_folder(), options)
    with ProgressDisplay(
        console, sample.path.name, lambda segment: say(segment_lines(segment))
    ).shown() as display:
        transcript = await recogniser.recognise(sample.path, display, live=True)
    say(f"  text    {transcript.text}")
    say(f"  script  {sample.text}")
    say(f"  {score(sample.text, transcript.text, sample.language)}\n")
    return complete(transcript)


def complete(transcript: RecordingTranscript) -> bool:
    """Return whether there are segments and all of them have a text."""
    return bool(transcript.segments) and all(segment.text for segment in transcript.segments)


def segment_lines(segment: TranscriptSegment) -> str:
    """Return the line of a segment and, if it has no error, a second line with its delays in ms."""
    if segment.error:
        return segment.line
    timing = segment.timing
    parts = f"upload {timing.upload}, queue {timing.queue}, decode {timing.decode}, deliver {timing.deliver}"
    total = f"text {segment.after_speech_ms} ms after the end of the speech"
    return f"{segment.line}\n  {parts}; {total}"
