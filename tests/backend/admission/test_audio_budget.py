"""Acceptance of audio while a gateway already holds a lot."""

from hypothesis import given
from hypothesis import strategies as st

from backend.admission.audio_budget import HeldAudio, describe, full, refused_classes
from protocol.job import CLASSES

MOST = 2 * 2 * 100
"""Limit in bytes: 200 samples, 100 for each class."""

holds = st.builds(HeldAudio, st.integers(0, 250), st.integers(0, 250))


@given(holds)
def test_speech_and_files_have_half_each_and_speech_may_use_the_rest(held: HeldAudio) -> None:
    is_full = held.speech + held.files >= 200
    assert ("bulk" in full(held, MOST)) == (held.files >= 100 or is_full)
    assert ("interactive" in full(held, MOST)) == (held.speech >= 100 or is_full)
    assert ("bulk" in refused_classes(held, MOST)) == (held.files >= 100 or is_full)
    assert ("interactive" in refused_classes(held, MOST)) == is_full


@given(st.integers(0, 99), st.integers(100, 10_000))
def test_files_never_use_the_room_of_speech(speech: int, files: int) -> None:
    """Files are within their half, or exceed it by what arrives in one second."""
    assert "interactive" not in full(HeldAudio(speech, min(files, 100)), MOST)


def test_refusal_names_the_held_audio() -> None:
    assert "3 s of audio" in describe(HeldAudio(16_000, 32_000))
    assert full(HeldAudio(), MOST) == refused_classes(HeldAudio(), MOST) == frozenset()
    assert full(HeldAudio(10**6), MOST) == frozenset(CLASSES)


def test_queued_audio_is_subtracted_from_its_class_only() -> None:
    assert HeldAudio(9, 7).less("interactive", 2) == HeldAudio(7, 7)
    assert HeldAudio(9, 7).less("bulk", 2) == HeldAudio(9, 5)
