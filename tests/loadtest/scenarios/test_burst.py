"""Burst beyond the capacity: everything is recognised once, refusals have a reason and a time."""

import time

import pytest

from client.connection import Locate
from loadtest.measurement.figures import figures
from loadtest.measurement.tally import RefusalCount, Tally, TallyRecorder
from loadtest.scenarios.burst import Aftermath, Burst, judge, run_burst


def kept(kind: str, refused: RefusalCount, early: int = 0, accepting: bool = True) -> list[bool | None]:
    """Return which promises are kept after refusals of one kind."""
    tally = Tally(segments=1, right=1, early=early, refused={kind: refused})
    return [promise.kept for promise in judge(figures(tally, 1.0, (), (0.0, 1.0)), Aftermath(accepting))]


async def test_burst_is_recognised_and_the_gateway_accepts_again(locate: Locate) -> None:
    recorder, after = TallyRecorder(time.monotonic()), Aftermath()
    await run_burst(Burst(30, 4.0, seconds=0.3, ramp_s=0.1, pace=0.05), locate, recorder, after)
    assert recorder.tally.flawless and recorder.tally.finished == 30, recorder.tally.complaints
    assert after.accepting


@pytest.mark.parametrize(
    ("kind", "refused", "explained"),
    [
        ("503 the expected wait is # s", RefusalCount(3, 0, 2.0, 9.0), True),
        ("429 this gateway has # connections", RefusalCount(1, 0, 5.0, 5.0), True),
        ("1013 busy", RefusalCount(2, 2), True),
        ("503 without a reason", RefusalCount(1, 0, 2.0, 2.0), False),
        ("503 the expected wait is # s", RefusalCount(2, 1, 2.0, 2.0), False),
        ("500 oh", RefusalCount(1, 0, 2.0, 2.0), False),
    ],
)
def test_refusals_need_a_reason_and_before_the_upgrade_a_time(
    kind: str, refused: RefusalCount, explained: bool
) -> None:
    assert kept(kind, refused) == [True, explained, True, True]


def test_early_clients_and_a_closed_gateway_break_promises() -> None:
    assert kept("1013 busy", RefusalCount(1, 1), early=1, accepting=False) == [False, True, False, False]
