"""Who is asked to stop does, wherever it waits; what comes too late is put away."""

import threading
from collections.abc import Callable

import pytest

from speech.models.errors import SourceFailed, Stopped
from speech.models.stopping import NEVER, Stop, wait_for
from tests.speech.models.asking import asked_when


def test_a_check_passes_until_somebody_asks() -> None:
    stop = Stop()
    stop.check()
    stop.sleep(0)
    stop.ask()
    stop.ask()
    assert stop.asked
    with pytest.raises(Stopped, match="is kept"):
        stop.check()
    with pytest.raises(Stopped):
        stop.sleep(1e6)


def test_a_wait_is_woken_while_it_is_entered() -> None:
    stop, told = Stop(), list[str]()
    with stop.waking(lambda: told.append("before")):
        pass
    with stop.waking(lambda: told.append("during")):
        stop.ask()
    with stop.waking(lambda: told.append("after")):
        pass
    assert told == ["during", "after"]


@pytest.mark.parametrize("stop", [NEVER, Stop()])
def test_work_returns_what_it_returns_and_raises_what_it_raises(stop: Stop) -> None:
    def fail() -> int:
        raise SourceFailed("no")

    assert stop.unless(lambda: 7, lambda value: None) == 7
    with pytest.raises(SourceFailed, match="no"):
        stop.unless(fail, lambda value: None)


def test_what_hangs_is_left_and_what_comes_of_it_is_put_away() -> None:
    stop, begun, goes_on, put_away = Stop(), threading.Event(), threading.Event(), threading.Event()
    disposed: list[int] = []

    def work() -> int:
        begun.set()
        assert goes_on.wait(30)
        return 7

    def dispose(value: int) -> None:
        disposed.append(value)
        put_away.set()

    with asked_when(stop, begun.is_set), pytest.raises(Stopped):
        stop.unless(work, dispose)
    goes_on.set()
    assert put_away.wait(30)
    assert disposed == [7]


def test_work_does_not_begin_after_somebody_asked() -> None:
    stop, begun = Stop(), list[int]()
    stop.ask()
    with pytest.raises(Stopped):
        stop.unless(lambda: begun.append(1), lambda value: None)
    assert begun == []


@pytest.mark.parametrize(("taken", "expected"), [(lambda: True, True), (lambda: False, False)])
def test_something_is_waited_for_until_its_deadline(taken: Callable[[], bool], expected: bool) -> None:
    assert wait_for(taken, 0.0, 0.0, NEVER) is expected


def test_waiting_ends_when_somebody_asks() -> None:
    stop = Stop()

    def never() -> bool:
        stop.ask()
        return False

    with pytest.raises(Stopped):
        wait_for(never, 1e6, 1e6, stop)
