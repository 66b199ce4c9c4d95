"""The service of the desktop's abilities: looks, and lines written into a configuration and removed."""

import shlex
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest

from app.desktop.abilities import DesktopView, Found, KeyLines, LinesState, ReadDesktopAgain, WriteKeyLines
from app.desktop.service import DesktopService
from app.insertion.portal.permission import NAME, Permission
from runtime.folders import folders
from tests.app.desktop.desktops import DESKTOPS
from tests.helpers.waiting import wait_until

KEYS = {"dictate": "f9", "cancel": "esc"}


class Desk:
    """A service on a desktop of the test's choice; ``main``: the user's configuration of sway."""

    def __init__(self, home: Path) -> None:
        self.main = home / ".config" / "sway" / "config"
        self.main.parent.mkdir(parents=True)
        self.name = "sway"
        self.views: list[DesktopView] = []
        self.service = DesktopService(self.views.append, "cancel", {"HOME": str(home)}, self._learn)

    async def _learn(self, platform: str, environment: Mapping[str, str]) -> Found:
        return DESKTOPS[self.name]

    async def shows(self, state: LinesState) -> KeyLines:
        def shown() -> bool:
            return bool(self.views) and self.views[-1].lines is not None and self.lines.state is state

        await wait_until(shown, f"the lines are {state}")
        return self.lines

    @property
    def lines(self) -> KeyLines:
        found = self.views[-1].lines
        assert found is not None
        return found


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    desk = Desk(tmp_path)
    async with desk.service:
        yield desk


async def test_lines_are_offered_written_renewed_and_removed(desk: Desk) -> None:
    desk.main.write_text("set $mod Mod4\n")
    desk.service.use(KEYS)
    offered = await desk.shows(LinesState.TO_WRITE)
    assert offered.place == str(desk.main) and "+include" in offered.change
    assert offered.missing == {"cancel": "everywhere"}
    desk.service.ask(WriteKeyLines(True))
    written = await desk.shows(LinesState.WRITTEN)
    assert written.change == "" and "include" in desk.main.read_text()
    desk.service.use(KEYS | {"dictate": "f8"})
    assert "F8" in (await desk.shows(LinesState.OUTDATED)).change
    desk.service.ask(WriteKeyLines(True))
    await desk.shows(LinesState.WRITTEN)
    desk.service.ask(WriteKeyLines(False))
    await desk.shows(LinesState.TO_WRITE)
    assert desk.main.read_text() == "set $mod Mod4\n"


async def test_user_without_a_configuration_gets_one_that_includes_the_one_in_use(desk: Desk) -> None:
    """sway no longer reads another file once the user has one: without the line, the usual keys would be lost."""
    used = desk.main.parent.parent / "i3" / "config"
    used.parent.mkdir()
    used.write_text("set $mod Mod4\n")
    desk.service.use(KEYS)
    offered = await desk.shows(LinesState.TO_WRITE)
    assert (offered.place, offered.is_new) == (str(desk.main), True) and f"+include {used}" in offered.change
    assert not desk.main.exists()
    desk.service.ask(WriteKeyLines(True))
    written = await desk.shows(LinesState.WRITTEN)
    assert (written.change, written.is_new) == ("", False)
    assert desk.main.read_text().splitlines()[0] == f"include {used}"
    desk.service.ask(WriteKeyLines(False))
    await desk.shows(LinesState.TO_WRITE)
    assert desk.main.read_text() == f"include {used}\n"


async def test_lines_are_only_shown_where_no_configuration_can_be_made(desk: Desk) -> None:
    desk.name = "labwc"
    desk.service.use(KEYS)
    shown = await desk.shows(LinesState.TO_COPY)
    assert (shown.place, shown.change, shown.is_new) == ("", "", False) and shown.lines
    desk.service.ask(WriteKeyLines(True))
    await wait_until(lambda: len(desk.views) == 2, "it looked again")
    assert not desk.main.exists()


async def test_refused_change_is_reported_until_it_works(desk: Desk) -> None:
    desk.main.write_text("")
    desk.main.with_name("kikipounamu.conf").mkdir()
    desk.service.use(KEYS)
    shown = await desk.shows(LinesState.TO_COPY)
    assert shown.problem is not None and shown.problem.key == "key-lines-refused"
    desk.service.ask(WriteKeyLines(True))
    await wait_until(lambda: len(desk.views) == 2, "it looked again")
    assert desk.lines.problem is not None
    desk.main.with_name("kikipounamu.conf").rmdir()
    desk.service.ask(WriteKeyLines(True))
    assert (await desk.shows(LinesState.WRITTEN)).problem is None


async def test_desktop_with_keys_of_programs_needs_no_lines(desk: Desk) -> None:
    desk.name = "gnome 48"
    desk.service.ask(ReadDesktopAgain())
    await wait_until(lambda: desk.views, "it looked")
    assert desk.views[-1].lines is None and len(desk.views[-1].supports) == 5


async def test_command_for_a_shortcut_needs_no_search_path(desk: Desk) -> None:
    desk.service.use(KEYS)
    await wait_until(lambda: desk.views, "it looked")
    program, verb = shlex.split(desk.views[-1].toggle)
    assert verb == "toggle" and Path(program).is_absolute() and Path(program).name == "kikipounamu"


async def test_keys_are_ignored_outside_the_service(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.service.use(KEYS)
    assert desk.views == []


async def test_second_reading_lets_the_desktop_ask_again(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KIKIPOUNAMU_HOME", str(tmp_path))
    permission = Permission(folders().config / NAME, 7)
    permission.refuse()
    desk.service.ask(ReadDesktopAgain())
    await wait_until(lambda: bool(desk.views), "it has looked")
    assert not permission.refused
