import asyncio
import os
import re
import threading
import time
from functools import partial
from pathlib import Path
from unittest.mock import Mock

import pytest
from Xlib.error import ConnectionClosedError

from app.x11.connection import X11Connection, XThread
from app.x11.errors import X11Gone, X11Missing
from tests.helpers.desktop import Desktop, running_desktop
from tests.helpers.logs import capture_logs
from tests.helpers.waiting import DEADLINE_S, wait_until, wait_until_sync

ROOT = Path(__file__).resolve().parents[3]
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
    with pytest.raises(X11Gone):
        await thread.call(lambda _: 3)


async def test_error_names_the_display_that_is_missing() -> None:
    with pytest.raises(X11Missing, match=":nowhere"):
        await XThread(":nowhere").open()


async def test_unexpected_error_while_connecting_is_raised_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*arguments: object) -> X11Connection:
        raise ValueError("on purpose")

    monkeypatch.setattr("app.x11.connection.X11Connection", fail)
    with capture_logs() as logs, pytest.raises(X11Missing, match="ValueError: see the log"):
        await XThread(":nowhere", answer_s=None).open()
    assert [line["event"] for line in logs] == ["screen.failed"]


async def test_unexpected_error_of_a_handler_is_reported_and_closes_the_connection(screen: Desktop) -> None:
    thread, lost = XThread(screen.display), list[X11Gone]()
    thread.lost = lost.append

    def fail(event: object) -> None:
        raise ValueError("on purpose")

    def spoil(connection: X11Connection) -> X11Connection:
        connection.handlers.append(fail)
        connection.window.change_property(connection.atom("X"), connection.atom("INTEGER"), 32, [0])
        return connection

    with capture_logs() as logs:
        await thread.open()
        connection = await thread.call(spoil)
        await wait_until(lambda: lost, "it is reported")
    assert "see the log" in str(lost[0]) and [line["event"] for line in logs] == ["screen.failed"]
    await thread.close()
    with pytest.raises(ConnectionClosedError):
        connection.display.sync()


async def test_connection_is_closed_when_the_server_answers_after_the_caller_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked, answer, connection = threading.Event(), threading.Event(), Mock()

    def connect(*arguments: object) -> Mock:
        asked.set()
        answer.wait(DEADLINE_S)
        return connection

    monkeypatch.setattr("app.x11.connection.X11Connection", connect)
    opening = asyncio.create_task(XThread(None).open())
    await wait_until(asked.is_set, "the thread connects")
    opening.cancel()
    await asyncio.sleep(0)  # the task leaves its wait and begins to close
    answer.set()
    with pytest.raises(asyncio.CancelledError):
        await opening
    connection.close.assert_called_once()


async def test_server_that_does_not_answer_is_not_waited_for(screen: Desktop) -> None:
    thread, done, begun = XThread(screen.display, answer_s=0.05), threading.Event(), list[str]()
    await thread.open()

    def hang(_: X11Connection) -> None:
        done.wait(DEADLINE_S)

    with pytest.raises(X11Gone, match=r"not answered for 0\.05 s"):
        await thread.call(hang)
    with pytest.raises(X11Gone, match="not answered"):
        await thread.call(lambda _: begun.append("late"))
    done.set()
    await thread.close()
    assert not begun, "its caller has left"


async def test_work_submitted_while_the_thread_ends_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    thread = XThread(":nowhere")
    monkeypatch.setattr(thread, "_wake", thread._gone.set)  # the thread has just looked for the last time
    assert isinstance(thread.submit(lambda _: 1).exception(timeout=DEADLINE_S), X11Gone)
    await thread.close()


async def test_pending_work_fails_when_the_screen_is_lost(tmp_path: Path) -> None:
    lost = list[X11Gone]()
    with running_desktop(tmp_path, tray=False) as desktop:
        thread = XThread(desktop.display)
        thread.lost = lost.append
        await thread.open()
        waiting = thread.submit(lambda connection: connection.wait(lambda: False, 60))
        later = thread.submit(lambda _: 1)
    await wait_until(lambda: waiting.done() and later.done(), "both have failed")
    assert isinstance(waiting.exception(), X11Gone) and isinstance(later.exception(), X11Gone)
    await wait_until(lambda: lost, "its loss is reported")
    assert "does not answer" in str(lost[0])
    await thread.close()


def test_server_is_grabbed_only_in_one_place() -> None:
    """Only ``X11Connection.hold_server`` may do it, because it reports each grab."""
    folders = ("app", "tests", "benchmarks", "scripts")
    sources = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    found = {str(path.relative_to(ROOT)): len(GRAB.findall(path.read_text())) for path in sources}
    assert {path: count for path, count in found.items() if count} == {"app/x11/connection.py": 1}


async def test_server_cannot_be_grabbed_without_a_grab_observer(screen: Desktop) -> None:
    thread = XThread(screen.display)
    await thread.open()

    def grab(connection: X11Connection) -> None:
        with connection.hold_server():
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
    with connection.hold_server():
        connection.display.sync()
        asking.start()
        for _ in range(100):
            connection.display.sync()
        assert not answered.is_set()
    wait_until_sync(answered.is_set, "it answers again")
    asking.join()
