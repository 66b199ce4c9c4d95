"""Promises: kept, broken or not measured."""

import pytest
from msgspec.structs import replace

from loadtest.measurement.figures import Figures, Reconnection, figures
from loadtest.measurement.promises import Promise, at_most, judge_bystanders, judge_speakers, none_broken
from loadtest.measurement.tally import RefusalCount, Tally
from tests.loadtest.measurement.test_tally import ended


def found(right: int = 2, lag: float = 10.0, refused: int = 0) -> Figures:
    """Return the figures of two segments."""
    tally = Tally(segments=2, right=right, ended=[ended(1.0, lag)] * right)
    if refused:
        tally.refused["503 x"] = RefusalCount(refused, 0, 1.0, 1.0)
    return figures(tally, 1.0, (), (0.0, 1.0))


@pytest.mark.parametrize(("kept", "fine"), [(True, True), (None, True), (False, False)])
def test_only_broken_promises_count(kept: bool | None, fine: bool) -> None:
    assert none_broken([Promise("a", True, ""), Promise("b", kept, "")]) is fine


def test_speakers_are_served_if_every_segment_ended_once() -> None:
    assert judge_speakers(found(refused=3)).kept and not judge_speakers(found(right=1)).kept
    assert "1 of 2 right" in judge_speakers(found(right=1)).found


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        (replace(found(), wrong=1, errors=1), ", 1 wrong"),
        (replace(found(), failed=2, errors=2), ", 2 failed"),
        (replace(found(), missing=1, errors=1), ", 1 without a result"),
        (replace(found(), early=1), ", 1 attempts too early"),
        (replace(found(), back=Reconnection(3, 1, 0, None, None, None)), ", 2 cut clients that did not return"),
    ],
)
def test_broken_promise_of_speakers_names_what_broke_it(broken: Figures, said: str) -> None:
    judged = judge_speakers(broken)
    assert not judged.kept and judged.found == f"2 of 2 right, 0 twice, 0 sessions lost{said}"


@pytest.mark.parametrize(
    ("figures_", "kept"),
    [(found(), True), (found(lag=200.0), False), (found(refused=1), False), (found(right=1), False)],
)
def test_bystanders_are_unharmed_if_prompt_and_never_refused(figures_: Figures, kept: bool) -> None:
    assert judge_bystanders(figures_, 100.0).kept is kept


@pytest.mark.parametrize(("value", "kept"), [(1.0, True), (2.0, True), (2.1, False), (None, None)])
def test_limit_is_inclusive_and_may_be_unmeasured(value: float | None, kept: bool | None) -> None:
    assert at_most("CPU", value, 2.0, "%").kept is kept
