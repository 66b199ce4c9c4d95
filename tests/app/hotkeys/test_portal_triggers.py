"""Which keys are bound through a portal, and how the desktop names them."""

import pytest

from app.hotkeys.portal import key_text, keys_in, shortcuts

DEFAULTS = {"dictate": "right_ctrl", "cancel": "esc", "paste-held": "ctrl+alt+v"}


@pytest.mark.parametrize(
    ("bindings", "triggers"),
    [
        (DEFAULTS, {"dictate": "F9", "cancel": "SHIFT+F9", "paste-held": "CTRL+ALT+v"}),
        ({"dictate": "ctrl+alt+d", "cancel": "esc"}, {"dictate": "CTRL+ALT+d", "cancel": "CTRL+ALT+SHIFT+d"}),
        ({"dictate": "super+shift+d", "cancel": "esc"}, {"dictate": "SHIFT+LOGO+d", "cancel": "ALT+SHIFT+LOGO+d"}),
        ({"dictate": "f8", "cancel": "f10"}, {"dictate": "F8", "cancel": "F10"}),
        ({"dictate": "f8", "cancel": "left_ctrl"}, {"dictate": "F8", "cancel": "SHIFT+F8"}),
        ({"paste-held": "right_alt", "dictate": ""}, {"paste-held": "CTRL+ALT+v"}),
        ({"cancel": "esc"}, {"cancel": "SHIFT+F9"}),
        (
            {"dictate": "page_up", "cancel": "ctrl+left_bracket"},
            {"dictate": "Prior", "cancel": "CTRL+bracketleft"},
        ),
        ({"dictate": "f9", "paste-held": "f9"}, {"dictate": "F9"}),
        ({}, {}),
    ],
)
def test_keys_are_the_wanted_ones_or_possible_ones(bindings: dict[str, str], triggers: dict[str, str]) -> None:
    assert {each.action: each.trigger for each in shortcuts(bindings)} == triggers


def test_another_key_is_another_shortcut() -> None:
    ids = [each.id for keys in ("f8", "f10", "f8") for each in shortcuts({"dictate": keys})]
    assert ids[0] == ids[2] != ids[1]


@pytest.mark.parametrize(
    ("description", "key"),
    [
        ("F9", "f9"),
        ("Shift+F9", "shift+f9"),
        ("Meta+Ctrl+V", "ctrl+super+v"),
        ("Ctrl+PgUp", "ctrl+page_up"),
        ("Press <Control><Alt>v", "ctrl+alt+v"),
        ("<Shift>F9", "shift+f9"),
        ("<Primary><Super>Prior", "ctrl+super+page_up"),
        ("Strg+Alt+V", "Strg+Alt+V"),
        ("Launch Media", "Launch Media"),
    ],
)
def test_named_key_is_shown_in_our_notation_where_possible(description: str, key: str) -> None:
    assert key_text(description) == key


def test_key_without_a_description_is_empty() -> None:
    assert keys_in([("a", {"trigger_description": "F9"}), ("b", {})]) == {"a": "F9", "b": ""}
