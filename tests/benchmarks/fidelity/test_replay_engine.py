"""Test that a decode is made once, and replayed from then on."""

from collections.abc import Sequence
from pathlib import Path

from benchmarks.fidelity.replay_engine import ReplayEngine
from protocol.engine import DecodeOutcome, DecodeRequest, EngineInfo, Transcript
from protocol.recognition import Options


class Counting:
    """Engine that numbers its decodes."""

    def __init__(self) -> None:
        self.decoded = 0

    def info(self) -> EngineInfo:
        return EngineInfo("counting", "", "cpu")

    def decode(self, batch: Sequence[DecodeRequest]) -> Sequence[DecodeOutcome]:
        self.decoded += len(batch)
        return [Transcript(str(self.decoded)) for _ in batch]

    def close(self) -> None: ...


def test_decode_is_made_once_for_equal_audio_and_options(tmp_path: Path) -> None:
    engine, tally = Counting(), tmp_path / "tally"
    request, other = DecodeRequest(b"\0\0"), DecodeRequest(b"\0\0", Options(language="zh"))
    for _ in range(2):
        replay = ReplayEngine(engine, tmp_path / "kept", tally)
        assert replay.decode([request, other]) == [Transcript("1"), Transcript("2")]
        assert replay.info() == engine.info()
        replay.close()
    assert engine.decoded == 2 and tally.stat().st_size == 2
