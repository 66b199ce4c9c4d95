"""The screen of the overlay, and what is around the overlay on it."""

import pytest

from app.core.area import Area
from app.dictation.view import View
from app.insertion.outcome import TextPlace
from app.ui.dictation.overlay_place import OverlaySurroundings, Room

FREE = Area(1920, 0, 960, 540)


@pytest.mark.parametrize(
    ("view", "expected"),
    [
        (View(), OverlaySurroundings(FREE)),
        (View(window=Area(1940, 20, 200, 100)), OverlaySurroundings(FREE, Area(1930, 10, 100, 50))),
        (
            View(place=TextPlace(Area(1940, 20, 200, 100), Area(1960, 40, 2, 20))),
            OverlaySurroundings(FREE, None, Area(1930, 10, 100, 50), Area(1940, 20, 1, 10)),
        ),
    ],
)
def test_everything_around_is_in_pixels_of_the_screen(view: View, expected: OverlaySurroundings) -> None:
    assert Room(FREE, (1920, 0), 2.0).around(view) == expected
