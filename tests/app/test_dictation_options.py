from app.dictation.gestures import TalkMode
from app.dictation_options import Wishes, wishes_of
from app.settings.schema import changed
from app.settings.sections import Settings


def test_wishes_follow_settings() -> None:
    wishes = wishes_of(changed(Settings(), "hotkeys.mode", "toggle"))
    assert wishes.mode is TalkMode.TOGGLE
    assert wishes.keys["dictate"] == "right_ctrl"
    assert wishes.options.partials
    assert wishes.joins and not wishes_of(changed(Settings(), "insertion.joins", False)).joins


def test_default_wishes_match_default_settings() -> None:
    wishes = wishes_of(Settings())
    assert (wishes.mode, wishes.cues, wishes.joins) == (Wishes().mode, Wishes().cues, Wishes().joins)
