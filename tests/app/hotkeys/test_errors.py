import inspect

from app.core.errors import AppError
from app.hotkeys import errors
from app.hotkeys.errors import HotkeyError, HotkeysUnavailable


def test_all_errors_have_one_base_and_are_documented() -> None:
    assert issubclass(HotkeyError, AppError)
    for name, kind in inspect.getmembers(
        errors, lambda kind: inspect.isclass(kind) and kind.__module__ == errors.__name__
    ):
        assert issubclass(kind, HotkeyError)
        assert name in (errors.__doc__ or "")


def test_hotkeys_unavailable_error_names_the_command_line() -> None:
    assert "kikipounamu toggle" in str(HotkeysUnavailable("why"))
