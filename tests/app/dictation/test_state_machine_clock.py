"""The times of keys, which come from another clock than that of the state machine."""

from app.dictation.gestures import TalkMode
from app.dictation.messages import HotkeyEvent, StopRecording
from app.dictation.state_machine import Dictation
from tests.app.dictation.story import UP, Story


def test_key_that_moved_later_than_now_moved_now() -> None:
    """The press would otherwise be later than the release, and a hold count as a tap."""
    story = Story(Dictation(TalkMode.HYBRID))
    story.at(1.0, HotkeyEvent("dictate", True, at_s=9.0))
    assert any(isinstance(effect, StopRecording) for effect in story.at(2.0, UP))
