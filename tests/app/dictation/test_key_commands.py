"""Keys that arrive as commands: in order, overtaken, lost and repeated."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.dictation.actions import KeyCommand, KeyMove
from app.dictation.key_commands import KeyCommands

PRESS, RELEASE, TAP = KeyMove.PRESS, KeyMove.RELEASE, KeyMove.TAP


def moves(*commands: tuple[KeyMove, float]) -> list[bool]:
    keys, found = KeyCommands(), list[bool]()
    for move, at_s in commands:
        found += [event.pressed for event in keys.events(KeyCommand("dictate", move, at_s), 1.0)]
    return found


@pytest.mark.parametrize(
    ("commands", "pressed"),
    [
        (((PRESS, 1.0), (RELEASE, 2.0)), [True, False]),
        (((PRESS, 0.0), (RELEASE, 0.0)), [True, False]),  # a system that tells no times
        (((RELEASE, 2.0), (PRESS, 1.9)), [True, False]),  # the release overtook the press
        (((RELEASE, 2.0), (PRESS, 2.0)), [True, False]),  # both in one tick of the clock
        (((RELEASE, 2.0), (PRESS, 2.02)), [True, False]),  # of a short press, started in the wrong order
        (((RELEASE, 2.0), (PRESS, 2.1)), [True]),  # the release of an earlier press
        (((PRESS, 1.0), (PRESS, 5.0), (RELEASE, 5.5)), [True, False]),  # the release was lost
        (((PRESS, 5.0), (RELEASE, 4.0)), [True]),
        (((PRESS, 2.02), (RELEASE, 2.0)), [True, False]),  # of a short press, started in the wrong order
        (((RELEASE, 0.0), (PRESS, 0.0)), [True, False]),  # overtaken where the system tells no times
        (((RELEASE, 0.0), (PRESS, 2.0)), [True]),
        (((RELEASE, 2.0), (PRESS, 0.0)), [True]),
        (((TAP, 1.0),), [True, False]),
        (((RELEASE, 1.0),), []),
    ],
)
def test_commands_become_events(commands: tuple[tuple[KeyMove, float], ...], pressed: list[bool]) -> None:
    assert moves(*commands) == pressed


@given(st.lists(st.tuples(st.sampled_from(KeyMove), st.floats(0, 100))))
def test_presses_and_releases_alternate(commands: list[tuple[KeyMove, float]]) -> None:
    found = moves(*commands)
    assert found == [index % 2 == 0 for index in range(len(found))]


def test_pressed_key_is_down_until_its_release() -> None:
    keys = KeyCommands()
    keys.events(KeyCommand("dictate", PRESS, 1.0), 1.0)
    assert keys.is_down("dictate") and not keys.is_down("cancel")
    keys.events(KeyCommand("dictate", RELEASE, 2.0), 2.0)
    keys.events(KeyCommand("cancel", TAP, 3.0), 3.0)
    assert not keys.is_down("dictate") and keys.arrived == ("dictate", "cancel")


@pytest.mark.parametrize(
    ("began", "arrived", "held"),
    [
        ((50.0, 50.2), (3.0, 4.5), 0.2),  # a tap on a busy computer
        ((50.0, 51.0), (3.0, 3.1), 0.1),  # the press was handled late
        ((50.02, 50.0), (3.0, 4.0), 0.0),  # started in the wrong order
        ((0.0, 0.0), (3.0, 4.5), 1.5),  # a system that reports no times
        ((50.0, 0.0), (3.0, 4.5), 1.5),
    ],
)
def test_key_was_down_as_long_as_between_its_commands(
    began: tuple[float, float], arrived: tuple[float, float], held: float
) -> None:
    keys = KeyCommands()
    (press,) = keys.events(KeyCommand("dictate", PRESS, began[0]), arrived[0])
    released = keys.events(KeyCommand("dictate", RELEASE, began[1]), arrived[1])
    if not began[1] and began[0]:  # without a time a release may be that of an earlier press
        assert released == ()
    else:
        assert released[0].at_s - press.at_s == pytest.approx(held)


def test_press_long_after_release_is_new_when_no_times_are_reported() -> None:
    keys = KeyCommands()
    assert keys.events(KeyCommand("dictate", RELEASE), 1.0) == ()
    assert [event.pressed for event in keys.events(KeyCommand("dictate", PRESS), 3.0)] == [True]


def test_press_after_lost_release_counts() -> None:
    keys = KeyCommands()
    keys.events(KeyCommand("dictate", PRESS, 1.0), 1.0)
    assert keys.release("dictate") and not keys.release("dictate")
    assert [event.pressed for event in keys.events(KeyCommand("dictate", PRESS, 5.0), 5.0)] == [True]
