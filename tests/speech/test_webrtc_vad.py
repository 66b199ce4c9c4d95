"""Fallback detector without a model: the same interface, the same rules."""

import numpy as np
import pytest
from numpy.typing import NDArray

from speech.vad import SpeechEnded, SpeechStarted, VadEvent
from speech.webrtc_vad import WebRtcVad
from tests.helpers.recordings import chunks


def events(vad: WebRtcVad, samples: NDArray[np.int16], size: int) -> list[VadEvent]:
    return [event for chunk in chunks(samples, size) for event in vad.accept(chunk)] + vad.finish()


@pytest.mark.parametrize("size", [1, 160, 777, 5328])
def test_vad_events_do_not_depend_on_the_chunks(two_sentences: NDArray[np.int16], size: int) -> None:
    whole = events(WebRtcVad(), two_sentences, len(two_sentences))
    assert events(WebRtcVad(), two_sentences, size) == whole


def test_vad_detects_two_sentences_again_after_reset(two_sentences: NDArray[np.int16]) -> None:
    vad = WebRtcVad()
    first = events(vad, two_sentences, 1600)
    assert sum(isinstance(event, SpeechStarted) for event in first) == 2
    assert sum(isinstance(event, SpeechEnded) for event in first) == 2
    vad.reset()
    assert events(vad, two_sentences, 1600) == first


def test_longer_endpoint_silence_joins_sentences(two_sentences: NDArray[np.int16]) -> None:
    found = events(WebRtcVad(endpoint_silence_ms=3500), two_sentences, 1600)
    assert sum(isinstance(event, SpeechStarted) for event in found) == 1


@pytest.mark.parametrize("samples", [0, 1, 159, 160, 32_000])
def test_silence_of_any_length_has_no_speech(samples: int) -> None:
    assert events(WebRtcVad(), np.zeros(samples, np.int16), 100) == []


def test_webrtc_vad_keeps_the_reason_of_its_use() -> None:
    assert WebRtcVad(reason="no model").reason == "no model"
