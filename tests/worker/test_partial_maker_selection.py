"""Choice of the partials to make."""

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from tests.worker.scripts import PARTIALS, fields_of, question
from worker.core.delivery import PARTIALS as KINDS
from worker.core.delivery import Delivery, read_delivery
from worker.partial_maker import PartialSelection

SESSIONS = st.sampled_from("abcdef")


def asked(session: str, segment: int = 0) -> Delivery:
    """Return a request of ``session``."""
    return Delivery(PARTIALS[0], f"{segment}-0", 1, 0, question(segment, session=session))


def test_partials_batch_is_limited_to_the_slots() -> None:
    partials = PartialSelection()
    assert partials.select(map(asked, "abc"), 2, 0.0) == [asked("a"), asked("b")]
    assert partials.select([], 2, 0.0) == []
    assert partials.dropped == 1


def test_only_the_newest_request_of_a_session_is_kept() -> None:
    partials = PartialSelection()
    assert partials.select([asked("a", 1), asked("b"), asked("a", 2)], 5, 0.0) == [asked("a", 2), asked("b")]
    assert partials.dropped == 1


def test_undecodable_partial_request_is_dropped() -> None:
    broken = read_delivery(PARTIALS[0], "1-0", 1, 1, fields_of(question()) | {b"pcm": b""}, KINDS)
    assert broken.refusal is not None
    assert PartialSelection().select([broken], 5, 0.0) == []


def test_blamed_sessions_are_muted_for_a_minute() -> None:
    partials = PartialSelection()
    partials.mute([asked("a"), asked("b")], 100.0)
    assert partials.select([asked("a", 9), asked("c"), asked("b")], 5, 159.9) == [asked("c")]
    assert partials.select([asked("a", 9)], 5, 160.0) == [asked("a", 9)]


@pytest.mark.parametrize("now", [0.0, 61.0])
def test_muted_sessions_are_bounded_and_the_oldest_expires_first(now: float) -> None:
    partials = PartialSelection()
    partials.mute([asked("first")], 0.0)
    for number in range(1_000):
        partials.mute([asked(str(number))], now)
    assert len(partials.select([asked("first"), asked("0"), asked("999")], 5, now)) == 1


class PartialsMachine(RuleBasedStateMachine):
    """State machine that compares muted sessions with a list of blamed ones."""

    def __init__(self) -> None:
        super().__init__()
        self.partials = PartialSelection()
        self.blamed: list[tuple[str, float]] = []
        self.now = 0.0

    @rule(sessions=st.sets(SESSIONS))
    def mute(self, sessions: set[str]) -> None:
        self.partials.mute(map(asked, sorted(sessions)), self.now)
        self.blamed += [(session, self.now) for session in sessions]

    @rule(seconds=st.floats(0, 50))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @rule(sessions=st.lists(SESSIONS), slots=st.integers(1, 4))
    def ask(self, sessions: list[str], slots: int) -> None:
        before = self.partials.dropped
        wanted = self.partials.select(map(asked, sessions), slots, self.now)
        names = [delivery.job.session for delivery in wanted]
        assert len(set(names)) == len(names) <= slots and set(names) <= set(sessions)
        assert self.partials.dropped - before == len(sessions) - len(wanted)

    @invariant()
    def agree(self) -> None:
        muted = {session for session, at in self.blamed if self.now < at + 60.0}
        heard = self.partials.select(map(asked, "abcdef"), 6, self.now)
        assert {delivery.job.session for delivery in heard} == set("abcdef") - muted


TestPartialsMachine = PartialsMachine.TestCase
