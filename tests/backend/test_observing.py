from backend.observing import News, Observer, Observers, RefusalReason
from backend.segments import Course
from protocol.errors import ErrorCode
from protocol.job import JobKind
from protocol.session import Failed, Final, GatewayMessage

COURSE = Course(16_000, 0, 1.0, 2.0, 2.1, 0.0, 0, False)


class Ear(Observer):
    """Writes down what it hears."""

    def __init__(self) -> None:
        self.heard: list[object] = []

    def bound(self, session: str, resumed: bool) -> None:
        self.heard.append(("bound", session, resumed))

    def unbound(self, session: str) -> None:
        self.heard.append(("unbound", session))

    def told(self, session: str, message: GatewayMessage, samples: int) -> None:
        self.heard.append(("told", session, message, samples))

    def concluded(self, session: str, outcome: Final | Failed, course: Course) -> None:
        self.heard.append(("concluded", session, outcome, course))

    def cancelled(self, session: str, segment: int) -> None:
        self.heard.append(("cancelled", session, segment))

    def attempted(self, kind: JobKind, made: bool) -> None:
        self.heard.append((kind, made))

    def refused(self, reason: RefusalReason) -> None:
        self.heard.append(reason)


def tell_all(observer: Observer) -> None:
    """One call of everything there is."""
    observer.bound("s", True)
    observer.told("s", Final(0, "a"), 16_000)
    observer.concluded("s", Final(0, "a"), COURSE)
    observer.unbound("s")
    observer.cancelled("s", 1)
    observer.attempted(JobKind.HYPOTHESISE, True)
    observer.refused(RefusalReason.LOAD)


def test_each_of_several_hears_everything_in_order() -> None:
    ears = Ear(), Ear()
    tell_all(Observers(ears))
    expected = [
        ("bound", "s", True),
        ("told", "s", Final(0, "a"), 16_000),
        ("concluded", "s", Final(0, "a"), COURSE),
        ("unbound", "s"),
        ("cancelled", "s", 1),
        (JobKind.HYPOTHESISE, True),
        RefusalReason.LOAD,
    ]
    assert [ear.heard for ear in ears] == [expected, expected]


def test_whoever_wants_to_hear_nothing_need_not() -> None:
    tell_all(Observer())


def test_a_result_is_news_once_until_it_was_received() -> None:
    news = News()
    final = Final(0, "a")
    assert [news.is_new("s", final) for _ in range(3)] == [True, False, False]
    assert news.is_new("t", final) and news.is_new("s", Final(1, "b"))
    news.received("s", 0)
    assert not news.is_new("s", Final(1, "b"))


def test_each_attempt_that_fails_is_news_and_so_is_the_text_after_it() -> None:
    news = News()
    told: list[Failed | Final] = [
        *(Failed(0, ErrorCode.ENGINE_FAILED, "no", attempt=n) for n in (0, 0, 1, 1)),
        *[Final(0, "a")] * 2,
    ]
    assert [news.is_new("s", message) for message in told] == [True, False, True, False, True, False]


def test_a_failure_that_was_received_is_no_news_to_whoever_comes_back() -> None:
    news = News()
    assert news.is_new("s", Failed(0, ErrorCode.ENGINE_FAILED, "no", attempt=2))
    news.received("s", 0)
    assert not news.is_new("s", Failed(0, ErrorCode.ENGINE_FAILED, "no", attempt=2))
    assert news.is_new("s", Failed(0, ErrorCode.ENGINE_FAILED, "no", attempt=3))


def test_what_nobody_receives_is_forgotten_when_it_is_too_much() -> None:
    news = News(most=2)
    for segment in range(3):
        assert news.is_new("s", Final(segment, "a"))
    assert not news.is_new("s", Final(2, "a")) and news.is_new("s", Final(0, "a"))
