"""Tests of the texts of one take on their way to the cursor."""

from app.dictation.take_texts import NOTHING_BEFORE, TakeTexts, untimed
from app.insertion.outcome import Target
from protocol.texts import TimedText


def take_with(*segments: int) -> TakeTexts:
    """Return a take that has texts of these segments."""
    take = TakeTexts(1)
    for segment in segments:
        take.texts[segment], take.arrived_at[segment] = f"s{segment}", 0.0
    return take


def test_failures_and_late_segments_are_skipped() -> None:
    take = take_with(3)
    take.texts[0] = ""
    ready = [take.reach_text()]
    take.late = {1, 2}
    ready += [take.reach_text()]
    assert (ready, take.first, take.release()) == ([False, True], 3, "s3")
    assert not take.reach_text()


def test_missing_segments_are_skipped_once_take_has_ended() -> None:
    take = take_with(2)
    ready = [take.reach_text()]
    take.ended = True
    assert [*ready, take.reach_text(), take.release()] == [False, True, "s2"]


def test_segments_after_missing_one_are_blocked() -> None:
    take = take_with(0, 2, 3)
    blocked = [list(take.blocked_segments())]
    take.skips_missing = True
    assert [*blocked, list(take.blocked_segments())] == [[2, 3], []]


def test_each_segment_has_own_target_hands_free() -> None:
    take = TakeTexts(1, each=True)
    take.targets[0] = Target(7)
    aims = [(take.target_known, take.target)]
    take.first = 1
    assert [*aims, (take.target_known, take.target)] == [(True, Target(7)), (False, None)]


def test_untimed_keeps_only_text_and_window() -> None:
    assert untimed((TimedText("one", 0, 900), Target(7))) == (TimedText("one"), Target(7))
    assert untimed(NOTHING_BEFORE) == NOTHING_BEFORE
