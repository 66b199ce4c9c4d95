"""Checksum engine: digests, timing and settings."""

import hashlib

import pytest

from loadtest.core.checksum import ChecksumEngine, checksum, create
from protocol.engine import DecodeRequest, EngineSettings, EngineUnavailable, Transcript

ONE_SECOND = bytes(range(250)) * 128


def test_checksum_text_is_the_digest_of_the_exact_samples() -> None:
    outcomes = ChecksumEngine().decode([DecodeRequest(ONE_SECOND), DecodeRequest(b"")])
    assert outcomes == [
        Transcript(hashlib.sha256(ONE_SECOND).hexdigest()[:16]),
        Transcript("e3b0c44298fc1c14"),
    ]


def test_checksum_decoding_takes_its_share_of_the_audio() -> None:
    slept: list[float] = []
    engine = ChecksumEngine(rtf=0.01, sleep=slept.append)
    engine.decode([DecodeRequest(ONE_SECOND), DecodeRequest(ONE_SECOND)])
    assert slept == [pytest.approx(0.02)]


def test_checksum_batch_costs_its_longest_and_a_share_of_the_others() -> None:
    slept: list[float] = []
    engine = ChecksumEngine(rtf=0.01, share=0.25, sleep=slept.append)
    engine.decode([DecodeRequest(ONE_SECOND), DecodeRequest(ONE_SECOND * 4), DecodeRequest(ONE_SECOND)])
    engine.decode([])
    assert slept == [pytest.approx(0.045), 0.0]


def test_checksum_without_rtf_does_not_sleep() -> None:
    slept: list[float] = []
    ChecksumEngine(sleep=slept.append).decode([DecodeRequest(ONE_SECOND)])
    assert slept == []


def test_checksum_settings_appear_in_its_info() -> None:
    info = create(EngineSettings("checksum", extra={"rtf": "0.01", "slots": "8"})).info()
    assert (info.engine, info.model, info.slots) == ("checksum", "checksum", 8)
    assert create(EngineSettings("checksum", model="m")).info().model == "m"
    assert create(EngineSettings("checksum")).info().device == "cpu"
    assert create(EngineSettings("checksum", device="cuda:1", extra={"share": "0.2"})).info().device == "cuda:1"


@pytest.mark.parametrize(
    "extra", [{"rtf": "x"}, {"rtf": "-1"}, {"rtf": "nan"}, {"slots": "0"}, {"share": "1.1"}, {"speed": "1"}]
)
def test_checksum_refuses_invalid_settings(extra: dict[str, str]) -> None:
    with pytest.raises(EngineUnavailable, match="checksum engine"):
        create(EngineSettings("checksum", extra=extra))


@pytest.mark.parametrize(
    "changed", [ONE_SECOND[2:], ONE_SECOND + ONE_SECOND[:2], ONE_SECOND[2:4] + ONE_SECOND[:2] + ONE_SECOND[4:]]
)
def test_checksum_detects_a_lost_doubled_or_moved_sample(changed: bytes) -> None:
    assert checksum(changed) != checksum(ONE_SECOND)
