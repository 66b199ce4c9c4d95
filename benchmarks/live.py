"""Live text: when the first words come, how often they are updated, and when they become stable.

    python -m benchmarks.live [--model whisper-base] [--rounds 1] [--json FILE]

The synthetic sentences are dictated at speaking pace, hands-free, with partials, through the whole chain. The
speech of a segment is what is above -45 dBFS. A word counts as spoken in proportion to its place in the final
text, and as stable when a partial says so, or else when the final comes. The model ``checksum`` only takes 0.06
times the audio's length, so it shows the pace alone.
"""

import asyncio
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np

from app.core.transcript import TranscriptSegment
from backend.sessions.local_agreement import words
from benchmarks.latency import ArrivalTimes, Take, Way, dictate, sounding, synthetic_takes
from benchmarks.programs import share_models, temporary_chain, whisper_options
from benchmarks.report import arguments, report
from client.events import ClientEvent
from loadtest.measurement.figures import percentile
from protocol.audio import SAMPLE_RATE
from protocol.endpoint import Endpoint
from protocol.session import Partial
from runtime.folders import folders

_WAY: Final = Way(speculation=True, partials=True)
_CHECKSUM: Final = ("--engine", "checksum", "--set", "rtf=0.06")
_STABLE_S: Final = 2.0
TimedPartial = tuple[Partial, float]


@dataclass
class LiveTimes(ArrivalTimes):
    """Recorder of the partials and of the time at which each arrived, on the clock of the take."""

    timed_partials: list[TimedPartial] = field(default_factory=list)

    def received(self, event: ClientEvent) -> None:
        """Record the event if it is a partial."""
        if isinstance(event, Partial):
            self.timed_partials.append((event, self.spoken_s()))


@dataclass
class Live:
    """Figures of all segments. ``lags_s``: from each word until it is stable. ``back``: changes of stable text."""

    first_s: list[float] = field(default_factory=list)
    gaps_s: list[float] = field(default_factory=list)
    lags_s: list[float] = field(default_factory=list)
    silent: int = 0
    back: int = 0

    def add(
        self, segment: TranscriptSegment, final_s: float, partials: Sequence[TimedPartial], take: Take
    ) -> None:
        """Add the partials of a segment whose final came at ``final_s``."""
        start = segment.start_ms * SAMPLE_RATE // 1000
        blocks = sounding(take.samples[start : segment.end_ms * SAMPLE_RATE // 1000])
        if not segment.text or not len(blocks):
            return
        began_s, ended_s = ((start + sample) / SAMPLE_RATE for sample in (blocks[0], blocks[-1]))
        shown = [at for partial, at in partials if partial.text]
        self.silent += not shown
        self.first_s += [at - began_s for at in shown[:1]]
        heard = [at for at in shown if at <= ended_s]
        self.gaps_s += (
            [later - at for at, later in zip(heard, [*heard[1:], ended_s], strict=True)] if heard else []
        )
        pairs = zip(partials, partials[1:], strict=False)
        self.back += sum(not new.text.startswith(old.text[: old.stable]) for (old, _), (new, _) in pairs)
        self._add_lags(len(words(segment.text)), (began_s, ended_s), final_s, partials)

    def _add_lags(
        self, count: int, speech_s: tuple[float, float], final_s: float, partials: Sequence[TimedPartial]
    ) -> None:
        began_s, ended_s = speech_s
        stable_at = [final_s] * count
        for partial, at in reversed(partials):
            stable = len(words(partial.text[: partial.stable]))
            stable_at[:stable] = [at] * min(stable, count)
        spoken = np.linspace(began_s, ended_s, count + 1)[1:]
        self.lags_s += [at - float(when) for at, when in zip(stable_at, spoken, strict=True)]

    def row(self, model: str) -> dict[str, object]:
        """Return the result row."""
        return {
            "model": model,
            "segments": len(self.first_s) + self.silent,
            "without_live_text": self.silent,
            "first_words_p50_s": statistics.median(self.first_s) if self.first_s else None,
            "first_words_p95_s": percentile(self.first_s, 0.95),
            "update_gap_p50_s": statistics.median(self.gaps_s) if self.gaps_s else None,
            "update_gap_p95_s": percentile(self.gaps_s, 0.95),
            "stable_within_2_s": sum(lag <= _STABLE_S for lag in self.lags_s) / max(1, len(self.lags_s)),
            "taken_back": self.back,
        }


async def listen(take: Take, endpoint: Endpoint, vad: Path) -> LiveTimes:
    """Dictate the take once."""
    observer = LiveTimes()
    await dictate(take, _WAY, endpoint, vad, observer)
    return observer


def measure(model: str, rounds: int) -> Live:
    """Measure one model, with a gateway, a broker and a worker of its own."""
    live, takes, vad = Live(), synthetic_takes(), folders().models / "fsmn-vad"
    with temporary_chain() as chain:
        _, endpoint = chain.gateway()
        chain.worker(*(_CHECKSUM if model == "checksum" else whisper_options(model)))
        asyncio.run(listen(takes[0].first_utterance, endpoint, vad))  # loads the model
        for take in takes * rounds:
            observer = asyncio.run(listen(take, endpoint, vad))
            for segment, at in observer.came:
                live.add(
                    segment, at, [one for one in observer.timed_partials if one[0].segment == segment.index], take
                )
    return live


def main() -> None:
    """Measure and print the figures."""
    options = arguments(__doc__, model="whisper-base", rounds=1)
    share_models()
    report("live", [measure(options.model, options.rounds).row(options.model)], options.json)


if __name__ == "__main__":
    main()
