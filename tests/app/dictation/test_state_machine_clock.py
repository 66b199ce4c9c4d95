"""Key times, which come from another clock than the state machine's."""

from app.dictation.gestures import TalkMode
from app.dictation.messages import HotkeyEvent, StopRecording
from app.dictation.state_machine import Dictation
from tests.app.dictation.story import UP, Story


def test_key_time_in_the_future_counts_as_now() -> None:
    """Otherwise the press would be later than the release, and a hold would count as a tap."""
    story = Story(Dictation(TalkMode.HYBRID))
    story.at(1.0, HotkeyEvent("dictate", True, at_s=9.0))
    assert any(isinstance(effect, StopRecording) for effect in story.at(2.0, UP))
