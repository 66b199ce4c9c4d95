"""Held jobs and the renewal of their leases."""

from dataclasses import replace

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from tests.worker.deliveries import delivery
from worker.leases import Leases

NUMBERS = st.integers(0, 5)


def test_waiting_job_is_renewed_without_limit() -> None:
    leases = Leases()
    leases.hold(delivery(0))
    assert leases.to_renew(1e12) == [delivery(0)]


def test_decoding_job_is_renewed_until_its_deadline_but_stays_held() -> None:
    leases = Leases()
    leases.hold(delivery(0))
    leases.decoding([delivery(0)], 100.0)
    assert leases.to_renew(99.9) == [delivery(0)]
    assert leases.to_renew(100.0) == []
    assert leases.holds(delivery(0))


def test_borrowed_job_is_held_but_not_renewed() -> None:
    leases, borrowed = Leases(), replace(delivery(0), borrowed=True)
    leases.hold(borrowed)
    leases.decoding([borrowed], 100.0)
    assert leases.holds(borrowed) and leases.to_renew(0.0) == []


def test_job_whose_outcome_is_on_its_way_is_not_lost() -> None:
    leases = Leases()
    leases.hold(delivery(0))
    leases.decoding([mine := delivery(0)], 100.0)
    leases.settling(mine)
    assert leases.to_renew(0.0) == [mine] and leases.lose([mine]) == []
    assert leases.release([mine.key]) == [mine]


def test_job_delivered_again_is_not_lost_by_a_late_answer() -> None:
    leases, before, again = Leases(), delivery(0), delivery(0)
    leases.hold(again)
    assert before == again and leases.lose([before]) == []
    assert leases.lose([again]) == [again] and not leases.holds(again)
    assert leases.lose([again]) == [], "it was settled while its lease was renewed"


def test_leases_distinguish_entries_of_different_streams() -> None:
    leases = Leases()
    leases.hold(delivery(0))
    assert delivery(0).entry == delivery(1).entry and not leases.holds(delivery(1))


def test_release_returns_the_jobs_that_were_held() -> None:
    leases = Leases()
    leases.hold(delivery(0))
    assert leases.release([delivery(1).key, delivery(0).key]) == [delivery(0)]
    assert leases.release([delivery(0).key]) == []
    assert len(leases) == 0


class LeasesMachine(RuleBasedStateMachine):
    """State machine that compares leases with a dictionary from job number to end of renewal."""

    def __init__(self) -> None:
        super().__init__()
        self.leases = Leases()
        self.model: dict[int, float] = {}
        self.now = 0.0

    @rule(number=NUMBERS)
    def hold(self, number: int) -> None:
        self.leases.hold(delivery(number))
        self.model[number] = float("inf")

    @rule(number=NUMBERS, seconds=st.floats(0, 20))
    def decode(self, number: int, seconds: float) -> None:
        if number in self.model:
            self.leases.decoding([delivery(number)], self.now + seconds)
            self.model[number] = self.now + seconds

    @rule(number=NUMBERS)
    def release(self, number: int) -> None:
        held = [delivery(number)] if self.model.pop(number, None) is not None else []
        assert self.leases.release([delivery(number).key]) == held

    @rule(seconds=st.floats(0, 10))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @invariant()
    def agree(self) -> None:
        assert len(self.leases) == len(self.model)
        expected = {number for number, until in self.model.items() if self.now < until}
        assert {one.job.segment for one in self.leases.to_renew(self.now)} == expected
        assert all(self.leases.holds(delivery(number)) == (number in self.model) for number in range(6))


TestLeasesMachine = LeasesMachine.TestCase
