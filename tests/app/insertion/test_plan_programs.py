import pytest

from app.insertion.outcome import Insertion, InsertionResult, Target
from app.insertion.plan import (
    MOST_SEEN,
    ORDINARY,
    SHIFT_INSERT,
    TERMINAL,
    PasteKeys,
    ProgramTrackingInserter,
    has_cells,
    is_terminal,
    paste_keys,
    same_program,
)
from tests.app.dictation.world import FakeInserter


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


async def test_recent_programs_are_reported_once_each_newest_first() -> None:
    received: list[tuple[str, ...]] = []
    inserter = FakeInserter()
    seeing = ProgramTrackingInserter(inserter, received.append)
    targets = [Target(1, "slack"), Target(2, "slack"), Target(3, "kitty"), Target(4, ""), None, Target(5, "slack")]
    for target in [*targets, Target(6, "kikipounamu", own=True)]:
        inserter.focus = target
        assert await seeing.target() == target
    assert received == [("slack",), ("kitty", "slack"), ("slack", "kitty")]
    for number in range(2 * MOST_SEEN):
        inserter.focus = Target(number, f"program {number}")
        await seeing.target()
    assert len(seeing.seen) == MOST_SEEN and seeing.seen[0] == f"program {2 * MOST_SEEN - 1}"


async def test_seeing_inserter_delegates_to_the_wrapped_inserter() -> None:
    inserter = FakeInserter()
    seeing = ProgramTrackingInserter(inserter, lambda names: None)
    assert await seeing.insert("text", inserter.focus) == Insertion(InsertionResult.TYPED)
    assert inserter.text() == "text"
    await seeing.close()
