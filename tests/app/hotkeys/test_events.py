"""Properties that all kinds of hotkeys share."""

from app.hotkeys.events import KeyEvent


def test_key_event_is_no_chord_by_default() -> None:
    assert not KeyEvent("dictate", False, 1.0).chord
