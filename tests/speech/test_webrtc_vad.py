"""Fallback detector without a model: the same interface, the same rules."""

import numpy as np
import pytest

from speech.webrtc_vad import WebRtcVad
from tests.helpers.recordings import events_of


@pytest.mark.parametrize("samples", [0, 1, 159, 160, 32_000])
def test_silence_of_any_length_has_no_speech(samples: int) -> None:
    assert events_of(WebRtcVad(), np.zeros(samples, np.int16), 100) == []


def test_webrtc_vad_keeps_the_reason_of_its_use() -> None:
    assert WebRtcVad(reason="no model").reason == "no model"
