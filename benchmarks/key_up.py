"""Time from the release of the key to the text at the cursor, with live text on.

    python -m benchmarks.key_up [--rounds 1] [--json FILE]

The synthetic sentences are dictated at speaking pace in hold mode, through the whole app without its windows, with
whisper-base. Each is dictated alone, and in pairs with a pause of 1.4 s in between. A second pass may recognise a
pair as one segment; its text is then inserted at once. Half a second of silence passes between the last word and
the release.
"""

import asyncio
import logging
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np

from benchmarks.fidelity.dictating_app import TALLY, Dictated, DictatingApp, Samples, running_app, worker_with
from benchmarks.report import arguments, report
from loadtest.measurement.figures import percentile
from protocol.audio import SAMPLE_RATE
from tests.helpers.recordings import samples_of, synthetic

_SECTIONS: Final = {"hotkeys": 'mode = "hold"', "recognition": 'languages = ["zh", "en"]\npartials = true'}
_PAUSE: Final = round(1.4 * SAMPLE_RATE)
_AFTER: Final = SAMPLE_RATE // 2
_SLOWEST: Final = 3
_ROOM: Final = 16  # standard deviation of the noise: -66 dBFS


class Spoken(NamedTuple):
    """Recording that is dictated as one take. ``name``: of the file with its first sentence."""

    name: str
    samples: Samples


class Take(NamedTuple):
    """Result of one take. ``name``: of the recording that was dictated."""

    name: str
    result: Dictated


def recordings() -> dict[str, list[Spoken]]:
    """Return the dictated recordings by kind."""
    by_language: dict[str, list[Spoken]] = {}
    for recording in synthetic():
        spoken = Spoken(recording.path.stem, samples_of(recording.path))
        by_language.setdefault(recording.language, []).append(spoken)
    whole = [spoken for several in by_language.values() for spoken in several]
    pairs = [
        Spoken(first.name, np.concatenate((first.samples, room(_PAUSE), second.samples)))
        for several in by_language.values()
        for first, second in zip(several[::2], several[1::2], strict=True)
    ]
    return {"one sentence": whole, "two sentences": pairs}


def room(samples: int) -> Samples:
    """Return the noise of a quiet room."""
    return np.random.default_rng(samples).normal(0, _ROOM, samples).round().astype(np.int16)


async def measure(rounds: int) -> dict[str, list[Take]]:
    """Dictate everything, after one take that is not counted."""
    found: dict[str, list[Take]] = {}
    with tempfile.TemporaryDirectory(prefix="kiki-bench-") as home:
        async with running_app(Path(home), _SECTIONS, 1.0, worker_with(None, Path(home) / TALLY)) as app:
            kinds = recordings()
            await _dictate(app, kinds["one sentence"][0])
            for _ in range(rounds):
                for kind, several in kinds.items():
                    found.setdefault(kind, []).extend([await _dictate(app, each) for each in several])
    return found


async def _dictate(app: DictatingApp, spoken: Spoken) -> Take:
    return Take(spoken.name, await app.dictate(np.concatenate((spoken.samples, room(_AFTER))), hold=True))


def rows(found: dict[str, list[Take]]) -> list[dict[str, Any]]:
    """Return one row per kind and per path of its text."""
    made: list[dict[str, Any]] = []
    for kind, takes in found.items():
        for second_pass in (False, True):
            if some := [take for take in takes if bool(take.result.spans) is second_pass]:
                made.append(_row(kind, "yes" if second_pass else "no", some))
    return made


def _row(kind: str, second_pass: str, takes: Sequence[Take]) -> dict[str, Any]:
    timed = sorted((take.result.after_ms, take.name) for take in takes if take.result.after_ms is not None)
    after = [ms for ms, _ in timed]
    return {
        "recordings": kind,
        "second_pass": second_pass,
        "takes": len(takes),
        "inserted_at_once": sum(take.result.pieces == 1 for take in takes),
        "without_text": len(takes) - len(after),
        "after_p50_ms": percentile(after, 0.5),
        "after_p95_ms": percentile(after, 0.95),
        "slowest": ", ".join(f"{name} {ms:.0f} ms" for ms, name in timed[: -_SLOWEST - 1 : -1]),
    }


def main() -> None:
    """Measure all takes and print the figures."""
    options = arguments(__doc__, rounds=1)
    logging.disable(logging.ERROR)
    report("key-up to text", rows(asyncio.run(measure(options.rounds))), options.json)


if __name__ == "__main__":
    main()
