from app.core.errors import AppError
from app.settings import errors as module
from app.settings.errors import BadSetting, SettingsError


def test_all_errors_have_one_base_and_are_documented() -> None:
    errors = [one for one in vars(module).values() if isinstance(one, type) and issubclass(one, AppError)]
    for error in errors:
        if error.__module__ == module.__name__:
            assert issubclass(error, SettingsError) and error.__name__ in (module.__doc__ or "")


def test_bad_setting_error_names_row_and_line() -> None:
    assert str(BadSetting("worker.on", "no", line=3)) == "worker.on (line 3): no"
    assert str(BadSetting("x.y", "no", line=9, row=2)) == "x.y (row 2, line 9): no"
    assert str(BadSetting("worker.on", "no")) == "worker.on: no"
