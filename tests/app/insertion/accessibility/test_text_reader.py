"""Surroundings of the caret, as real programs of Qt and GTK report them on X11 and on sway."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from app.insertion.accessibility.text_reader import (
    ENTRY,
    PASSWORD_TEXT,
    TERMINAL,
    TEXT,
    has_own_focus,
    kind_of,
    read_around,
)
from app.insertion.outcome import FocusKind, Target, TextSurroundings
from tests.helpers.accessible_desktop import Form, Place, accessible_sway, accessible_x11
from tests.helpers.desktop import Screen
from tests.helpers.waiting import wait_until


@pytest.fixture(params=[accessible_x11, accessible_sway])
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    """Run a desktop with accessibility; yield a hand that presses keys there."""
    with TemporaryDirectory() as folder, request.param(Path(folder)) as running:
        yield running


async def told(desktop: Screen, target: Target, kind: FocusKind, before: str | None, after: str = "") -> None:
    last: list[TextSurroundings | None] = []

    async def as_wanted() -> bool:
        last[:] = [await read_around(target, desktop.environment)]
        return last == [TextSurroundings(kind, before, after)]

    try:
        await wait_until(as_wanted, "the program tells what has the focus")
    except AssertionError as error:
        around = last[0] and (last[0].before, last[0].after)
        raise AssertionError(f"{kind}, {before!r}, {after!r}, not {last[0]}, {around}") from error


@pytest.mark.parametrize("toolkit", ["qt", "gtk"])
async def test_field_password_and_button_are_distinguished(place: Place, toolkit: str) -> None:
    desktop, tap = place
    form = Form(desktop, toolkit, "I like 你好 the")
    target = Target(1, process=form.process)
    await told(desktop, target, FocusKind.FIELD, "I like 你好 the")
    tap("ctrl+a")
    await told(desktop, target, FocusKind.FIELD, "")  # an insertion replaces the selected text
    tap("End")
    await told(desktop, target, FocusKind.FIELD, "I like 你好 the")
    assert await read_around(Target(1), desktop.environment) == TextSurroundings(
        FocusKind.FIELD, "I like 你好 the"
    )
    tap("Home")
    await told(desktop, target, FocusKind.FIELD, "", "I")
    tap("Tab")
    await told(desktop, target, FocusKind.PASSWORD, None)
    tap("Tab")
    await told(desktop, target, FocusKind.NO_FIELD, None)
    assert await read_around(Target(1, process=1), desktop.environment) is None


async def test_read_only_text_of_gtk_is_no_field(place: Place) -> None:
    desktop, tap = place
    form = Form(desktop, "gtk", "field")
    target = Target(1, process=form.process)
    await told(desktop, target, FocusKind.FIELD, "field")
    for _ in range(3):
        tap("Tab")
    await told(desktop, target, FocusKind.NO_FIELD, None)


async def test_button_of_libreoffice_leaves_the_focus_unknown(place: Place) -> None:
    """A document of LibreOffice gets the keys while GTK reports the button Bold as focused."""
    desktop, tap = place
    form = Form(desktop, "gtk", "field")
    tap("Tab")
    tap("Tab")
    await told(desktop, Target(1, process=form.process), FocusKind.NO_FIELD, None)
    target = Target(1, "libreoffice-writer", process=form.process)
    assert await read_around(target, desktop.environment) is None
    tap("shift+Tab")
    await told(desktop, target, FocusKind.PASSWORD, None)


@pytest.mark.parametrize(
    ("program", "own"),
    [
        ("libreoffice-writer", True),
        ("LibreOffice-calc", True),
        ("soffice.bin", True),
        ("gedit", False),
        ("", False),
    ],
)
def test_programs_with_their_own_focus_are_known(program: str, own: bool) -> None:
    assert has_own_focus(program) is own


async def test_long_text_is_read_only_near_the_caret(place: Place) -> None:
    desktop, _ = place
    form = Form(desktop, "qt", "word " * 200 + "end")
    await told(desktop, Target(1, process=form.process), FocusKind.FIELD, ("word " * 200 + "end")[-100:])


async def test_surroundings_are_unknown_without_a_bus(tmp_path: Path) -> None:
    assert await read_around(Target(1), {"XDG_RUNTIME_DIR": str(tmp_path)}) is None


@pytest.mark.parametrize(
    ("role", "toolkit", "editable", "kind"),
    [
        (PASSWORD_TEXT, "Chromium", True, FocusKind.PASSWORD),
        (79, "GTK", True, FocusKind.FIELD),
        (TERMINAL, "gtk", False, FocusKind.FIELD),
        (43, "GTK", False, FocusKind.NO_FIELD),
        (43, "Qt", False, FocusKind.NO_FIELD),
        (43, "Chromium", False, None),
        (TEXT, "GTK", False, FocusKind.NO_FIELD),
        (ENTRY, "gtk", False, FocusKind.NO_FIELD),
        (TEXT, "Qt", False, None),  # Qt reads no clipboard there, so the text is held
        (TEXT, "WebKitGTK", False, None),
        (43, "", False, None),
        (ENTRY, "Gecko", False, FocusKind.NO_FIELD),  # a read-only field of a web page
        (ENTRY, "Gecko", True, FocusKind.FIELD),
        (85, "Gecko", False, None),  # a part of a web page whose script may take text
        (95, "Gecko", False, None),  # a web page
        (56, "GTK", False, None),  # a cell of a table may take text
        (0, "GTK", False, None),
    ],
)
def test_element_is_no_field_only_when_that_is_certain(
    role: int, toolkit: str, editable: bool, kind: FocusKind | None
) -> None:
    assert kind_of(role, toolkit, editable=editable) is kind


def test_text_before_the_caret_is_not_in_messages() -> None:
    assert "secret" not in repr(TextSurroundings(FocusKind.FIELD, "secret", "secret"))
