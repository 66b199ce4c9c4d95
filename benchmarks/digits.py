"""Errors of spoken digits through the whole app, compared with the model alone on the same recordings.

    python -m benchmarks.digits FOLDER [--pace 4] [--mode hold] [--json FILE]

FOLDER has ``NAME.wav`` and ``transcripts.txt`` (name and text of each). The engine is FunASR with the digits model
of the tests. Each recording is dictated as one take in each mode, through the app without its windows.
"""

import asyncio
import logging
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from app.cli.scoring import score
from app.local_services.local_worker import LocalWorkerSettings
from app.models.engines import VAD_MODEL
from app.own_recognition import WorkerOptions
from benchmarks.fidelity.corpus import room, seed_of
from benchmarks.fidelity.dictating_app import running_app
from benchmarks.fidelity.items import Item, Samples
from benchmarks.report import argument_parser, report
from protocol.audio import SAMPLE_RATE
from protocol.engine import DecodeRequest, EngineSettings, Transcript
from protocol.recognition import Options
from tests.helpers.digits import MODEL
from tests.helpers.recordings import samples_of
from worker.engines.funasr import create

HOLD, HANDS_FREE = "hold", "hands-free"
_LANGUAGE: Final = "en"
_TAIL_S: Final = {HOLD: 0.1, HANDS_FREE: 3.0}
_ENGINE: Final = ("--engine", "funasr", "--set", f"folder={MODEL}", "--device", "cpu", "--threads", "1")


def recordings(folder: Path) -> list[Item]:
    """Return the recordings of a folder."""
    lines = (folder / "transcripts.txt").read_text("utf-8").splitlines()
    rows = (line.split("\t") for line in lines)
    return [Item(name, _LANGUAGE, text, (), samples_of(folder / name)) for name, text in rows]


def alone(items: Sequence[Item]) -> list[str]:
    """Return the text of each recording by the model alone."""
    engine = create(EngineSettings("funasr", device="cpu", threads=1, extra={"folder": str(MODEL)}))
    options = Options(_LANGUAGE, itn=False)
    found = [engine.decode([DecodeRequest(one.samples.astype("<i2").tobytes(), options)])[0] for one in items]
    return [outcome.text if isinstance(outcome, Transcript) else "" for outcome in found]


async def dictated(items: Sequence[Item], mode: str, pace: float) -> list[str]:
    """Return the text at the cursor for each recording."""
    recognition = f'languages = ["{_LANGUAGE}"]\nlanguage = "{_LANGUAGE}"\nitn = false\npartials = false'
    sections = {"hotkeys": f'mode = "{mode}"', "recognition": recognition}
    worker = WorkerOptions(LocalWorkerSettings((VAD_MODEL,), _ENGINE))
    with tempfile.TemporaryDirectory(prefix="kiki-bench-") as home:
        async with running_app(Path(home), sections, pace, worker) as app:
            takes = [await app.dictate(_with_tail(one, mode), hold=mode == HOLD) for one in items]
    return [take.text for take in takes]


def _with_tail(item: Item, mode: str) -> Samples:
    noise = room(round(_TAIL_S[mode] * SAMPLE_RATE), seed_of(item.name))
    return np.concatenate([item.samples, np.rint(noise).astype(np.int16)])


def row(name: str, items: Sequence[Item], heard: Sequence[str]) -> dict[str, Any]:
    """Return the figures of one way."""
    scores = [score(one.text, text, _LANGUAGE) for one, text in zip(items, heard, strict=True)]
    errors, words = sum(one.errors for one in scores), sum(one.units for one in scores)
    rate = 100 * errors / words
    return {"way": name, "recordings": len(items), "words": words, "errors": errors, "percent": rate}


def main() -> None:
    """Measure and print the errors of each way."""
    parser = argument_parser(__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--pace", type=float, default=4.0, help="times faster than real time")
    parser.add_argument("--mode", action="append", choices=(HANDS_FREE, HOLD), help="default: both")
    options = parser.parse_args()
    logging.disable(logging.ERROR)
    items = recordings(options.folder)
    rows = [row("the model alone", items, alone(items))]
    for mode in options.mode or (HANDS_FREE, HOLD):
        rows.append(row(f"the app, {mode}", items, asyncio.run(dictated(items, mode, options.pace))))
    report("digits", rows, options.json)


if __name__ == "__main__":
    main()
