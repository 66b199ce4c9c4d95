"""Answer a dialog of GNOME through accessibility: BUTTON SECONDS. For Debian's own Python, which has its library.

It turns on the dialog's switches and presses the button with this name; its exit status is 0 if it has.
"""

import sys
import time
from collections.abc import Iterator
from typing import Any

import gi

gi.require_version("Atspi", "2.0")
from gi.repository import Atspi, GLib  # noqa: E402 - the version is chosen first

_DIALOGS = ("portal-gnome", "control-center")
_DEEPEST = 25


def below(element: Any, depth: int = 0) -> Iterator[Any]:
    """Yield an element and all elements in it."""
    yield element
    if depth < _DEEPEST:
        for place in range(element.get_child_count()):
            if child := element.get_child_at_index(place):
                yield from below(child, depth + 1)


def act(element: Any) -> bool:
    """Do the first action of an element; return whether it has one."""
    action = element.get_action_iface()
    return bool(action and action.get_n_actions() and action.do_action(0))


def answered(program: Any, button: str) -> bool:
    """Turn on the switches of a program's dialog and press its button; return whether it was there."""
    elements = list(below(program))
    wanted = [one for one in elements if one.get_name() == button and "button" in one.get_role_name()]
    for element in elements if wanted else []:
        switch = element.get_role_name() in ("switch", "toggle button", "check box")
        if switch and not element.get_state_set().contains(Atspi.StateType.CHECKED):
            act(element)
    return any(act(one) for one in wanted)


def main() -> int:
    """Look for the dialog until the time is over."""
    button, end = sys.argv[1], time.monotonic() + float(sys.argv[2])
    Atspi.init()
    while time.monotonic() < end:
        desktop = Atspi.get_desktop(0)
        for place in range(desktop.get_child_count()):
            try:
                program = desktop.get_child_at_index(place)
                if any(name in (program.get_name() or "") for name in _DIALOGS) and answered(program, button):
                    return 0
            except (GLib.Error, AttributeError):
                continue  # it has ended meanwhile
        time.sleep(0.1)
    return 1


if __name__ == "__main__":
    sys.exit(main())
