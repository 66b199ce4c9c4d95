import pytest

from app.insertion.outcome import Target
from app.insertion.plan import (
    MOST_SEEN,
    ORDINARY,
    SHIFT_INSERT,
    TERMINAL,
    PasteKeys,
    ProgramsSeen,
    has_cells,
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
        (("xterm", "XTerm"), SHIFT_INSERT),
        (("urxvt", "URxvt"), SHIFT_INSERT),
        (("Navigator", "firefox"), ORDINARY),
        (("postman",), ORDINARY),
        ((), ORDINARY),
    ],
)
def test_paste_keys_depend_on_the_program_name(names: tuple[str, ...], keys: PasteKeys) -> None:
    assert paste_keys(*names) == keys
    assert is_terminal(*names) is (keys is not ORDINARY)


@pytest.mark.parametrize(
    ("program", "cells"), [("libreoffice-calc", True), ("LibreOffice-Calc", True), ("libreoffice-writer", False)]
)
def test_spreadsheets_are_known_by_their_names(program: str, cells: bool) -> None:
    assert has_cells(program) is cells


@pytest.mark.parametrize("names", [("emacs", "Emacs"), ("gvim", "Gvim")])
def test_editors_whose_control_v_does_not_paste_get_shift_insert(names: tuple[str, ...]) -> None:
    assert paste_keys(*names) is SHIFT_INSERT
    assert not is_terminal(*names), "so that line breaks stay"


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


def test_recent_programs_are_reported_once_each_newest_first() -> None:
    received: list[tuple[str, ...]] = []
    seen = ProgramsSeen(received.append)
    for number, program in enumerate(("slack", "slack", "kitty", "", "slack")):
        seen.note(Target(number, program))
    seen.note(Target(6, "kikipounamu", own=True))
    assert received == [("slack",), ("kitty", "slack"), ("slack", "kitty")]
    for number in range(2 * MOST_SEEN):
        seen.note(Target(number, f"program {number}"))
    assert len(seen.names) == MOST_SEEN and seen.names[0] == f"program {2 * MOST_SEEN - 1}"
