"""Hierarchy and attributes of the speech errors."""

from speech import errors
from speech.errors import AudioDamaged, AudioTruncated, AudioUnreadable, SpeechError
from tests.helpers.error_trees import documented_errors


def test_speech_errors_share_one_base_and_are_documented() -> None:
    assert all(issubclass(kind, SpeechError) for kind in documented_errors(errors))


def test_damaged_audio_error_has_its_reason() -> None:
    assert AudioDamaged("a.wav is damaged (bad block)", "bad block").reason == "bad block"
    assert AudioDamaged("a.wav is damaged").reason == ""


def test_truncated_audio_error_is_also_damaged_and_unreadable() -> None:
    assert issubclass(AudioTruncated, AudioDamaged) and issubclass(AudioTruncated, AudioUnreadable)
