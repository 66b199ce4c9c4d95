"""What all kinds of hotkeys promise alike."""

from app.hotkeys.choose import NoHotkeys
from app.hotkeys.events import Hotkeys, KeyEvent
from app.hotkeys.other import Hook, OtherHotkeys


def kinds(hook: Hook) -> list[Hotkeys]:
    """Each kind is one, as the type checker sees it; ``X11Hotkeys`` by ``choose``."""
    return [NoHotkeys(), OtherHotkeys(hook)]


def test_a_release_is_no_chord_unless_it_says_so() -> None:
    assert not KeyEvent("dictate", False, 1.0).chord
