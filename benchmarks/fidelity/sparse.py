"""Spoken texts that the engine drops because they are improbable and short for a long sound (``is_sparse``).

    python -m benchmarks.fidelity.sparse --audio AUDIO_DIR [--json FILE]

AUDIO_DIR is that of ``benchmarks.fidelity``. whisper-base decodes recordings of 10 s or more; short answers with
12 s of a quiet room after them; and short answers and sentences within 12 and 25 s of sounds that are 20 dB below
them. Each dropped text is listed on standard error.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from unittest.mock import patch

import numpy as np

from benchmarks.fidelity.corpus import room, seed_of
from benchmarks.fidelity.items import SETS, Item, items
from benchmarks.fidelity.sounds import MAKERS, SPEECH_DBFS, at_level, speech_at
from benchmarks.fidelity.text_comparison import compare
from benchmarks.programs import whisper_settings
from benchmarks.report import Row, arguments, report
from protocol.audio import SAMPLE_RATE
from protocol.engine import DecodeRequest, Transcript
from protocol.recognition import Options
from worker.engines.whisper import window
from worker.engines.whisper.decoder import DecodeResult
from worker.engines.whisper.engine import WhisperEngine, create
from worker.engines.whisper.no_speech import is_sparse, is_speech

_SPOKEN: Final = tuple(name for name in SETS if name not in ("short", "level", "sounds", "other"))
_LONG_S: Final = 10
_ANSWERS_S, _SENTENCES_S = 12, 25
_BELOW_DB: Final = 20
_OF_EACH: Final = 5


def main() -> None:
    """Decode all recordings and print a row for each kind."""
    options = arguments(__doc__, audio="")
    folder = Path(options.audio)
    engine = create(whisper_settings())
    kinds = {
        "spoken in 10 s or more": list(_long(folder)),
        "answers, then a quiet room": list(_in_room(folder)),
        "answers in sounds": list(_in_sounds(folder, "short", _ANSWERS_S)),
        "sentences in sounds": list(_in_sounds(folder, "held-out", _SENTENCES_S)),
    }
    rows = [_row(kind, recordings, engine) for kind, recordings in kinds.items()]
    report("Sparse texts", rows, options.json, "sparse")


def _long(folder: Path) -> Iterator[Item]:
    for name in _SPOKEN:
        yield from (one for one in items(folder, name) if len(one.samples) >= _LONG_S * SAMPLE_RATE)


def _in_room(folder: Path) -> Iterator[Item]:
    for one in items(folder, "short"):
        quiet = np.rint(room(_ANSWERS_S * SAMPLE_RATE, seed_of(one.name) + 2)).astype(np.int16)
        yield Item(one.name, one.language, one.text, (), np.concatenate((one.samples, quiet)), "a quiet room")


def _in_sounds(folder: Path, name: str, seconds: int) -> Iterator[Item]:
    spoken = items(folder, name)
    for language in ("en", "zh"):
        for one in [item for item in spoken if item.language == language][:_OF_EACH]:
            speech = speech_at(one.samples, SPEECH_DBFS)
            for sound, maker in MAKERS.items():
                mixed = at_level(maker(seconds * SAMPLE_RATE), SPEECH_DBFS - _BELOW_DB).astype(np.int32)
                at = (len(mixed) - len(speech)) // 2
                mixed[at : at + len(speech)] += speech
                samples = mixed.clip(-(2**15), 2**15 - 1).astype(np.int16)
                yield Item(one.name, language, one.text, (), samples, sound)


def _row(kind: str, recordings: list[Item], engine: WhisperEngine) -> Row:
    dropped = right = empty = 0
    for item in recordings:
        found: list[DecodeResult] = []
        text = _decoded(engine, item, found)
        empty += not text
        for result in found:
            heard = compare(item.text, (), result.text, item.language)
            dropped, right = dropped + 1, right + (2 * heard.errors <= heard.units)
            figures = f"{result.log_probability:.2f}, no speech {result.no_speech:.2f}"
            print(f"{item.condition} {item.text!r}: {result.text!r} dropped, {figures}", file=sys.stderr)
    return {
        "kind": kind,
        "recordings": len(recordings),
        "without_text": empty,
        "sparse": dropped,
        "of_them_half_right": right,
    }


def _decoded(engine: WhisperEngine, item: Item, found: list[DecodeResult]) -> str:
    """Return the text of a recording, and add each text that is dropped only because it is sparse to ``found``."""

    def noted(result: DecodeResult, seconds: float, sounding_s: float) -> bool:
        sparse = is_sparse(result, seconds, sounding_s)
        if sparse and is_speech(result) and result not in found:
            found.append(result)
        return sparse

    with patch.object(window, "is_sparse", noted):
        (outcome,) = engine.decode([DecodeRequest(item.samples.tobytes(), Options(language=item.language))])
    return outcome.text if isinstance(outcome, Transcript) else ""


if __name__ == "__main__":
    main()
