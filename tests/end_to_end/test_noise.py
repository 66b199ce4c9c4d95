"""Test that hands-free mode sends all speech in noise, and that its gaps do not harm recognition."""

from collections.abc import Callable, Sequence
from functools import cache
from itertools import product
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray

from app.cli.scoring import Score, score
from protocol.engine import DecodeRequest, EngineSettings, Transcript
from protocol.recognition import Options
from speech.fsmn_vad import FsmnVad
from speech.level import BLOCK
from speech.segmenter import SegmentAudio, SegmentClosed, Segmenter, SegmenterOptions, SegmentOpened
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
from worker.chinese_text import apply_chinese_style
from worker.engines.whisper.engine import WhisperEngine, create

Samples = NDArray[np.int16]
OpenVad = Callable[[], Vad]
SECONDS_ALONE: Final = 60
MOST_WORSE: Final = 0.01


@pytest.fixture(scope="module")
def open_fsmn(models: Path) -> OpenVad:
    return lambda: FsmnVad(models / "fsmn-vad")


@pytest.fixture(scope="module", params=["fsmn", "webrtc"])
def open_vad(request: pytest.FixtureRequest, open_fsmn: OpenVad) -> OpenVad:
    return WebRtcVad if request.param == "webrtc" else open_fsmn


def cut(samples: Samples, vad: Vad, segmenter: Segmenter) -> tuple[list[bytes], NDArray[np.bool_]]:
    """Return the PCM of each segment, and which samples belong to a segment."""
    outputs = [out for chunk in chunks(samples, 1600) for out in segmenter.accept(chunk, vad.accept(chunk))]
    outputs += segmenter.accept(samples[:0], vad.finish()) + segmenter.finish()
    sent, pcm, begin = np.zeros(len(samples), np.bool_), list[bytes](), 0
    for output in outputs:
        match output:
            case SegmentOpened(_, at):
                begin = at
                pcm.append(b"")
            case SegmentAudio():
                pcm[-1] += output.pcm
            case SegmentClosed(_, length):
                assert not sent[begin : begin + length].any()
                sent[begin : begin + length] = True
    assert sum(map(len, pcm)) == 2 * int(sent.sum())
    return pcm, sent


@cache
def sent(language: str, kind: str, snr: int, open_vad: OpenVad) -> tuple[Samples, NDArray[np.bool_]]:
    """Return clean speech, and which samples are sent of it in noise; without a kind, of it alone."""
    clean = half_pauses(spoken(language))
    return clean, cut(noisy(clean, kind, snr) if kind else clean, open_vad(), Segmenter())[1]


def missed(clean: Samples, heard: NDArray[np.bool_]) -> list[int]:
    """Return the positions, in ms, of loud blocks of clean speech that were not sent."""
    loud = loud_blocks(clean)
    whole = heard[: len(loud) * BLOCK].reshape(-1, BLOCK).all(axis=1)
    return [int(block) * 10 for block in np.flatnonzero(loud & ~whole)]


@pytest.mark.parametrize("snr", SNRS)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_all_loud_speech_in_noise_is_sent(language: str, kind: str, snr: int, open_vad: OpenVad) -> None:
    assert missed(*sent(language, kind, snr, open_vad)) == []


@pytest.mark.parametrize("gate", [True, False])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_all_loud_speech_without_noise_is_sent(language: str, gate: bool, open_vad: OpenVad) -> None:
    if gate:  # the default
        assert missed(*sent(language, "", 0, open_vad)) == []
    else:
        clean = half_pauses(spoken(language))
        assert missed(clean, cut(clean, open_vad(), Segmenter(SegmenterOptions(gate=False)))[1]) == []


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize(("kind", "snr"), [("", 0), ("pink", 20), ("brown", 20), ("pink", 5), ("brown", 5)])
def test_third_of_recording_with_half_pauses_stays_unsent(
    language: str, kind: str, snr: int, open_fsmn: OpenVad
) -> None:
    clean, heard = sent(language, kind, snr, open_fsmn)
    assert 0.3 < loud_blocks(clean).mean() < 0.5
    assert heard.mean() <= 0.7


@pytest.mark.parametrize("dbfs", [-60, -40, -25])
@pytest.mark.parametrize("kind", ["pink", "brown"])
def test_noise_alone_gives_no_segment(kind: str, dbfs: float, models: Path) -> None:
    assert cut(noise_alone(kind, SECONDS_ALONE, dbfs), FsmnVad(models / "fsmn-vad"), Segmenter())[0] == []


@pytest.mark.parametrize("gate", [True, False])
def test_silence_gives_no_segment(gate: bool, open_vad: OpenVad) -> None:
    samples = np.zeros(SECONDS_ALONE * 16_000, np.int16)
    assert cut(samples, open_vad(), Segmenter(SegmenterOptions(gate=gate)))[0] == []


# -- effect on recognition ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def whisper(models: Path) -> WhisperEngine:
    return create(EngineSettings("whisper", "whisper-base", str(models / "whisper-base"), "cpu"))


def heard(whisper: WhisperEngine, pcm: list[bytes], options: Options) -> str:
    outcomes = [
        apply_chinese_style(outcome, options)
        for outcome in whisper.decode([DecodeRequest(p, options) for p in pcm])
    ]
    return " ".join(outcome.text for outcome in outcomes if isinstance(outcome, Transcript))


class Scores(NamedTuple):
    """Recognition by segment, as in the product; of all segments joined; and of the whole recording."""

    by_segment: Score
    joined: Score
    whole: Score


def scores(whisper: WhisperEngine, recordings: list[Recording], kind: str, snr: int, vad: Vad) -> Scores:
    language = recordings[0].language
    samples = noisy(half_pauses(recordings), kind, snr)
    options = Options(language=language, script="simplified" if language == "zh" else "")
    said = " ".join(recording.text for recording in recordings)
    segments, _ = cut(samples, vad, Segmenter())
    ways = segments, [b"".join(segments)], [samples.tobytes()]
    return Scores(*(score(said, heard(whisper, pcm, options), language) for pcm in ways))


def pooled(found: Sequence[Score]) -> Score:
    return Score(found[0].name, sum(one.errors for one in found), sum(one.units for one in found))


@pytest.mark.serial("engines")
@pytest.mark.parametrize(("language", "kind", "snr"), [("en", "pink", 10)])
def test_recognition_with_vad_is_no_worse(
    language: str, kind: str, snr: int, whisper: WhisperEngine, models: Path
) -> None:
    found = scores(whisper, spoken(language)[:3], kind, snr, FsmnVad(models / "fsmn-vad"))
    assert found.by_segment.errors <= found.whole.errors + 1, "of so few words a point is less than one"


@pytest.mark.proof(minutes=8)
@pytest.mark.serial("engines")
@pytest.mark.parametrize("language", ["en", "zh"])
def test_recognition_with_vad_is_no_worse_over_all_noises(
    language: str, whisper: WhisperEngine, models: Path
) -> None:
    """Pooled over all noises: within one of them, a point is one word."""
    found = []
    for kind, snr in product(KINDS, SNRS):
        found.append(scores(whisper, spoken(language), kind, snr, FsmnVad(models / "fsmn-vad")))
        print(f"{language}, {kind} at {snr} dB:", *map(str, found[-1]), sep="  ")  # noqa: T201 - the figures
    by_segment, joined, whole = (pooled(way) for way in zip(*found, strict=True))
    assert by_segment.rate <= whole.rate + MOST_WORSE
    assert joined.rate <= whole.rate + MOST_WORSE
