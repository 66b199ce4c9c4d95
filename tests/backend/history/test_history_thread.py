"""Test the store's thread: its callers, its deadlines, and a database that is away."""

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from backend.core.errors import HistoryBusy, HistoryUnavailable
from backend.history.history_thread import MOST_WAITING, AsyncHistory, open_history
from backend.history.records import HistoryLimits, SessionFilter
from backend.history.store import Store, open_store
from runtime.clocks import WallClock
from tests.backend.history.feed import final
from tests.helpers.waiting import wait_until

LIMITS = HistoryLimits(0, 0)


class StoreFactory:
    """Factory of stores in ``folder`` that fails while ``away``, and counts its calls."""

    def __init__(self, folder: Path) -> None:
        self._url = f"sqlite:///{folder}/history.sqlite"
        self.away = False
        self.count = 0

    def __call__(self, url: str) -> Store:
        self.count += 1
        if self.away:
            raise HistoryUnavailable("nobody answers")
        return open_store(self._url)


@pytest.fixture
def opening(tmp_path: Path) -> StoreFactory:
    return StoreFactory(tmp_path)


def fail(store: Store) -> None:
    raise HistoryUnavailable("it went away")


def sessions(store: Store) -> int:
    return len(store.sessions(SessionFilter()).items)


async def test_all_calls_run_in_one_other_thread(opening: StoreFactory) -> None:
    async with open_history("", LIMITS, opening) as history:
        await history.ask(lambda store: store.record([final()]))
        assert await history.ask(sessions) == 1
        threads = {await history.ask(lambda _: threading.get_ident()) for _ in range(3)}
    assert len(threads) == 1 and threads != {threading.get_ident()}
    with pytest.raises(HistoryUnavailable, match="closed"):
        await history.ask(sessions)


async def test_unavailable_database_fails_at_once_and_is_opened_later(opening: StoreFactory) -> None:
    opening.away = True
    async with open_history("", LIMITS, opening) as history:
        assert not history.up
        with pytest.raises(HistoryUnavailable, match="nobody answers"):
            await history.ask(sessions)
        await wait_until(lambda: opening.count > 1, "it is tried again")
        opening.away = False
        await wait_until(lambda: history.up, "it is open")
        assert await history.ask(sessions) == 0


async def test_lost_database_is_reopened(opening: StoreFactory) -> None:
    async with open_history("", LIMITS, opening) as history:
        before = opening.count
        with pytest.raises(HistoryUnavailable, match="went away"):
            await history.ask(fail)
        assert not history.up
        await wait_until(lambda: history.up, "it is open")
        assert opening.count == before + 1
        assert await history.ask(sessions) == 0


async def test_error_of_a_caller_does_not_close_history(opening: StoreFactory) -> None:
    async with open_history("", LIMITS, opening) as history:
        with pytest.raises(ZeroDivisionError):
            await history.ask(lambda _: 1 // 0)
        assert history.up


async def block_thread(history: AsyncHistory, release: threading.Event) -> Callable[[], None]:
    """Block the store's thread until ``release`` is set."""
    began = threading.Event()

    def work(_: Store) -> None:
        began.set()
        release.wait(30)

    task = asyncio.create_task(history.ask(work))
    await wait_until(began.is_set, "it has begun")

    def end() -> None:
        release.set()
        task.cancel()

    return end


async def test_callers_above_limit_are_refused(opening: StoreFactory) -> None:
    async with open_history("", LIMITS, opening) as history:
        release = await block_thread(history, threading.Event())
        waiting = [asyncio.create_task(history.ask(sessions)) for _ in range(MOST_WAITING)]
        await asyncio.sleep(0)
        with pytest.raises(HistoryBusy):
            await history.ask(sessions)
        release()
        answers = await asyncio.gather(*waiting, return_exceptions=True)
        refused = [answer for answer in answers if isinstance(answer, HistoryBusy)]
        assert 1 <= len(refused) <= 2, "the blocked call has a place, and at times the upkeep"
        assert answers.count(0) == MOST_WAITING - len(refused)
        assert history.up


async def test_call_after_deadline_is_unavailable_and_never_runs(opening: StoreFactory) -> None:
    async with open_history("", LIMITS, opening) as history:
        release = await block_thread(history, threading.Event())
        done: list[bool] = []
        with pytest.raises(HistoryUnavailable, match=r"0\.01 s"):
            await history.ask(lambda _: done.append(True), deadline_s=0.01)
        release()
        await wait_until(lambda: history.up, "it is open")
        assert await history.ask(sessions) == 0
        assert done == []


async def test_expired_sessions_are_deleted(opening: StoreFactory) -> None:
    store = opening("")
    store.record([final("old", f"s{n}") for n in range(45)])  # two years old
    store.close()
    async with open_history("", HistoryLimits(days=1), opening) as history:

        async def empty() -> bool:
            return await history.ask(sessions) == 0

        await wait_until(empty, "nothing is left")


async def test_clock_change_expires_no_session(opening: StoreFactory) -> None:
    store = opening("")
    store.record([final("new", f"s{n}") for n in range(3)])
    store.close()
    days, looks = [0], 0

    def now_s() -> float:
        nonlocal looks
        looks += 1
        return days[0] * 86_400.0

    clock, seen = WallClock(now_s, lambda: 0.0), looks
    days[0] = 900
    async with open_history("", HistoryLimits(days=1), opening, clock) as history:
        await wait_until(lambda: looks > seen, "it is looked after")
        assert await history.ask(sessions) == 3


async def test_refused_upkeep_does_not_end_history(opening: StoreFactory) -> None:
    async with open_history("", HistoryLimits(days=10**12), opening) as history:  # the cutoff date is out of range
        await history.ask(sessions)
        with pytest.raises(HistoryUnavailable, match="went away"):
            await history.ask(fail)
        await wait_until(lambda: history.up, "it is open")
        assert await history.ask(sessions) == 0
