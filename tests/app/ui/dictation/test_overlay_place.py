"""Place of the overlay: as chosen, on the screen, and never on text cursor or field while there is other room."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.area import Area
from app.ui.dictation.overlay_place import FROM_EDGE, GAP, Anchor, OverlaySurroundings, choose_anchor, to_screen

SCREEN = Area(0, 30, 1280, 740)  # between two panels
MOST = 400, 120
POSITIONS = ["bottom", "top", "cursor"]


def placed(position: str, around: OverlaySurroundings, size: tuple[int, int] = MOST) -> Area:
    return choose_anchor(MOST, position, around).area(*size, around.screen)


def areas(screen: Area, most: tuple[int, int]) -> st.SearchStrategy[Area]:
    """Areas on the screen, of at most this size."""

    def at(size: tuple[int, int]) -> st.SearchStrategy[Area]:
        x = st.integers(screen.x, screen.right - size[0])
        y = st.integers(screen.y, screen.bottom - size[1])
        return st.builds(lambda x, y: Area(x, y, *size), x, y)

    return st.tuples(st.integers(1, most[0]), st.integers(1, most[1])).flatmap(at)


@pytest.mark.parametrize(("position", "top"), [("bottom", 770 - FROM_EDGE - 120), ("top", 30 + FROM_EDGE)])
@pytest.mark.parametrize("window", [None, Area(0, 30, 1280, 740), Area(300, 100, 400, 300)])
def test_overlay_is_at_middle_of_chosen_edge(position: str, top: int, window: Area | None) -> None:
    assert placed(position, OverlaySurroundings(SCREEN, window)) == (440, top, 400, 120)


def test_overlay_is_at_bottom_when_nothing_is_known_near_cursor() -> None:
    assert choose_anchor(MOST, "cursor", OverlaySurroundings(SCREEN)) == choose_anchor(
        MOST, "bottom", OverlaySurroundings(SCREEN)
    )


@pytest.mark.parametrize("upward", [True, False])
def test_overlay_grows_from_its_edge(upward: bool) -> None:
    anchor = Anchor(640, 400, upward)
    small, large = anchor.area(200, 40, SCREEN), anchor.area(400, 120, SCREEN)
    assert small.middle[0] == large.middle[0] == 640
    assert (small.bottom == large.bottom) is upward and (small.y == large.y) is not upward


def test_overlay_stays_below_window_when_there_is_room() -> None:
    window = Area(0, 30, 1280, 600)
    assert placed("bottom", OverlaySurroundings(SCREEN, window)).y >= window.bottom
    assert placed("bottom", OverlaySurroundings(SCREEN, window), (200, 40)).bottom == 770 - 8


def test_overlay_leaves_bottom_for_field_there() -> None:
    field = Area(100, 700, 1000, 40)
    assert placed("bottom", OverlaySurroundings(SCREEN, field=field)).y == 30 + FROM_EDGE
    assert placed("top", OverlaySurroundings(SCREEN, field=Area(100, 60, 1000, 40))).bottom == 770 - FROM_EDGE


def test_overlay_is_directly_below_or_above_text_cursor() -> None:
    field, caret = Area(200, 300, 500, 30), Area(260, 305, 1, 20)
    below = placed("cursor", OverlaySurroundings(SCREEN, field=field, caret=caret))
    assert (below.x, below.y) == (260, 305 + 20 + GAP)
    low = OverlaySurroundings(SCREEN, field=Area(200, 720, 500, 30), caret=Area(260, 725, 1, 20))
    assert placed("cursor", low).bottom == 725 - GAP


def test_overlay_is_below_field_when_text_cursor_is_unknown() -> None:
    field = Area(200, 300, 500, 30)
    assert placed("cursor", OverlaySurroundings(SCREEN, field=field)).y == field.bottom + GAP


def test_overlay_is_near_window_when_no_field_is_known() -> None:
    assert placed("cursor", OverlaySurroundings(SCREEN, Area(100, 100, 500, 300))) == (150, 400 + GAP, 400, 120)
    whole = placed("cursor", OverlaySurroundings(SCREEN, SCREEN))
    assert whole.bottom == SCREEN.bottom - FROM_EDGE, "inside the window that fills the screen"


def test_overlay_spares_text_cursor_in_field_that_fills_the_screen() -> None:
    for y in range(SCREEN.y, SCREEN.bottom - 20, 7):
        caret = Area(600, y, 1, 20)
        for position in POSITIONS:
            assert not placed(position, OverlaySurroundings(SCREEN, SCREEN, SCREEN, caret)).shared_pixels(caret)


@given(areas(SCREEN, (1280, 480)), st.sampled_from(POSITIONS), st.sampled_from([(200, 40), MOST]))
def test_overlay_never_covers_field_with_room_beside_it(field: Area, position: str, size: tuple[int, int]) -> None:
    shown = placed(position, OverlaySurroundings(SCREEN, SCREEN, field), size)
    above, below = field.y - SCREEN.y, SCREEN.bottom - field.bottom
    if max(above, below) >= MOST[1] + GAP:
        assert not shown.shared_pixels(field)


@given(areas(SCREEN, (1280, 740)), areas(SCREEN, (3, 40)), st.sampled_from(POSITIONS))
def test_overlay_never_covers_text_cursor_and_never_leaves_screen(field: Area, caret: Area, position: str) -> None:
    shown = placed(position, OverlaySurroundings(SCREEN, field=field, caret=caret))
    assert shown.shared_pixels(SCREEN) == shown.width * shown.height
    assert not shown.shared_pixels(caret)


@pytest.mark.parametrize(
    ("ratio", "found"), [(1.0, (2000, 100, 300, 40)), (2.0, (1920 + 40, 50, 150, 20)), (1.25, (1984, 80, 240, 32))]
)
def test_system_pixels_become_pixels_of_the_screen(ratio: float, found: tuple[int, int, int, int]) -> None:
    assert to_screen(Area(2000, 100, 300, 40), (1920, 0), ratio) == found
