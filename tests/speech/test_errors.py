"""Hierarchy and attributes of the speech errors."""

import inspect

from speech import errors
from speech.errors import AudioDamaged, AudioTruncated, AudioUnreadable, SpeechError

CLASSES = [
    (name, kind)
    for name, kind in inspect.getmembers(errors, inspect.isclass)
    if kind.__module__ == errors.__name__
]


def test_speech_errors_share_one_base_and_are_documented() -> None:
    assert len(CLASSES) > 5
    for name, kind in CLASSES:
        assert issubclass(kind, SpeechError) and name in (errors.__doc__ or "") and kind.__doc__


def test_damaged_audio_error_has_its_reason() -> None:
    assert AudioDamaged("a.wav is damaged (bad block)", "bad block").reason == "bad block"
    assert AudioDamaged("a.wav is damaged").reason == ""


def test_truncated_audio_error_is_also_damaged_and_unreadable() -> None:
    assert issubclass(AudioTruncated, AudioDamaged) and issubclass(AudioTruncated, AudioUnreadable)
