from app.settings import errors
from app.settings.errors import BadSetting, SettingsError
from tests.helpers.error_trees import documented_errors


def test_errors_share_base_and_appear_in_drawn_tree() -> None:
    assert all(issubclass(kind, SettingsError) for kind in documented_errors(errors))


def test_bad_setting_error_names_row_and_line() -> None:
    assert str(BadSetting("worker.on", "no", line=3)) == "worker.on (line 3): no"
    assert str(BadSetting("x.y", "no", line=9, row=2)) == "x.y (row 2, line 9): no"
    assert str(BadSetting("worker.on", "no")) == "worker.on: no"
