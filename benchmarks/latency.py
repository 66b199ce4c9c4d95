"""Time from the end of speech to its final text, beyond the silence that ends a segment.

    python -m benchmarks.latency [--engines whisper-base,digits] [--segments 30] [--json FILE]

At least ``--segments`` utterances go at speaking pace through the whole chain, hands-free, with 600 ms of
silence to end a segment. They are dictated in turn without speculation, with it, and with speculation and
partials. The end of speech is that of the clean recording: its last 10 ms above -45 dBFS. A frame of 100 ms is
sent when it has been spoken, which is part of the figures.
"""

import asyncio
import math
import time
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from uuid import uuid4

import numpy as np

from app.core.outlet import ToGateway
from app.core.transcript import TranscriptSegment
from app.transcription.listening import CuttingMode, segmenting_vad
from app.transcription.pipeline import Samples, TranscriptionObserver, at_speaking_pace, transcribe
from benchmarks.programs import share_models, temporary_chain, whisper_options
from benchmarks.report import Row, arguments, table, write_json
from client.audio_store import TemporaryAudio
from client.connection import Address, fixed_locator
from client.events import ClientEvent
from client.gateway import GatewayClient
from loadtest.measurement.figures import percentile
from protocol.audio import SAMPLE_RATE
from protocol.endpoint import Endpoint
from protocol.recognition import Options
from protocol.session import Partial
from runtime.folders import folders
from speech.vad import ENDPOINT_SILENCE_MS
from tests.helpers.digits import MODEL as DIGITS
from tests.helpers.digits import shipped_digits
from tests.helpers.recordings import samples_of, synthetic
from worker.engines.registry import has_libraries

_QUIET_DBFS: Final = -45.0
_BLOCK: Final = SAMPLE_RATE // 100
_PAUSE: Final = 3 * SAMPLE_RATE // 2


@dataclass(frozen=True)
class Take:
    """Utterances of one language in a row. ``ends``: the sample at which the speech of each ends."""

    language: str
    samples: Samples
    ends: tuple[int, ...]

    @property
    def first_utterance(self) -> "Take":
        """Take of the first utterance only."""
        return take_of(self.language, [self.samples[: self.ends[0]]])


@dataclass(frozen=True)
class Way:
    """Settings under which the same take is dictated."""

    speculation: bool
    partials: bool = False


WAYS: Final = (Way(speculation=False), Way(speculation=True), Way(speculation=True, partials=True))


@dataclass
class Heard:
    """Results of one way over all takes. ``texts``: text of each utterance, by take and number."""

    beyond_ms: list[float] = field(default_factory=list)
    decode_ms: list[float] = field(default_factory=list)
    texts: dict[tuple[int, int], str] = field(default_factory=dict)
    partials: int = 0
    no_segment: int = 0


@dataclass
class ArrivalTimes(TranscriptionObserver):
    """Recorder of the time at which each segment's text arrived, on the clock of the take."""

    came: list[tuple[TranscriptSegment, float]] = field(default_factory=list)
    partials: int = 0
    started: float = field(default_factory=time.monotonic)

    def spoken_s(self) -> float:
        """Return the time since the take started."""
        return time.monotonic() - self.started

    def received(self, event: ClientEvent) -> None:
        """Count the event if it is a partial."""
        self.partials += isinstance(event, Partial)

    def recognised(self, segment: TranscriptSegment) -> None:
        """Record the arrival of a segment's text."""
        self.came.append((segment, self.spoken_s()))


def spoken_to(samples: Samples) -> int:
    """Return the sample at which the speech of a clean recording ends."""
    return sounding(samples)[-1]


