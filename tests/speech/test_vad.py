"""Choice of the detector, and properties of every detector."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from speech.segmenter import SegmentClosed, Segmenter, SegmenterOptions
from speech.vad import LOOKBACK, SpeechEnded, SpeechStarted, VadEvent, open_vad
from tests.helpers.recordings import Recording, chunks, events_of, samples_of, synthetic


def test_open_vad_uses_fsmn_with_its_model(models: Path) -> None:
    vad = open_vad(models / "fsmn-vad")
    assert (vad.name, vad.reason) == ("fsmn-vad", "")


def test_open_vad_uses_webrtc_without_a_model(tmp_path: Path) -> None:
    assert open_vad(None).name == "webrtc-vad"
    vad = open_vad(tmp_path)
    assert vad.name == "webrtc-vad"
    assert "am.mvn" in vad.reason and "get the model again" in vad.reason


@pytest.mark.parametrize("library", ["onnxruntime", "kaldi_native_fbank"])
def test_open_vad_uses_webrtc_without_a_library(models: Path, library: str) -> None:
    script = f"""
import sys
sys.modules[{library!r}] = None
from pathlib import Path
from speech.vad import open_vad
vad = open_vad(Path({str(models / "fsmn-vad")!r}))
print(vad.name, vad.reason)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("webrtc-vad")
    assert library in done.stdout


def test_open_vad_passes_the_endpoint_silence_on(models: Path) -> None:
    for folder in (models / "fsmn-vad", None):
        with pytest.raises(ValueError, match="160 ms"):
            open_vad(folder, endpoint_silence_ms=0)


@pytest.mark.parametrize(
    ("with_model", "size"),
    [*((True, size) for size in (160, 777, 960, 1600, 5328)), *((False, size) for size in (1, 160, 777, 5328))],
)
def test_events_do_not_depend_on_the_chunks(
    models: Path, two_sentences: NDArray[np.int16], with_model: bool, size: int
) -> None:
    folder = models / "fsmn-vad" if with_model else None
    whole = events_of(open_vad(folder), two_sentences, len(two_sentences))
    assert events_of(open_vad(folder), two_sentences, size) == whole


@pytest.mark.parametrize("with_model", [True, False])
def test_two_sentences_are_detected_again_after_reset(
    models: Path, two_sentences: NDArray[np.int16], with_model: bool
) -> None:
    vad = open_vad(models / "fsmn-vad" if with_model else None)
    first = events_of(vad, two_sentences, 1600)
    assert sum(isinstance(event, SpeechStarted) for event in first) == 2
    assert sum(isinstance(event, SpeechEnded) for event in first) == 2
    vad.reset()
    assert events_of(vad, two_sentences, 1600) == first


@pytest.mark.parametrize("with_model", [True, False])
def test_longer_endpoint_silence_joins_sentences(
    models: Path, two_sentences: NDArray[np.int16], with_model: bool
) -> None:
    vad = open_vad(models / "fsmn-vad" if with_model else None, endpoint_silence_ms=3500)
    assert sum(isinstance(event, SpeechStarted) for event in events_of(vad, two_sentences, 1600)) == 1


@pytest.mark.parametrize("recording", synthetic(), ids=lambda recording: recording.path.stem)
@pytest.mark.parametrize("with_model", [True, False])
def test_gate_keeps_the_whole_sentence(models: Path, recording: Recording, with_model: bool) -> None:
    """Events respect the guarantee about ``known``, and the segments contain the whole sentence."""
    samples = samples_of(recording.path)
    vad = open_vad(models / "fsmn-vad" if with_model else None)
    segmenter = Segmenter(SegmenterOptions())
    out, found, received = [], list[VadEvent](), 0
    for chunk in [*chunks(samples, 960), samples[:0]]:
        events = vad.accept(chunk) if len(chunk) else vad.finish()
        received += len(chunk)
        out += segmenter.accept(chunk, events)
        found += events
    out += segmenter.finish()
    assert all(event.known - event.at <= LOOKBACK for event in found if isinstance(event, SpeechStarted))
    assert all(event.known <= len(samples) for event in found)
    sent = sum(message.samples for message in out if isinstance(message, SegmentClosed))
    speech = np.flatnonzero(np.abs(samples.astype(np.int32)) > 1000)
    assert sent >= speech[-1] - speech[0]
