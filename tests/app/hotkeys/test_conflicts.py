"""Keys that programs and desktops already use."""

import pytest

from app.hotkeys import conflicts
from app.hotkeys.binding import parse
from app.hotkeys.conflicts import other_action, used_for
from app.settings.sections import HotkeysSection


@pytest.mark.parametrize("table", [conflicts._PC, conflicts._MAC])
def test_table_keys_are_canonical_bindings(table: dict[str, str]) -> None:
    assert [key for key in table if str(parse(key)) != key] == []


@pytest.mark.parametrize(
    ("key", "platform", "use"),
    [
        ("ctrl+c", "linux", "copy"),
        ("Control+C", "win32", "copy"),
        ("alt+ctrl+t", "linux", "terminal"),
        ("alt+f4", "linux", "close-window"),
        ("super+l", "linux", "lock"),
        ("ctrl+space", "linux", "input-method"),
        ("cmd+c", "darwin", "copy"),
        ("ctrl+c", "darwin", None),
        ("f9", "linux", None),
        ("", "linux", None),
        ("nonsense", "linux", None),
    ],
)
def test_existing_use_of_a_key_depends_on_the_platform(key: str, platform: str, use: str | None) -> None:
    assert used_for(key, platform) == use


def test_default_hotkeys_have_no_existing_use() -> None:
    assert [key for key in HotkeysSection().bindings.values() if used_for(key, "linux")] == []


def test_other_action_with_the_same_key_is_found() -> None:
    bindings = {"dictate": "right_ctrl", "cancel": "esc", "paste-held": "ctrl+alt+v", "other": "nonsense"}
    assert other_action("alt+control+v", "dictate", bindings) == "paste-held"
    assert other_action("right_ctrl", "dictate", bindings) == "", "an action does not conflict with itself"
    assert other_action("f9", "dictate", bindings) == ""
    assert other_action("", "dictate", bindings | {"cancel": ""}) == "", (
        "an empty binding conflicts with no action"
    )
