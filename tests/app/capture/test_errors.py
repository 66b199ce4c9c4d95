"""Microphone errors tell the user what to do."""

import pytest

from app.capture.errors import MicrophoneError, MicrophoneNotFound, MicrophoneRefused, NoMicrophone
from app.core.errors import AppError


@pytest.mark.parametrize(
    ("error", "advice"),
    [
        (NoMicrophone(), "connect one"),
        (NoMicrophone(["desk"]), "choose one of desk"),
        (MicrophoneNotFound("webcam", ["desk", "headset"]), "connect it, or choose one of desk, headset"),
        (MicrophoneRefused("desk", "Device unavailable"), "choose another"),
    ],
)
def test_microphone_error_says_what_to_do(error: MicrophoneError, advice: str) -> None:
    assert isinstance(error, AppError)
    assert advice in str(error)
