"""FSMN-VAD by ONNX Runtime: streaming, repeatable, with clear errors for invalid models."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from speech.errors import VadUnavailable
from speech.fsmn_vad import FsmnVad
from speech.vad import SpeechEnded, SpeechStarted
from tests.helpers.recordings import chunks, events_of, samples_of, synthetic

# FunASR 1.4.16 on zh-01 to zh-08: begin and end of each speech in ms.
BOUNDARIES = [
    [420, 2520, 2810, 6190],
    [390, 3290, 3640, 7710],
    [360, 6780],
    [440, 6560],
    [250, 5710],
    [370, 4570],
    [400, 2970, 3250, 5970],
    [430, 2480, 2760, 6060],
]


@pytest.fixture
def folder(models: Path) -> Path:
    return models / "fsmn-vad"


def test_vad_events_are_known_within_the_received_samples(folder: Path, two_sentences: NDArray[np.int16]) -> None:
    vad, received = FsmnVad(folder), 0
    for chunk in chunks(two_sentences, 160):
        for event in vad.accept(chunk):
            assert received < event.known <= received + len(chunk)
        received += len(chunk)
    assert all(event.known == received for event in vad.finish())


def test_speech_detected_at_the_end_is_known_at_the_end(folder: Path, two_sentences: NDArray[np.int16]) -> None:
    vad, detected = FsmnVad(folder), 0
    for samples in range(2000, 9000, 160):
        vad.reset()
        vad.accept(two_sentences[:samples])
        events = list(vad.finish())
        assert all(event.known == samples for event in events)
        detected += len(events)
    assert detected


@pytest.mark.parametrize("number", range(len(BOUNDARIES)))
def test_boundaries_equal_those_of_funasr(folder: Path, number: int) -> None:
    """The comparison with FunASR itself is in ``test_fsmn_vad_parity.py``."""
    samples = samples_of(synthetic()[8 + number].path)
    found = events_of(FsmnVad(folder, endpoint_silence_ms=800), samples, 1600)
    at = [event.at // 16 for event in found if isinstance(event, SpeechStarted | SpeechEnded)]
    assert at == BOUNDARIES[number]


@pytest.mark.parametrize("samples", [0, 1, 80, 399, 400, 800])
def test_short_audio_has_no_speech(folder: Path, samples: int) -> None:
    assert events_of(FsmnVad(folder), np.zeros(samples, np.int16), 160) == []


@pytest.mark.parametrize("level", [0, 32767, -32768])
def test_constant_audio_has_no_speech(folder: Path, level: int) -> None:
    assert events_of(FsmnVad(folder), np.full(32_000, level, np.int16), 1600) == []


def copy_with(folder: Path, into: Path, model: bytes | None) -> Path:
    shutil.copy(folder / "am.mvn", into)
    if model is not None:
        (into / "model.onnx").write_bytes(model)
    return into


def field(number: int, value: bytes | int) -> bytes:
    """Return a protobuf field of under 128 bytes."""
    if isinstance(value, int):
        return bytes((number << 3, value))
    return bytes((number << 3 | 2, len(value))) + value


def another_network() -> bytes:
    """Return a valid ONNX file of another network: y = x."""
    dimension = field(1, field(1, 1))
    shape = field(1, field(1, field(1, 1) + field(2, dimension)))
    node = field(1, b"x") + field(2, b"y") + field(4, b"Identity")
    values = field(11, field(1, b"x") + field(2, shape)) + field(12, field(1, b"y") + field(2, shape))
    return field(1, 8) + field(7, field(1, node) + field(2, b"g") + values) + field(8, field(2, 13))


@pytest.mark.parametrize("damage", ["missing", "empty", "text", "truncated", "another"])
def test_invalid_vad_model_error_says_what_to_do(folder: Path, tmp_path: Path, damage: str) -> None:
    whole = (folder / "model.onnx").read_bytes()
    model = {"empty": b"", "text": b"not a model" * 9, "truncated": whole[:5000], "another": another_network()}
    with pytest.raises(VadUnavailable, match="get the model again"):
        FsmnVad(copy_with(folder, tmp_path, model.get(damage)))


def test_vad_refuses_too_short_endpoint_silence(folder: Path) -> None:
    with pytest.raises(ValueError, match="160 ms"):
        FsmnVad(folder, endpoint_silence_ms=100)


def test_streams_share_one_network_but_no_memory(folder: Path, two_sentences: NDArray[np.int16]) -> None:
    first, second = FsmnVad(folder), FsmnVad(folder)
    halves = two_sentences[: len(two_sentences) // 2], two_sentences[len(two_sentences) // 2 :]
    found = [*first.accept(halves[0])]
    assert second.accept(two_sentences) == [*found, *first.accept(halves[1])]
    assert first._network._session is second._network._session
