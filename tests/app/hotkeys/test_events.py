"""Properties that all kinds of hotkeys share."""

from app.hotkeys.choose import NoHotkeys
from app.hotkeys.events import Hotkeys, KeyEvent
from app.hotkeys.other import Hook, OtherHotkeys


def kinds(hook: Hook) -> list[Hotkeys]:
    """Let the type checker verify that each kind implements ``Hotkeys``; ``choose`` covers ``X11Hotkeys``."""
    return [NoHotkeys(), OtherHotkeys(hook)]


def test_key_event_is_no_chord_by_default() -> None:
    assert not KeyEvent("dictate", False, 1.0).chord
