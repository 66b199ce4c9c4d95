"""The error tree, and what an error carries."""

import inspect

from speech import errors
from speech.errors import AudioDamaged, AudioTruncated, AudioUnreadable, SpeechError

CLASSES = [
    (name, kind)
    for name, kind in inspect.getmembers(errors, inspect.isclass)
    if kind.__module__ == errors.__name__
]


def test_errors_have_one_base_and_are_drawn_as_a_tree() -> None:
    assert len(CLASSES) > 5
    for name, kind in CLASSES:
        assert issubclass(kind, SpeechError) and name in (errors.__doc__ or "") and kind.__doc__


def test_damage_carries_its_reason() -> None:
    assert AudioDamaged("a.wav is damaged (bad block)", "bad block").reason == "bad block"
    assert AudioDamaged("a.wav is damaged").reason == ""


def test_truncated_audio_is_unreadable_for_those_who_want_all_of_it() -> None:
    assert issubclass(AudioTruncated, AudioDamaged) and issubclass(AudioTruncated, AudioUnreadable)
