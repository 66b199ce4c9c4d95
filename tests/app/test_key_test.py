"""The press test: what it hears, and what stays dictation's."""

from app.hotkeys.events import KeyEvent
from app.key_test import KeySeen, KeyTest


def down(action: str, at_s: float = 0.0) -> KeyEvent:
    return KeyEvent(action, True, at_s)


def up(action: str, at_s: float, *, chord: bool = False) -> KeyEvent:
    return KeyEvent(action, False, at_s, chord)


def test_before_it_begins_every_key_is_dictations() -> None:
    test = KeyTest()
    assert not test.hears(down("dictate")) and not test.hears(up("dictate", 1.0))
    assert test.keys == ()


def test_it_tells_what_arrived_and_how_long_it_was_held() -> None:
    test = KeyTest()
    test.begin()
    assert test.hears(down("dictate", 1.0))
    assert list(test.keys) == [KeySeen("dictate")]
    assert test.hears(up("dictate", 1.25))
    assert test.hears(down("cancel", 2.0)) and test.hears(up("cancel", 2.5, chord=True))
    assert list(test.keys) == [KeySeen("dictate", 0.25), KeySeen("cancel", 0.5, chord=True)]
    test.hears(down("dictate", 3.0))
    assert test.keys[0] == KeySeen("dictate", times=2)


def test_a_release_goes_where_its_press_went() -> None:
    test = KeyTest()
    test.begin()
    assert not test.hears(up("dictate", 1.0)), "pressed before the test"
    test.hears(down("dictate", 2.0))
    test.end()
    assert test.hears(up("dictate", 3.0)), "pressed during it"
    assert not test.hears(down("dictate", 4.0)) and not test.hears(up("dictate", 5.0))


def test_each_test_begins_anew() -> None:
    test = KeyTest()
    test.begin()
    test.hears(down("dictate"))
    test.begin()
    assert test.keys == ()
    assert test.hears(up("dictate", 1.0)) and test.keys == ()
