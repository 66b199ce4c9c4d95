"""Dictate the shipped samples through the whole chain at speaking pace, and report where the time went."""

import csv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from importlib.resources import as_file, files
from pathlib import Path

from app.cli.commands import GatewayChoice
from app.cli.scoring import score
from app.core.console import Console
from app.core.process import FAILED
from app.core.transcript import RecordingTranscript, TranscriptSegment
from app.models import needed_models
from app.transcription.progress import ProgressDisplay
from app.transcription.recording import Recogniser
from protocol.recognition import Options
from runtime.terminal import say


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
    async with source.serving(partial(console.print, soft_wrap=True)) as gateway:
        await gateway.until_ready()
        for sample in recordings:
            everything &= await gateway.unless_broken(_dictate_one(sample, source, console))
    return 0 if everything else FAILED


async def _dictate_one(sample: Sample, source: GatewayChoice, console: Console) -> bool:
    options = Options(language=sample.language, model=source.model, script="simplified")
    recogniser = Recogniser(source.locate(), needed_models.vad_folder(), options)
    with ProgressDisplay(console, sample.path.name, lambda segment: say(told(segment))).shown() as display:
        transcript = await recogniser.recognise(sample.path, display, live=True)
    say(f"  text    {transcript.text}")
    say(f"  script  {sample.text}")
    say(f"  {score(sample.text, transcript.text, sample.language)}\n")
    return complete(transcript)


def complete(transcript: RecordingTranscript) -> bool:
    """Return whether the transcript has segments and each has a text."""
    return bool(transcript.segments) and all(segment.text for segment in transcript.segments)


def told(segment: TranscriptSegment) -> str:
    """Format one segment and where its time went, in ms."""
    span = f"[{segment.start_ms / 1000:.1f}-{segment.end_ms / 1000:.1f} s]"
    if segment.error:
        return f"{span} no text: {segment.error}"
    timing = segment.timing
    parts = f"upload {timing.upload}, queue {timing.queue}, decode {timing.decode}, deliver {timing.deliver}"
    total = f"text {segment.after_speech_ms} ms after the end of the speech"
    return f"{span} {segment.text or '(nothing understood)'}\n  {parts}; {total}"
