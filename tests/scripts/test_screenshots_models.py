"""Test that the pictures of the models show every state."""

from PySide6.QtWidgets import QApplication

from app.models.view import ModelState
from scripts import screenshots_models
from scripts.screenshots import LOOKS


def test_each_lasting_state_is_shown() -> None:
    shown = [*screenshots_models.usual().models, *screenshots_models.trouble().models]
    passing = {ModelState.REMOVING, ModelState.IMPORTING}
    assert {model.state for model in shown} == set(ModelState) - passing
    assert any(model.chosen for model in shown) and any(model.lacks for model in shown)


def test_models_panel_is_drawn(qapp: QApplication) -> None:
    image = screenshots_models.panel(LOOKS[0], screenshots_models.usual())
    assert image.width() > 500 and image.height() > 700
    places = [(x, y) for x in range(0, image.width(), 5) for y in range(0, image.height(), 5)]
    assert len({image.pixelColor(x, y).name() for x, y in places}) > 10
    for widget in qapp.topLevelWidgets():
        widget.deleteLater()
