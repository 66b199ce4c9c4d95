"""The service asks once a day if it may, remembers the attempt first, and disturbs nothing."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from app.updates.index import IndexPlace, IndexUnreachable, PlaceUnknown
from app.updates.installation import Facts, InstallKind
from app.updates.memory import DAY_S, Memory
from app.updates.service import FILE, Updates, ask_index
from app.updates.view import CheckForUpdates, UpdatesView
from runtime.folders import folders
from runtime.whole_file import keep, read_kept
from tests.helpers.signed_index import MADE_S, PUBLIC, index_of, signed
from tests.helpers.waiting import wait_until

PLACE = IndexPlace("https://updates.example/updates.json", (PUBLIC,))
FACTS = Facts("0.1.0", "/env/bin/python", "/env", "linux")


async def until(predicate: Callable[[], bool]) -> None:
    await wait_until(predicate, "the service has told it")


class Bench:
    """Updates with a scripted server and clock."""

    def __init__(self, settle_s: float = 0.0) -> None:
        self.views = list[UpdatesView]()
        self.asked = list[str]()
        self.now_s, self.content = float(MADE_S), signed("0.2.0")
        self.updates = Updates(self.views.append, self._fetch, lambda: self.now_s, lambda: FACTS, settle_s)

    async def _fetch(self, url: str) -> bytes:
        self.asked.append(url)
        assert read_kept(folders().data / FILE, Memory, Memory()).asked_s == self.now_s, (
            "the attempt is remembered first"
        )
        if not self.content:
            raise IndexUnreachable("no connection")
        return self.content

    @property
    def states(self) -> list[str]:
        return [view.state for view in self.views]

    async def shown(self, state: str, *, failed: bool = False) -> UpdatesView:
        await until(
            lambda: bool(self.views) and (self.views[-1].state, self.views[-1].note is not None) == (state, failed)
        )
        return self.views[-1]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KIKIPOUNAMU_HOME", str(tmp_path))


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    bench = Bench()
    async with bench.updates:
        yield bench


async def test_index_is_asked_only_if_it_is_switched_on(bench: Bench) -> None:
    bench.updates.use(on=False, place=PLACE)
    view = await bench.shown("unknown")
    await until(lambda: bench.views[-1].place_known)
    assert not bench.asked and view.installed == "0.1.0"


async def test_newer_version_is_reported_with_its_command_and_announced_once(bench: Bench) -> None:
    bench.updates.use(on=True, place=PLACE)
    await until(lambda: any(view.announce for view in bench.views))
    view = await bench.shown("newer")
    assert view.release is not None and view.release.version == "0.2.0"
    assert view.kind is InstallKind.PIP and view.command.endswith("--upgrade kikipounamu")
    bench.updates.ask(CheckForUpdates())
    await until(lambda: len(bench.asked) == 2 and bench.views[-1].state == "newer")
    assert sum(view.announce for view in bench.views) == 1


async def test_second_start_knows_the_version_and_does_not_ask_again_that_day() -> None:
    keep(folders().data / FILE, Memory(MADE_S, MADE_S, index_of("0.2.0").releases[0], "0.2.0", MADE_S))
    bench = Bench()
    bench.now_s += 60
    async with bench.updates:
        bench.updates.use(on=True, place=PLACE)
        view = await bench.shown("newer")
        assert view.release is not None and not view.announce and view.asked_s == MADE_S
    assert not bench.asked


async def test_next_day_is_asked_again() -> None:
    keep(folders().data / FILE, Memory(MADE_S - DAY_S, MADE_S))
    bench = Bench()
    bench.content = signed("0.1.0")
    async with bench.updates:
        bench.updates.use(on=True, place=PLACE)
        await until(lambda: bool(bench.asked))
        await bench.shown("current")
    assert len(bench.asked) == 1


async def test_failed_question_does_not_count_as_a_check() -> None:
    keep(folders().data / FILE, Memory(MADE_S - 2 * DAY_S, MADE_S, answered_s=MADE_S - 2 * DAY_S))
    bench = Bench()
    bench.content = b""
    async with bench.updates:
        bench.updates.use(on=True, place=PLACE)
        await until(lambda: "asking" in bench.states)
        view = await bench.shown("current")
    assert view.asked_s == MADE_S - 2 * DAY_S, "the window names the day of the last answer"


async def test_start_is_not_burdened_by_a_question() -> None:
    bench = Bench(settle_s=3600)
    async with bench.updates:
        bench.updates.use(on=True, place=PLACE)
        await until(lambda: bool(bench.views) and bench.views[-1].place_known)
    assert not bench.asked


async def test_failure_is_silent_unless_the_user_asked(bench: Bench) -> None:
    bench.content = b""
    bench.updates.use(on=True, place=PLACE)
    await until(lambda: "asking" in bench.states and bench.views[-1].state == "unknown")
    assert all(view.note is None for view in bench.views) and len(bench.asked) == 1
    bench.updates.ask(CheckForUpdates())
    view = await bench.shown("unknown", failed=True)
    assert view.note is not None and view.note.key == "updates-unreachable"
    bench.updates.use(on=False, place=PLACE)
    await bench.shown("unknown")


async def test_index_that_is_not_trusted_changes_nothing(bench: Bench) -> None:
    bench.content = signed("0.2.0").replace(b"0.2.0", b"0.3.0")
    bench.updates.use(on=False, place=PLACE)
    bench.updates.ask(CheckForUpdates())
    view = await bench.shown("unknown", failed=True)
    assert view.note is not None and view.note.key == "updates-refused" and view.release is None


async def test_user_is_told_when_no_place_is_known(bench: Bench) -> None:
    bench.updates.use(on=True, place=IndexPlace())
    bench.updates.ask(CheckForUpdates())
    view = await bench.shown("unknown", failed=True)
    assert view.note is not None and view.note.key == "updates-no-place" and not view.place_known
    with pytest.raises(PlaceUnknown):
        await ask_index(replace(PLACE, keys=()), 0, MADE_S)


async def test_service_ends_while_a_server_does_not_answer() -> None:
    async def never(url: str) -> bytes:
        await asyncio.get_running_loop().create_future()
        raise AssertionError

    views = list[UpdatesView]()
    async with Updates(views.append, never, lambda: float(MADE_S), lambda: FACTS, 0.0) as updates:
        updates.use(on=True, place=PLACE)
        await until(lambda: bool(views) and views[-1].state == "asking")


async def test_service_continues_after_an_unexpected_error(bench: Bench) -> None:
    await bench.shown("unknown")
    left, fetch = [RuntimeError("on purpose")], bench.updates._fetch

    async def fails_once(url: str) -> bytes:
        if left:
            raise left.pop()
        return await fetch(url)

    bench.updates._fetch = fails_once
    bench.updates.use(on=False, place=PLACE)
    bench.updates.ask(CheckForUpdates())
    await until(lambda: not left)
    bench.updates.ask(CheckForUpdates())
    await bench.shown("newer")
