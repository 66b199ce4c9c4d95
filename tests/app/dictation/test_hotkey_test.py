"""Tests of which key events belong to the key test and which to dictation."""

from app.dictation.hotkey_test import KeySeen, KeyTest
from app.hotkeys.events import KeyEvent


def down(action: str, at_s: float = 0.0) -> KeyEvent:
    return KeyEvent(action, True, at_s)


def up(action: str, at_s: float, *, chord: bool = False) -> KeyEvent:
    return KeyEvent(action, False, at_s, chord)


def test_keys_belong_to_dictation_before_key_test_begins() -> None:
    test = KeyTest()
    assert not test.processes(down("dictate")) and not test.processes(up("dictate", 1.0))
    assert test.keys == ()


def test_key_test_shows_keys_and_how_long_they_were_held() -> None:
    test = KeyTest()
    test.begin()
    assert test.processes(down("dictate", 1.0))
    assert list(test.keys) == [KeySeen("dictate")]
    assert test.processes(up("dictate", 1.25))
    assert test.processes(down("cancel", 2.0)) and test.processes(up("cancel", 2.5, chord=True))
    assert list(test.keys) == [KeySeen("dictate", 0.25), KeySeen("cancel", 0.5, chord=True)]
    test.processes(down("dictate", 3.0))
    assert test.keys[0] == KeySeen("dictate", times=2)


def test_release_belongs_where_its_press_belonged() -> None:
    test = KeyTest()
    test.begin()
    assert not test.processes(up("dictate", 1.0)), "pressed before the test"
    test.processes(down("dictate", 2.0))
    test.end()
    assert test.processes(up("dictate", 3.0)), "pressed during it"
    assert not test.processes(down("dictate", 4.0)) and not test.processes(up("dictate", 5.0))


def test_key_test_forgets_keys_of_previous_test() -> None:
    test = KeyTest()
    test.begin()
    test.processes(down("dictate"))
    test.begin()
    assert test.keys == ()
    assert test.processes(up("dictate", 1.0)) and test.keys == ()
