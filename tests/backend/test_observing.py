from backend.observing import Observer, Observers, RefusalReason
from protocol.session import Final, GatewayMessage


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

    def refused(self, reason: RefusalReason) -> None:
        self.heard.append(reason)


def tell_all(observer: Observer) -> None:
    """One call of everything there is."""
    observer.bound("s", True)
    observer.told("s", Final(0, "a"), 16_000)
    observer.unbound("s")
    observer.refused(RefusalReason.LOAD)


def test_each_of_several_hears_everything_in_order() -> None:
    ears = Ear(), Ear()
    tell_all(Observers(ears))
    expected = [("bound", "s", True), ("told", "s", Final(0, "a"), 16_000), ("unbound", "s"), RefusalReason.LOAD]
    assert [ear.heard for ear in ears] == [expected, expected]


def test_whoever_wants_to_hear_nothing_need_not() -> None:
    tell_all(Observer())
