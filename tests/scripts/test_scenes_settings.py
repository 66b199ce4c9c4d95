"""Test that the scenes of models and help show every state."""

from app.models.view import ModelState
from scripts import scenes_settings


def test_each_lasting_state_of_models_is_shown() -> None:
    shown = [*scenes_settings.usual().models, *scenes_settings.trouble().models]
    passing = {ModelState.REMOVING, ModelState.IMPORTING}
    assert {model.state for model in shown} == set(ModelState) - passing
    assert any(model.chosen for model in shown) and any(model.lacks for model in shown)


def test_log_lines_show_every_level_and_damage() -> None:
    assert {line.level for line in scenes_settings.lines().lines} == {"info", "warning", "error", ""}
