from collections.abc import Callable, Sequence
from typing import Any

from backend.core.refusal import RefusalReason
from backend.sessions.observers import MOST_GATHERED, Conclusion, Observer, Observers, UnconfirmedResults
from protocol.errors import ErrorCode
from protocol.job import JobKind
from protocol.session import Failed, Final, GatewayMessage, Partial, Queued
from tests.backend.conclusions import concluded
from tests.helpers.waiting import wait_until


class DelayedCalls(list[tuple[float, Callable[[], None]]]):
    """Recorded calls with their delay in seconds."""

    def __call__(self, seconds: float, act: Callable[[], None]) -> None:
        self.append((seconds, act))


class Recorder(Observer):
    """Observer that records events."""

    def __init__(self) -> None:
        self.events: list[Any] = []

    def bound(self, session: str, resumed: bool) -> None:
        self.events.append(("bound", session, resumed))

    def unbound(self, session: str) -> None:
        self.events.append(("unbound", session))

    def message_sent(self, session: str, message: GatewayMessage) -> None:
        self.events.append(("sent", session, message))

    def concluded(self, conclusions: Sequence[Conclusion]) -> None:
        self.events.append(("concluded", [one.outcome for one in conclusions]))

    def cancelled(self, session: str, segment: int) -> None:
        self.events.append(("cancelled", session, segment))

    def attempted(self, kind: JobKind, made: bool) -> None:
        self.events.append((kind, made))

    def refused(self, reason: RefusalReason) -> None:
        self.events.append(reason)


def notify_all(observer: Observer) -> None:
    """Call each method of an observer once."""
    observer.bound("s", True)
    observer.message_sent("s", Queued(0))
    observer.message_sent("s", Partial(0, 1, "a"))
    observer.concluded(concluded(Final(0, "a")))
    observer.unbound("s")
    observer.cancelled("s", 1)
    observer.attempted(JobKind.HYPOTHESISE, True)
    observer.refused(RefusalReason.LOAD)


def test_observers_get_all_events_in_order() -> None:
    recorders, later = (Recorder(), Recorder()), DelayedCalls()
    notify_all(observers := Observers(recorders, later))
    (_, flush) = later.pop()
    flush()
    observers.flush()
    expected = [
        ("bound", "s", True),
        ("sent", "s", Partial(0, 1, "a")),
        ("unbound", "s"),
        ("cancelled", "s", 1),
        (JobKind.HYPOTHESISE, True),
        RefusalReason.LOAD,
        ("concluded", [Final(0, "a")]),
    ]
    assert [recorder.events for recorder in recorders] == [expected, expected]


def test_results_are_reported_in_bounded_batches() -> None:
    recorder, later = Recorder(), DelayedCalls()
    observers = Observers([recorder], later)
    for segment in range(MOST_GATHERED + 2):
        observers.concluded(concluded(Final(segment, "a")))
    assert [len(outcomes) for _, outcomes in recorder.events] == [MOST_GATHERED]
    assert [0 < seconds <= 1 for seconds, _ in later] == [True, True]
    observers.flush()
    assert [len(outcomes) for _, outcomes in recorder.events] == [MOST_GATHERED, 2]


async def test_results_are_reported_soon() -> None:
    recorder = Recorder()
    Observers([recorder]).concluded(concluded(Final(0, "a")))
    assert recorder.events == []
    await wait_until(lambda: recorder.events, "the result is reported")


def test_base_observer_ignores_all_events() -> None:
    notify_all(Observer())


def test_result_is_new_once_until_received() -> None:
    news = UnconfirmedResults()
    final = Final(0, "a")
    assert [news.is_new("s", final) for _ in range(3)] == [True, False, False]
    assert news.is_new("t", final) and news.is_new("s", Final(1, "b"))
    news.received("s", 0)
    assert not news.is_new("s", Final(1, "b"))


def test_each_failed_attempt_and_the_later_text_are_new() -> None:
    news = UnconfirmedResults()
    message_sent: list[Failed | Final] = [
        *(Failed(0, ErrorCode.ENGINE_FAILED, "no", attempt=n) for n in (0, 0, 1, 1)),
        *[Final(0, "a")] * 2,
    ]
    assert [news.is_new("s", message) for message in message_sent] == [True, False, True, False, True, False]


def test_received_failure_is_not_new_on_reconnect() -> None:
    news = UnconfirmedResults()
    assert news.is_new("s", Failed(0, ErrorCode.ENGINE_FAILED, "no", attempt=2))
    news.received("s", 0)
    assert not news.is_new("s", Failed(0, ErrorCode.ENGINE_FAILED, "no", attempt=2))
    assert news.is_new("s", Failed(0, ErrorCode.ENGINE_FAILED, "no", attempt=3))


def test_unreceived_results_are_forgotten_above_limit() -> None:
    news = UnconfirmedResults(most=2)
    for segment in range(3):
        assert news.is_new("s", Final(segment, "a"))
    assert not news.is_new("s", Final(2, "a")) and news.is_new("s", Final(0, "a"))