def sounding(samples: Samples) -> list[int]:
    """Return the end of each 10 ms of a clean recording in which something sounds."""
    blocks = samples[: len(samples) // _BLOCK * _BLOCK].reshape(-1, _BLOCK).astype(np.float64)
    level = 10 * np.log10(np.mean(blocks**2, axis=1) / 2**30 + 1e-12)
    return [(int(block) + 1) * _BLOCK for block in np.flatnonzero(level > _QUIET_DBFS)]


def take_of(language: str, recordings: Iterable[Samples]) -> Take:
    """Join the recordings, each followed by a pause that ends a segment."""
    parts: list[Samples] = []
    ends: list[int] = []
    at = 0
    for recording in recordings:
        parts += [recording, np.zeros(_PAUSE, np.int16)]
        ends.append(at + spoken_to(recording))
        at += len(recording) + len(parts[-1])
    return Take(language, np.concatenate(parts), tuple(ends))


def synthetic_takes() -> list[Take]:
    """Return the synthetic sentences of each language in a row."""
    return [
        take_of(language, [samples_of(one.path) for one in synthetic() if one.language == language])
        for language in ("en", "zh")
    ]


async def _at_once(samples: Samples) -> AsyncIterator[Samples]:
    yield samples


async def dictate(take: Take, way: Way, endpoint: Endpoint, vad: Path, observer: ArrivalTimes) -> None:
    """Dictate the take in one session, heard by ``observer``."""
    options = Options(language=take.language, partials=way.partials)
    with TemporaryAudio() as store:
        async with GatewayClient(
            fixed_locator(Address(endpoint.url, endpoint.key)), uuid4(), store, options
        ) as client:
            observer.started = time.monotonic()
            blocks = at_speaking_pace(_at_once(take.samples), observer.spoken_s)
            outlet = ToGateway(client, live=way.speculation)
            await transcribe(blocks, segmenting_vad(CuttingMode.HANDS_FREE, vad), outlet, observer)


def note(heard: Heard, number: int, take: Take, observer: ArrivalTimes) -> None:
    """Find the segment in which each utterance ends, and record its figures."""
    heard.partials += observer.partials
    for utterance, end in enumerate(take.ends):
        end_s = end / SAMPLE_RATE
        last = [(s, at) for s, at in observer.came if s.start_ms / 1000 < end_s <= s.end_ms / 1000 + 0.01]
        if not last:
            heard.no_segment += 1
            continue
        segment, at = last[-1]
        heard.beyond_ms.append((at - end_s) * 1000 - ENDPOINT_SILENCE_MS)
        heard.texts[number, utterance] = segment.text
        heard.decode_ms.append(segment.timing.decode)


async def in_turn(takes: Sequence[Take], rounds: int, endpoint: Endpoint, vad: Path) -> dict[Way, Heard]:
    """Dictate every take in every way, ``rounds`` times; each time, another way is first."""
    heard = {way: Heard() for way in WAYS}
    await dictate(takes[0].first_utterance, WAYS[0], endpoint, vad, ArrivalTimes())  # loads the model
    for number in range(rounds * len(takes)):
        take = takes[number % len(takes)]
        for turn in range(len(WAYS)):
            way = WAYS[(number + turn) % len(WAYS)]
            observer = ArrivalTimes()
            await dictate(take, way, endpoint, vad, observer)
            note(heard[way], number, take, observer)
    return heard


def rows(engine: str, heard: dict[Way, Heard]) -> list[Row]:
    """Return a row for each way."""
    plain = heard[WAYS[0]].texts
    return [
        {
            "engine": engine,
            "speculation": way.speculation,
            "partials": of.partials,
            "segments": len(of.beyond_ms),
            "beyond_p50_ms": percentile(of.beyond_ms, 0.5),
            "beyond_p95_ms": percentile(of.beyond_ms, 0.95),
            "decode_p50_ms": percentile(of.decode_ms, 0.5),
            "same_text": sum(plain.get(key) == text for key, text in of.texts.items()),  # as without speculation
            "no_segment": of.no_segment,  # utterances that end in no segment
        }
        for way, of in heard.items()
    ]


def measure(engine: str, segments: int) -> list[Row]:
    """Measure one engine, with a gateway, a broker and a worker of its own."""
    if engine == "digits":
        options: Sequence[str] = ("--engine", "funasr", "--set", f"folder={DIGITS}", "--device", "cpu")
        takes = [take_of("en", [np.frombuffer(digit.pcm, np.int16) for digit in shipped_digits()])]
    else:
        options, takes = whisper_options(engine), synthetic_takes()
    rounds = math.ceil(segments / sum(len(take.ends) for take in takes))
    with temporary_chain() as chain:
        _, endpoint = chain.gateway()
        chain.worker(*options)
        heard = asyncio.run(in_turn(takes, rounds, endpoint, folders().models / "fsmn-vad"))
    return rows(engine, heard)


def main() -> None:
    """Measure and print the figures."""
    options = arguments(__doc__, engines="whisper-base,digits", segments=30)
    share_models()
    found: list[Row] = []
    for engine in options.engines.split(","):
        if engine == "digits" and not has_libraries("funasr"):
            print("digits: left out, it needs pip install 'kikipounamu[funasr]'")
            continue
        found += measure(engine, options.segments)
        table("latency", found)
    write_json(options.json, "latency", found)


if __name__ == "__main__":
    main()
