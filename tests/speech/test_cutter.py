"""Every cutter loses nothing at the end of the stream."""

import numpy as np
import pytest

from protocol.audio import SAMPLE_RATE
from speech.cutter import Cutter
from speech.packing import PackingSegmenter
from speech.segmenter import SegmentAudio, SegmentEnd, Segmenter
from speech.vad import SpeechStarted


@pytest.mark.parametrize("cutter", [Segmenter(), PackingSegmenter()], ids=["segments", "windows"])
def test_cutter_ends_unfinished_speech_with_the_stream(cutter: Cutter) -> None:
    samples = np.arange(SAMPLE_RATE).astype(np.int16)
    outputs = [*cutter.accept(samples, [SpeechStarted(8_000, 12_000)]), *cutter.finish()]
    audio = np.concatenate([output.samples for output in outputs if isinstance(output, SegmentAudio)])
    assert np.array_equal(audio, samples[-len(audio) :]) and len(audio) >= SAMPLE_RATE - 8_000
    assert outputs[-1] == SegmentEnd(0, len(audio))
