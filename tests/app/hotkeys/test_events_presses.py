from hypothesis import given
from hypothesis import strategies as st

from app.hotkeys.events import CHORD_S, Decision, Grab, KeyEvent, Presses

CTRL, ALT = 4, 8
DICTATE = Grab("dictate", 10, CTRL | ALT)
CANCEL = Grab("cancel", 20)
LONE = Grab("paste-held", 30, 0, CTRL)
OTHER = 40


def presses(*grabs: Grab) -> Presses:
    machine = Presses()
    machine.bind(grabs or (DICTATE, CANCEL, LONE))
    return machine


def test_auto_repeat_is_ignored_between_press_and_release() -> None:
    machine = presses()
    assert machine.pressed(10, CTRL | ALT, 1.0).events == (KeyEvent("dictate", True, 1.0),)
    assert machine.pressed(10, CTRL | ALT, 1.5) == Decision()
    assert machine.down == (10,)
    assert machine.released(10, 2.0).events == (KeyEvent("dictate", False, 2.0),)
    assert machine.released(10, 2.1) == Decision() and not machine.down


def test_held_hotkey_is_withheld_except_a_lone_modifier() -> None:
    machine = presses()
    machine.pressed(30, 0, 1.0)
    machine.pressed(20, CTRL, 1.0)
    assert machine.is_withheld(20) and not machine.is_withheld(30) and not machine.is_withheld(OTHER)
    machine.released(20, 1.1)
    assert not machine.is_withheld(20)


def test_modifiers_of_held_hotkeys_are_ignored() -> None:
    machine = presses()
    machine.pressed(10, CTRL | ALT, 1.0)
    assert machine.pressed(20, CTRL | ALT, 1.1).events == (KeyEvent("cancel", True, 1.1),)
    assert presses().pressed(20, CTRL | ALT, 1.1).events == ()


def test_chord_is_let_through_and_ends_the_press() -> None:
    machine = presses()
    machine.pressed(30, 0, 1.0)
    chord = machine.pressed(OTHER, CTRL, 1.0 + CHORD_S)
    assert chord == Decision((KeyEvent("paste-held", False, 1.0 + CHORD_S, chord=True),), through=True)
    assert machine.released(30, 3.0) == Decision()


def test_late_key_or_another_hotkey_makes_no_chord() -> None:
    machine = presses()
    machine.pressed(30, 0, 1.0)
    assert machine.pressed(20, CTRL, 1.2).events == (KeyEvent("cancel", True, 1.2),)
    assert machine.pressed(OTHER, CTRL, 1.1 + CHORD_S) == Decision()
    assert machine.released(30, 3.0).events == (KeyEvent("paste-held", False, 3.0),)


def test_held_key_keeps_its_action_when_bindings_change() -> None:
    machine = presses()
    machine.pressed(20, 0, 1.0)
    machine.bind([Grab("dictate", 20)])
    assert machine.pressed(20, 0, 1.1) == Decision()
    assert machine.released(20, 1.2).events == (KeyEvent("cancel", False, 1.2),)
    assert machine.pressed(20, 0, 1.3).events == (KeyEvent("dictate", True, 1.3),)


def test_two_keys_of_one_action_act_as_one() -> None:
    machine = presses(Grab("dictate", 1), Grab("dictate", 2))
    assert machine.pressed(1, 0, 1.0).events and not machine.pressed(2, 0, 1.1).events
    assert not machine.released(2, 1.2).events and machine.released(1, 1.3).events


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["press", "release", "bind"]), st.sampled_from([10, 20, 30, OTHER]), st.integers(0, 15)
    ),
    max_size=100,
)


@given(STEPS, st.floats(0, 0.7))
def test_press_and_release_of_each_action_alternate(steps: list[tuple[str, int, int]], pause: float) -> None:
    machine, events, now = presses(), list[KeyEvent](), 0.0
    for what, code, bits in steps:
        now += pause
        if what == "bind":
            machine.bind([grab for place, grab in enumerate((DICTATE, CANCEL, LONE)) if bits & 1 << place])
        elif what == "press":
            events += machine.pressed(code, bits & (CTRL | ALT), now).events
        else:
            events += machine.released(code, now).events
    for code in machine.down:
        events += machine.released(code, now).events
    for action in ("dictate", "cancel", "paste-held"):
        pressed = [event.pressed for event in events if event.action == action]
        assert pressed == [True, False] * (len(pressed) // 2)
