"""Takes are recognised again one at a time, with a bounded queue, and can be stopped."""

import asyncio
from functools import partial
from uuid import UUID

import pytest

from app.history.errors import NotRerun
from app.history.rerecognition import MOST_WAITING, OnProgress, RerecognitionQueue
from app.history.view import RerunOptions, RerunState, RerunView
from app.journal.events import Reran
from client.errors import GatewayError, SessionLost, Unreachable
from protocol.recognition import Options
from tests.app.history.takes import session
from tests.helpers.waiting import wait_until

CAME = Reran("", Options(), True, "m", "text")


class Recogniser:
    """Fake recogniser; each release of ``go`` ends one run."""

    def __init__(self) -> None:
        self.asked: list[tuple[UUID, RerunOptions]] = []
        self.go = asyncio.Semaphore(0)
        self.error: Exception | None = None

    async def rerun(self, wanted: UUID, options: RerunOptions, on_progress: OnProgress) -> Reran:
        self.asked.append((wanted, options))
        on_progress(1, 2)
        await self.go.acquire()
        if self.error:
            raise self.error
        return CAME


def states(told: list[RerunView], number: int) -> list[RerunState]:
    return [one.state for one in told if one.session == session(number)]


async def test_queue_runs_takes_one_at_a_time_and_once() -> None:
    recogniser, told, came = Recogniser(), list[RerunView](), list[UUID]()
    async with RerecognitionQueue(recogniser.rerun, told.append, lambda wanted, run: came.append(wanted)) as queue:
        for number in (1, 2, 1):
            queue.ask(session(number), RerunOptions(f"model-{number}"))
        await wait_until(lambda: recogniser.asked, "the first")
        assert states(told, 2) == [RerunState.WAITING]
        recogniser.go.release()
        await wait_until(lambda: len(recogniser.asked) == 2, "the second")
        recogniser.go.release()
        await wait_until(lambda: RerunState.DONE in states(told, 2), "both")
    assert recogniser.asked == [(session(number), RerunOptions(f"model-{number}")) for number in (1, 2)]
    assert came == [session(1), session(2)]
    assert RerunView(session(1), RerunState.RUNNING, 1, 2) in told


async def test_queue_stops_running_and_queued_takes() -> None:
    recogniser, told = Recogniser(), list[RerunView]()
    async with RerecognitionQueue(recogniser.rerun, told.append, lambda wanted, run: None) as queue:
        for number in (1, 2, 3, 4):
            queue.ask(session(number), RerunOptions())
        await wait_until(lambda: recogniser.asked, "the first")
        queue.stop(session(2))
        queue.stop(session(1))
        queue.stop(session(9))
        await wait_until(lambda: len(recogniser.asked) == 2, "the third is next")
        queue.stop(session(3))
        queue.stop(session(3))
        await wait_until(lambda: len(recogniser.asked) == 3, "the fourth")
        for number in (1, 2, 3):
            assert states(told, number)[-1] is RerunState.STOPPED
        recogniser.go.release()
        await wait_until(lambda: states(told, 4)[-1] is RerunState.DONE, "the fourth")
    assert [wanted for wanted, _ in recogniser.asked] == [session(1), session(3), session(4)]


async def test_full_queue_refuses_a_take() -> None:
    recogniser, told = Recogniser(), list[RerunView]()
    async with RerecognitionQueue(recogniser.rerun, told.append, lambda wanted, run: None) as queue:
        for number in range(MOST_WAITING + 2):
            queue.ask(session(number), RerunOptions())
        last = told[-1]
        assert last.session == session(MOST_WAITING + 1) and last.state is RerunState.FAILED
        assert last.note is not None and last.note.key == "again-full"


@pytest.mark.parametrize(
    ("error", "key"),
    [
        (Unreachable("nobody"), "gateway-unreachable"),
        (SessionLost("silence"), "again-silent"),
        (NotRerun("nothing"), "again-failed"),
        (GatewayError("else"), "session-lost"),
    ],
)
async def test_queue_reports_failure_and_continues(error: Exception, key: str) -> None:
    recogniser, told = Recogniser(), list[RerunView]()
    recogniser.error = error
    async with RerecognitionQueue(recogniser.rerun, told.append, lambda wanted, run: None) as queue:
        for number in (1, 2):
            queue.ask(session(number), RerunOptions())
            recogniser.go.release()
            ended = partial(lambda number: RerunState.FAILED in states(told, number), number)
            await wait_until(ended, "it is reported")
    assert [one.note.key for one in told if one.note] == [key, key]
