import pytest

from app.insertion.programs import (
    OLD_TERMINAL,
    ORDINARY,
    TERMINAL,
    PasteKeys,
    is_terminal,
    paste_keys,
    same_program,
)


@pytest.mark.parametrize(
    ("names", "keys"),
    [
        (("gnome-terminal-server", "Gnome-terminal"), TERMINAL),
        (("Alacritty", "Alacritty"), TERMINAL),
        (("org.wezfurlong.wezterm", "org.wezfurlong.wezterm"), TERMINAL),
        (("org.gnome.Console",), TERMINAL),
        (("WindowsTerminal.exe",), TERMINAL),
        (("xterm", "XTerm"), OLD_TERMINAL),
        (("urxvt", "URxvt"), OLD_TERMINAL),
        (("Navigator", "firefox"), ORDINARY),
        (("postman",), ORDINARY),
        ((), ORDINARY),
    ],
)
def test_paste_keys_depend_on_the_program_name(names: tuple[str, ...], keys: PasteKeys) -> None:
    assert paste_keys(*names) == keys
    assert is_terminal(*names) is (keys is not ORDINARY)


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        ("slack", "Slack", True),
        (" slack ", "Slack.exe", True),
        ("org.gnome.TextEditor", "texteditor", True),
        ("slack", "slackware", False),
        ("", "", False),
    ],
)
def test_name_variants_denote_the_same_program(left: str, right: str, same: bool) -> None:
    assert same_program(left, right) is same
