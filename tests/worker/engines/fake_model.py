"""Provide a fake model of a batch engine, which tells segments apart by their lengths."""

from collections.abc import Sequence
from typing import Any

from protocol.engine import DecodeRequest, EngineInfo, Transcript
from protocol.recognition import Word
from worker.engines.batch_engine import SENSEVOICE, Answer, Asked, BatchEngine, Family


def of_length(samples: int) -> bytes:
    """Return a segment that a fake model can identify by its length."""
    return b"\1\0" * samples


class FakeModel:
    """Model that answers with the lengths of its recordings."""

    def __init__(self) -> None:
        self.asked: list[tuple[list[int], Asked]] = []

    def __call__(self, recordings: Sequence[Any], asked: Asked) -> list[Answer]:
        lengths = [len(recording) for recording in recordings]
        self.asked.append((lengths, asked))
        words = (Word("said", 0, 90),)
        return [Answer(f"<|en|><|HAPPY|><|Speech|><|woitn|>{length}", words) for length in lengths]


def engine_on(model: FakeModel, family: Family = SENSEVOICE) -> BatchEngine:
    """Return an engine with a fake model."""
    return BatchEngine(EngineInfo("funasr", "fake", "cpu", family.languages), family, model)


def texts(engine: BatchEngine, batch: Sequence[DecodeRequest]) -> list[str]:
    """Decode a batch without failures; return its texts."""
    outcomes = engine.decode(batch)
    assert len(outcomes) == len(batch)
    return [outcome.text for outcome in outcomes if isinstance(outcome, Transcript)]
