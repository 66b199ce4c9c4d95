"""In noise hands-free mode sends all that was said, and recognition does not suffer from what it leaves out."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from app.scoring import Score, score
from protocol.engine import DecodeRequest, EngineSettings, Transcript
from protocol.recognition import Options
from speech.fsmn_vad import FsmnVad
from speech.level import BLOCK
from speech.segmenter import SegmentAudio, SegmentBegin, SegmentEnd, Segmenter, SegmenterOptions
from speech.vad import Vad
from speech.webrtc_vad import WebRtcVad
from tests.helpers.noise import (
    KINDS,
    SNRS,
    half_pauses,
    loud_blocks,
    noise_alone,
    noisy,
    spoken,
)
from tests.helpers.recordings import Recording, chunks
from worker.chinese import written
from worker.engines.whisper import WhisperEngine, create

Samples = NDArray[np.int16]
OpenVad = Callable[[], Vad]
SECONDS_ALONE = 60


@pytest.fixture(params=["fsmn", "webrtc"])
def open_vad(request: pytest.FixtureRequest, models: Path) -> OpenVad:
    return WebRtcVad if request.param == "webrtc" else lambda: FsmnVad(models / "fsmn-vad")


def cut(samples: Samples, vad: Vad, segmenter: Segmenter) -> tuple[list[bytes], NDArray[np.bool_]]:
    """The PCM of each segment, and which samples are in one."""
    outputs = [out for chunk in chunks(samples, 1600) for out in segmenter.accept(chunk, vad.accept(chunk))]
    outputs += segmenter.accept(samples[:0], vad.finish()) + segmenter.finish()
    sent, pcm, begin = np.zeros(len(samples), np.bool_), list[bytes](), 0
    for output in outputs:
        match output:
            case SegmentBegin(_, at):
                begin = at
                pcm.append(b"")
            case SegmentAudio(_, _, audio):
                pcm[-1] += audio
            case SegmentEnd(_, length):
                assert not sent[begin : begin + length].any()
                sent[begin : begin + length] = True
    assert sum(map(len, pcm)) == 2 * int(sent.sum())
    return pcm, sent


def missed(clean: Samples, sent: NDArray[np.bool_]) -> list[int]:
    """Where a loud block of the clean recording was not sent, in ms."""
    loud = loud_blocks(clean)
    whole = sent[: len(loud) * BLOCK].reshape(-1, BLOCK).all(axis=1)
    return [int(block) * 10 for block in np.flatnonzero(loud & ~whole)]


@pytest.mark.parametrize("snr", SNRS)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_loud_frame_of_what_was_said_is_sent(language: str, kind: str, snr: int, open_vad: OpenVad) -> None:
    clean = half_pauses(spoken(language))
    assert missed(clean, cut(noisy(clean, kind, snr), open_vad(), Segmenter())[1]) == []


@pytest.mark.parametrize("gate", [True, False])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_and_without_noise(language: str, gate: bool, open_vad: OpenVad) -> None:
    clean = half_pauses(spoken(language))
    assert missed(clean, cut(clean, open_vad(), Segmenter(SegmenterOptions(gate=gate)))[1]) == []


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize(("kind", "snr"), [("", 0), ("pink", 20), ("brown", 20), ("pink", 5), ("brown", 5)])
def test_of_a_recording_that_is_half_pauses_a_third_stays_unsent(
    language: str, kind: str, snr: int, models: Path
) -> None:
    clean = half_pauses(spoken(language))
    assert loud_blocks(clean).mean() < 0.5
    samples = noisy(clean, kind, snr) if kind else clean
    _, sent = cut(samples, FsmnVad(models / "fsmn-vad"), Segmenter())
    assert sent.mean() <= 0.7


@pytest.mark.parametrize("dbfs", [-60, -40, -25])
@pytest.mark.parametrize("kind", ["pink", "brown"])
def test_noise_alone_gives_no_segment(kind: str, dbfs: float, models: Path) -> None:
    assert cut(noise_alone(kind, SECONDS_ALONE, dbfs), FsmnVad(models / "fsmn-vad"), Segmenter())[0] == []


@pytest.mark.parametrize("gate", [True, False])
def test_silence_gives_no_segment(gate: bool, open_vad: OpenVad) -> None:
    samples = np.zeros(SECONDS_ALONE * 16_000, np.int16)
    assert cut(samples, open_vad(), Segmenter(SegmenterOptions(gate=gate)))[0] == []


# -- what it means for recognition -------------------------------------------------------------------------


@pytest.fixture(scope="module")
def whisper(models: Path) -> WhisperEngine:
    return create(EngineSettings("whisper", "whisper-base", str(models / "whisper-base"), "cpu"))


def heard(whisper: WhisperEngine, pcm: list[bytes], options: Options) -> str:
    outcomes = [written(outcome, options) for outcome in whisper.decode([DecodeRequest(p, options) for p in pcm])]
    return " ".join(outcome.text for outcome in outcomes if isinstance(outcome, Transcript))


def scores(
    whisper: WhisperEngine, recordings: list[Recording], kind: str, snr: int, vad: Vad
) -> tuple[Score, Score]:
    """With the VAD, and without."""
    clean, language = half_pauses(recordings), recordings[0].language
    samples = noisy(clean, kind, snr) if kind else clean
    options = Options(language=language, script="simplified" if language == "zh" else "")
    said = " ".join(recording.text for recording in recordings)
    gated = score(said, heard(whisper, cut(samples, vad, Segmenter())[0], options), language)
    return gated, score(said, heard(whisper, [samples.tobytes()], options), language)


@pytest.mark.serial
@pytest.mark.parametrize(("language", "kind", "snr"), [("en", "pink", 10), ("zh", "brown", 10)])
def test_with_the_vad_recognition_is_no_worse(
    language: str, kind: str, snr: int, whisper: WhisperEngine, models: Path
) -> None:
    gated, whole = scores(whisper, spoken(language)[:3], kind, snr, FsmnVad(models / "fsmn-vad"))
    assert gated.rate <= whole.rate + 0.01


@pytest.mark.proof
@pytest.mark.serial
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("snr", SNRS)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_with_the_vad_recognition_is_no_worse_in_any_noise(
    language: str, kind: str, snr: int, whisper: WhisperEngine, models: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    gated, whole = scores(whisper, spoken(language), kind, snr, FsmnVad(models / "fsmn-vad"))
    with capsys.disabled():
        print(f"\n{language} in {kind} at {snr} dB: {gated} with the VAD, {whole} without")  # noqa: T201 - figures
    assert gated.rate <= whole.rate + 0.01
