import pytest

from app.core.errors import AppError, Note
from app.hotkeys import errors
from app.hotkeys.errors import (
    HotkeyAbsent,
    HotkeyError,
    HotkeysUnavailable,
    HotkeyTaken,
    HotkeyUnassigned,
    HotkeyUnknown,
)
from tests.helpers.error_trees import documented_errors


def test_all_errors_have_one_base_and_are_documented() -> None:
    assert issubclass(HotkeyError, AppError)
    assert all(issubclass(kind, HotkeyError) for kind in documented_errors(errors))


def test_hotkeys_unavailable_error_names_the_command_line() -> None:
    assert "kikipounamu toggle" in str(HotkeysUnavailable("why"))


@pytest.mark.parametrize(
    ("error", "key", "said"),
    [
        (HotkeyUnknown("f9", "no such key"), "hotkey-unknown", "no such key"),
        (HotkeyAbsent("dictate", "f9", "no such key here"), "hotkey-absent", "no such key here"),
        (HotkeyTaken("dictate", "f9"), "hotkey-taken", "by another program: choose another key for 'dictate'"),
        (HotkeyTaken("dictate", "f9", "cancel"), "hotkey-twice", "used by cancel"),
        (HotkeyUnassigned("dictate", "f9"), "hotkey-unassigned", "for 'dictate'"),
    ],
)
def test_errors_of_a_key_name_it(error: HotkeyError, key: str, said: str) -> None:
    assert error.note == Note(key, {"binding": "f9"})
    assert "'f9'" in str(error) and said in str(error)
