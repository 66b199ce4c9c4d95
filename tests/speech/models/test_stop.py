"""Stop requests: they end every wait, and late results are disposed of."""

import threading
from collections.abc import Callable

import pytest

from speech.models.errors import SourceFailed, Stopped
from speech.models.stop import NEVER, Stop, wait_for
from tests.speech.models.stopping import stopped_when


def test_check_raises_once_a_stop_is_requested() -> None:
    stop = Stop()
    stop.check()
    stop.sleep(0)
    stop.request()
    stop.request()
    with pytest.raises(Stopped, match="are kept"):
        stop.check()
    with pytest.raises(Stopped):
        stop.sleep(1e6)


def test_stop_wakes_registered_waits() -> None:
    stop, calls = Stop(), list[str]()
    with stop.waking(lambda: calls.append("before")):
        pass
    with stop.waking(lambda: calls.append("during")):
        stop.request()
    with stop.waking(lambda: calls.append("after")):
        pass
    assert calls == ["during", "after"]


@pytest.mark.parametrize("stop", [NEVER, Stop()])
def test_unless_returns_or_raises_like_its_work(stop: Stop) -> None:
    def fail() -> int:
        raise SourceFailed("no")

    assert stop.unless(lambda: 7, lambda value: None) == 7
    with pytest.raises(SourceFailed, match="no"):
        stop.unless(fail, lambda value: None)


def test_unless_abandons_hanging_work_and_disposes_of_its_result() -> None:
    stop, begun, goes_on, put_away = Stop(), threading.Event(), threading.Event(), threading.Event()
    disposed: list[int] = []

    def work() -> int:
        begun.set()
        assert goes_on.wait(30)
        return 7

    def dispose(value: int) -> None:
        disposed.append(value)
        put_away.set()

    with stopped_when(stop, begun.is_set), pytest.raises(Stopped):
        stop.unless(work, dispose)
    goes_on.set()
    assert put_away.wait(30)
    assert disposed == [7]


def test_unless_does_not_start_work_after_a_stop() -> None:
    stop, begun = Stop(), list[int]()
    stop.request()
    with pytest.raises(Stopped):
        stop.unless(lambda: begun.append(1), lambda value: None)
    assert begun == []


@pytest.mark.parametrize(("condition", "expected"), [(lambda: True, True), (lambda: False, False)])
def test_wait_for_ends_at_its_deadline(condition: Callable[[], bool], expected: bool) -> None:
    assert wait_for(condition, 0.0, 0.0, NEVER) is expected


def test_wait_for_ends_when_a_stop_is_requested() -> None:
    stop = Stop()

    def never() -> bool:
        stop.request()
        return False

    with pytest.raises(Stopped):
        wait_for(never, 1e6, 1e6, stop)
