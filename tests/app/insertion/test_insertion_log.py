"""Log entries for inserted and held texts."""

from uuid import UUID

from structlog.testing import capture_logs

from app.core.transcript import Segment
from app.insertion.insertion_log import InsertionStory

SESSION = UUID(int=1)


def test_text_is_logged_once_with_its_waiting_time() -> None:
    now = 10.0
    story = InsertionStory(clock=lambda: now)
    with capture_logs() as lines:
        story.began(SESSION, 0)
        story.recognised(SESSION, Segment(0, 0, 1_000, "secret words"))
        story.recognised(SESSION, Segment(1, 0, 1_000, "secret words"))
        now = 10.4
        story.inserted(SESSION, 0)
        story.held(SESSION, 1)
        story.closed(SESSION)
        story.inserted(SESSION, 1)
    inserted, held, later = lines
    assert (inserted["event"], inserted["segment"], inserted["after_ms"]) == ("text.inserted", 0, 400)
    assert (held["event"], held["after_ms"]) == ("text.held", 400)
    assert later["event"] == "text.inserted" and "after_ms" not in later
    assert all(line["session"] == str(SESSION) for line in lines) and "secret" not in str(lines)


def test_waiting_times_of_texts_never_inserted_are_dropped() -> None:
    now = 0.0
    story = InsertionStory(clock=lambda: now)
    with capture_logs() as lines:
        for segment in range(1_001):
            story.recognised(SESSION, Segment(segment, 0, 1_000, ""))
        for segment in (0, 1_000):
            story.inserted(SESSION, segment)
    assert ["after_ms" in line for line in lines] == [False, True]
