"""A program that moves the focus back and forth between windows: COUNT FILE WINDOW WINDOW.

Pauses are random and short. FILE is made once the focus has moved COUNT times.
"""

import random
import sys
import time
from pathlib import Path

from Xlib import X
from Xlib.display import Display

_LONGEST_S = 0.006


def main() -> None:
    """Move the focus ``COUNT`` times."""
    count, place, *numbers = sys.argv[1:]
    display = Display()
    windows = [display.create_resource_object("window", int(number)) for number in numbers]
    chances = random.Random(7)
    for number in range(int(count)):
        windows[number % len(windows)].set_input_focus(X.RevertToParent, X.CurrentTime)
        display.sync()
        time.sleep(chances.random() * _LONGEST_S)
    Path(place).touch()


if __name__ == "__main__":
    main()
