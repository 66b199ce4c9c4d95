import asyncio
import os
import re
import threading
import time
from functools import partial
from pathlib import Path

import pytest

from app.insertion.errors import InsertionUnavailable, ScreenGone
from app.insertion.x11.connection import X11Connection, XThread
from tests.helpers.desktop import Desktop, running_desktop
from tests.helpers.waiting import DEADLINE_S, wait_until, wait_until_sync

ROOT = Path(__file__).resolve().parents[4]
GRAB = re.compile(r"\bgrab_server\b")


def test_program_of_a_window_is_its_process(connection: X11Connection) -> None:
    assert connection.program(connection.window.id) == os.getpid()


def test_server_time_increases(connection: X11Connection) -> None:
    first = connection.server_time()
    connection.wait(lambda: False, 0.02)
    assert 0 < first < connection.server_time()


def test_wait_ends_with_its_condition_or_deadline(connection: X11Connection) -> None:
    done: list[int] = []
    connection.at(time.monotonic() + 0.02, lambda: done.append(1))
    assert connection.wait(lambda: bool(done), DEADLINE_S)
    assert not connection.wait(lambda: False, 0.01)


async def test_work_runs_in_order_in_one_thread(screen: Desktop) -> None:
    thread = XThread(screen.display)
    await thread.open()
    order: list[int] = []

    def work(number: int, _: X11Connection) -> int:
        order.append(number)
        return threading.get_ident()

    done = [thread.submit(partial(work, number)) for number in range(20)]
    idents = {await asyncio.wrap_future(future) for future in done}
    assert order == list(range(20))
    assert len(idents - {threading.get_ident()}) == 1
    with pytest.raises(ZeroDivisionError):
        await thread.call(lambda _: 1 // 0)
    assert await thread.call(lambda _: 2) == 2
    await thread.close()
    await thread.close()
    with pytest.raises(ScreenGone):
        await thread.call(lambda _: 3)


async def test_error_says_what_to_do_without_a_screen() -> None:
    with pytest.raises(InsertionUnavailable, match="DISPLAY"):
        await XThread(":nowhere").open()


async def test_unexpected_error_while_connecting_is_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*arguments: object) -> X11Connection:
        raise ValueError("on purpose")

    monkeypatch.setattr("app.insertion.x11.connection.X11Connection", fail)
    with pytest.raises(InsertionUnavailable, match="ValueError"):
        async with asyncio.timeout(DEADLINE_S):
            await XThread(":nowhere").open()


async def test_work_submitted_while_the_thread_ends_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    thread = XThread(":nowhere")
    monkeypatch.setattr(thread, "_wake", thread._gone.set)  # the thread has just looked for the last time
    assert isinstance(thread.submit(lambda _: 1).exception(timeout=DEADLINE_S), ScreenGone)
    await thread.close()


async def test_pending_work_fails_when_the_screen_is_lost(tmp_path: Path) -> None:
    with running_desktop(tmp_path, tray=False) as desktop:
        thread = XThread(desktop.display)
        await thread.open()
        waiting = thread.submit(lambda connection: connection.wait(lambda: False, 60))
        later = thread.submit(lambda _: 1)
    await wait_until(lambda: waiting.done() and later.done(), "both are told")
    assert isinstance(waiting.exception(), ScreenGone) and isinstance(later.exception(), ScreenGone)
    await thread.close()


def test_server_is_grabbed_only_in_one_place() -> None:
    """Only ``X11Connection.grabbed`` may do it, because it reports each grab."""
    folders = ("app", "tests", "benchmarks", "scripts")
    sources = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    found = {str(path.relative_to(ROOT)): len(GRAB.findall(path.read_text())) for path in sources}
    assert {path: count for path, count in found.items() if count} == {"app/insertion/x11/connection.py": 1}


async def test_server_cannot_be_grabbed_without_a_grab_observer(screen: Desktop) -> None:
    thread = XThread(screen.display)
    await thread.open()

    def grab(connection: X11Connection) -> None:
        with connection.grabbed():
            pass

    with pytest.raises(AssertionError, match="only the helper"):
        await thread.call(grab)
    await thread.close()


def test_server_answers_no_other_client_while_grabbed(connection: X11Connection, other: X11Connection) -> None:
    answered = threading.Event()

    def ask() -> None:
        other.display.sync()
        answered.set()

    asking = threading.Thread(target=ask)
    with connection.grabbed():
        connection.display.sync()
        asking.start()
        for _ in range(100):
            connection.display.sync()
        assert not answered.is_set()
    wait_until_sync(answered.is_set, "it answers again")
    asking.join()
