"""On GNOME, IBus knows whether the field is still the same, and accessibility which window it is in."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from app.insertion.errors import InsertionUnavailable
from app.insertion.helper.frames import OpenRequest
from app.insertion.ibus.inserter import IBusInserter
from app.insertion.ibus.watch import IBusWatch
from app.insertion.outcome import Insertion, InsertionResult, Target, has_focus
from app.insertion.plan import Rules
from app.insertion.wayland.assembly import GnomeFocus, assemble_gnome, is_gnome
from tests.helpers.fake_ibus import FakeIBus

EDITOR, BROWSER = Target(7, "editor", process=70), Target(8, "browser", process=80)
OPENING = OpenRequest(None, 1.0, 1)


@dataclass
class Windows:
    """A ``Focus`` that returns ``now``, and counts how often it is asked."""

    now: Target | None = None
    asked: int = 0
    closed: list[bool] = field(default_factory=list)

    async def target(self) -> Target | None:
        """Return the window of the test."""
        self.asked += 1
        return self.now

    async def close(self) -> None:
        """Note the end of the connection."""
        self.closed.append(True)


@asynccontextmanager
async def watching(daemon: FakeIBus) -> AsyncIterator[IBusWatch]:
    """Open a connection to the fake daemon, which knows it."""
    watch = await IBusWatch.open(daemon.address)
    await watch.engine()
    yield watch
    await watch.close()


@pytest.fixture
async def watch(daemon: FakeIBus) -> AsyncIterator[IBusWatch]:
    """Return a connection to the fake daemon."""
    async with watching(daemon) as watch:
        yield watch


async def test_window_is_asked_once_for_each_field(daemon: FakeIBus, watch: IBusWatch) -> None:
    windows = Windows(EDITOR)
    focus = GnomeFocus(watch, windows)
    await daemon.move_focus()
    assert [await focus.target() for _ in range(3)] == [EDITOR] * 3
    assert (windows.asked, await has_focus(focus, EDITOR), await has_focus(focus, BROWSER)) == (1, True, False)
    windows.now = BROWSER
    await daemon.move_focus()
    assert (await focus.target(), windows.asked, await has_focus(focus, EDITOR)) == (BROWSER, 2, False)
    windows.now = EDITOR
    await daemon.move_focus()
    assert await has_focus(focus, EDITOR)


async def test_field_of_an_unknown_program_is_another_one_each_time(daemon: FakeIBus, watch: IBusWatch) -> None:
    focus = GnomeFocus(watch, None)
    assert await focus.target() is None
    await daemon.move_focus()
    first = await focus.target()
    assert first is not None
    assert await has_focus(focus, first)
    await daemon.move_focus()
    assert not await has_focus(focus, first)


async def test_field_of_a_target_from_an_earlier_process_has_no_focus(daemon: FakeIBus) -> None:
    found = list[Target]()
    for _ in range(2):
        async with watching(daemon) as watch:
            focus = GnomeFocus(watch, None)
            await daemon.move_focus()
            assert [one for one in found if await has_focus(focus, one)] == []
            target = await focus.target()
            assert target is not None
            found.append(target)


async def test_frames_of_x11_are_no_program(daemon: FakeIBus, watch: IBusWatch) -> None:
    focus = GnomeFocus(watch, Windows(Target(9, "mutter-x11-frames", process=90)))
    assert await focus.target() == Target(9)


async def test_windows_alone_count_while_no_field_is_known(watch: IBusWatch) -> None:
    windows = Windows(EDITOR)
    focus = GnomeFocus(watch, windows)
    assert [await focus.target(), await focus.target()] == [EDITOR, EDITOR]
    assert windows.asked == 2
    await focus.close()
    assert windows.closed == [True]


async def test_text_is_inserted_without_accessibility(
    daemon: FakeIBus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KIKIPOUNAMU_HOME", str(tmp_path / "home"))
    inserter = await assemble_gnome({"IBUS_ADDRESS": daemon.address}, OPENING)
    assert isinstance(inserter, IBusInserter)
    await inserter.watch.engine()
    await daemon.move_focus()
    target = await inserter.target()
    assert target is not None
    assert await inserter.insert("text", target, Rules()) == Insertion(InsertionResult.TYPED)
    await inserter.close()


async def test_desktop_with_neither_ibus_nor_accessibility_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KIKIPOUNAMU_HOME", str(tmp_path / "home"))
    with pytest.raises(InsertionUnavailable, match="accessibility"):
        await assemble_gnome({"HOME": str(tmp_path)}, OPENING)


def test_gnome_is_known_by_its_name() -> None:
    assert is_gnome({"XDG_CURRENT_DESKTOP": "ubuntu:GNOME"})
    assert not is_gnome({"XDG_CURRENT_DESKTOP": "KDE"})
    assert not is_gnome({})
