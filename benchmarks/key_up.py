"""Time from the release of the key to the text at the cursor, with live text on.

    python -m benchmarks.key_up [--rounds 1] [--json FILE]

The synthetic sentences are dictated at speaking pace in hold mode, through the whole app without its windows, with
whisper-base. Each is dictated alone, and in pairs with a pause of 1.4 s between, which a second pass recognises as
one. Half a second of silence passes between the last word and the release.
"""

import asyncio
import logging
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from benchmarks.fidelity.dictating import TALLY, Dictated, MeasuredApp, Samples, running_app, worker_with
from benchmarks.report import arguments, table, write_json
from loadtest.measurement.figures import percentile
from protocol.audio import SAMPLE_RATE
from tests.helpers.recordings import samples_of, synthetic

_SECTIONS: Final = {"hotkeys": 'mode = "hold"', "recognition": 'languages = ["zh", "en"]\npartials = true'}
_PAUSE: Final = round(1.4 * SAMPLE_RATE)
_AFTER: Final = SAMPLE_RATE // 2
_ROOM: Final = 16  # standard deviation of the noise: -66 dBFS


def recordings() -> dict[str, list[Samples]]:
    """Return what is dictated, by kind."""
    by_language: dict[str, list[Samples]] = {}
    for recording in synthetic():
        by_language.setdefault(recording.language, []).append(samples_of(recording.path))
    whole = [samples for several in by_language.values() for samples in several]
    pairs = [
        np.concatenate((first, room(_PAUSE), second))
        for several in by_language.values()
        for first, second in zip(several[::2], several[1::2], strict=True)
    ]
    return {"one sentence": whole, "two sentences": pairs}


def room(samples: int) -> Samples:
    """Return the noise of a quiet room."""
    return np.random.default_rng(samples).normal(0, _ROOM, samples).round().astype(np.int16)


async def measure(rounds: int) -> dict[str, list[Dictated]]:
    """Dictate everything, after one take that is not counted."""
    found: dict[str, list[Dictated]] = {}
    with tempfile.TemporaryDirectory(prefix="kiki-bench-") as home:
        async with running_app(Path(home), _SECTIONS, 1.0, worker_with(None, Path(home) / TALLY)) as app:
            kinds = recordings()
            await _dictate(app, kinds["one sentence"][0])
            for _ in range(rounds):
                for kind, several in kinds.items():
                    found.setdefault(kind, []).extend([await _dictate(app, each) for each in several])
    return found


async def _dictate(app: MeasuredApp, samples: Samples) -> Dictated:
    return await app.dictate(np.concatenate((samples, room(_AFTER))), hold=True)


def rows(found: dict[str, list[Dictated]]) -> list[dict[str, Any]]:
    """Return one row per kind, and per way in which its text came."""
    made: list[dict[str, Any]] = []
    for kind, takes in found.items():
        for second_pass in (False, True):
            if some := [take for take in takes if bool(take.spans) is second_pass]:
                made.append(_row(kind, "yes" if second_pass else "no", some))
    return made


def _row(kind: str, second_pass: str, takes: Sequence[Dictated]) -> dict[str, Any]:
    after = [take.after_ms for take in takes if take.after_ms is not None]
    return {
        "recordings": kind,
        "second_pass": second_pass,
        "takes": len(takes),
        "without_text": len(takes) - len(after),
        "after_p50_ms": percentile(after, 0.5),
        "after_p95_ms": percentile(after, 0.95),
    }


def main() -> None:
    """Measure all takes and print the figures."""
    options = arguments(__doc__, rounds="1")
    logging.disable(logging.ERROR)
    made = rows(asyncio.run(measure(int(options.rounds))))
    table("key-up to text", made)
    write_json(options.json, "key-up to text", made)


if __name__ == "__main__":
    main()
