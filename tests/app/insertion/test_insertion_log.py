"""Log entries for inserted and held texts."""

from uuid import UUID

from app.core.segment_observer import SegmentEvent, SegmentStep
from app.core.transcript import TranscriptSegment
from app.insertion.insertion_log import InsertionLog
from tests.helpers.logs import capture_logs

SESSION = UUID(int=1)


def recognised(segment: int, text: str) -> SegmentEvent:
    return SegmentEvent(SegmentStep.RECOGNISED, SESSION, segment, TranscriptSegment(segment, 0, 1_000, text))


def test_text_is_logged_once_with_its_waiting_time() -> None:
    now = 10.0
    observed = InsertionLog(clock=lambda: now)
    with capture_logs() as lines:
        observed.observe(SegmentEvent(SegmentStep.BEGAN, SESSION, 0))
        observed.observe(recognised(0, "secret words"))
        observed.observe(recognised(1, "secret words"))
        now = 10.4
        observed.observe(SegmentEvent(SegmentStep.INSERTED, SESSION, 0))
        observed.observe(SegmentEvent(SegmentStep.HELD, SESSION, 1))
        observed.observe(SegmentEvent(SegmentStep.CLOSED, SESSION))
        observed.observe(SegmentEvent(SegmentStep.INSERTED, SESSION, 1))
    inserted, held, later = lines
    assert (inserted["event"], inserted["segment"], inserted["after_ms"]) == ("text.inserted", 0, 400)
    assert (held["event"], held["after_ms"]) == ("text.held", 400)
    assert later["event"] == "text.inserted" and "after_ms" not in later
    assert all(line["session"] == str(SESSION) for line in lines) and "secret" not in str(lines)


def test_waiting_times_of_texts_never_inserted_are_dropped() -> None:
    now = 0.0
    observed = InsertionLog(clock=lambda: now)
    with capture_logs() as lines:
        for segment in range(1_001):
            observed.observe(recognised(segment, ""))
        for segment in (0, 1_000):
            observed.observe(SegmentEvent(SegmentStep.INSERTED, SESSION, segment))
    assert ["after_ms" in line for line in lines] == [False, True]
