"""Test that the pictures of the first steps show every step."""

from PySide6.QtWidgets import QApplication

from app.onboarding.steps import Step
from scripts import screenshots_onboarding
from scripts.screenshots import LOOKS


def test_each_step_is_shown() -> None:
    assert {step for step, _ in screenshots_onboarding.STATES} == set(Step)


def test_onboarding_step_is_drawn(qapp: QApplication) -> None:
    image = screenshots_onboarding.page(LOOKS[0], Step.KEY, screenshots_onboarding.arrived)
    assert image.width() > 500 and image.height() > 400
    places = [(x, y) for x in range(0, image.width(), 5) for y in range(0, image.height(), 5)]
    assert len({image.pixelColor(x, y).name() for x, y in places}) > 10
    for widget in qapp.topLevelWidgets():
        widget.deleteLater()
