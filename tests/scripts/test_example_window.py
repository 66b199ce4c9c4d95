"""Test that a scene shows the part of the window that it is about, without scrolling."""

from PySide6.QtWidgets import QApplication

from app.onboarding.steps import StepProgress
from scripts.drawing import LARGE_LOOKS, LOOKS
from scripts.example_window import SMALL, Window, grow, page, scene, whole


def settings(window: Window) -> None:
    window.section("general")


def first_steps(window: Window) -> None:
    window.pages.first_steps.open(StepProgress())


def test_scene_is_the_page_without_the_sidebar(qapp: QApplication) -> None:
    part, all_of_it = (scene(settings, one)(LOOKS[0]) for one in (page, whole))
    assert part.height() == all_of_it.height() and part.width() < all_of_it.width()


def test_scene_is_all_of_a_page_that_covers_the_window(qapp: QApplication) -> None:
    assert scene(first_steps)(LOOKS[0]) == scene(first_steps, whole)(LOOKS[0])


def test_window_grows_until_nothing_scrolls(qapp: QApplication) -> None:
    heights: list[int] = []

    def fill(window: Window) -> None:
        settings(window)
        grow(window.shell)
        heights.append(window.pages.settings.area.verticalScrollBar().maximum())

    assert scene(fill, height=0.5)(LOOKS[0]).height() > 500 and heights == [0]


def test_large_letters_are_drawn_in_a_small_window(qapp: QApplication) -> None:
    assert scene(settings, whole)(LARGE_LOOKS[0]).width() <= SMALL.width()
