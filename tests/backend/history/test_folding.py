"""Test which entries of the feed count, in any order, batches and repetitions."""

from hypothesis import given
from hypothesis import strategies as st

from backend.history.folding import SessionChange, StoredFacts, clean, counts, day_of, fold, name
from backend.history.records import FeedEntry
from protocol.rest import SegmentState, SessionKind, SessionState
from tests.backend.history.feed import NOON, NOON_MS, cancelled, failure, final, over

STREAMS = {"s": SessionKind.STREAM, "f": SessionKind.FILE}


@st.composite
def feeds(draw: st.DrawFn) -> list[FeedEntry]:
    """Draw a feed as the broker may write it.

    A segment has failures with growing attempts, then perhaps a final or a cancellation.
    """
    entries = []
    for segment in range(draw(st.integers(1, 3))):
        failures = draw(st.integers(0, 2))
        entries += [failure("s", segment, attempt=attempt) for attempt in range(failures)]
        if draw(st.booleans()):
            entries.append(final(f"text {segment}", "s", segment, attempt=failures))
        if draw(st.booleans()):
            entries.append(cancelled("s", segment))
    if draw(st.booleans()):
        entries.append(over("s"))
    if draw(st.booleans()):
        entries.append(final("more", "s", 3))
    return [entry._replace(at_ms=NOON_MS + number) for number, entry in enumerate(entries)]


def final_state(
    feed: list[FeedEntry],
) -> tuple[dict[int, tuple[SegmentState, int, int, int]], SessionState | None, int, int]:
    """Return the final state: state, attempt, samples and size of each segment; state and times of the session."""
    kept: dict[tuple[str, int], StoredFacts] = {}
    sessions: list[SessionChange] = []
    for entry in feed:
        folded = fold([entry], kept, STREAMS)
        kept |= {key: change.after for key, change in folded.changes.items()}
        sessions += folded.sessions.values()
    newest = max(sessions, key=lambda one: (one.changed_ms, one.state is SessionState.DONE))
    segments = {segment: (one.state, one.attempt, one.samples, one.size) for (_, segment), one in kept.items()}
    return segments, newest.state, min(one.started_ms for one in sessions), newest.changed_ms


@given(feeds().filter(bool), st.data())
def test_fold_gives_equal_result_in_any_order(feed: list[FeedEntry], data: st.DataObject) -> None:
    mixed = data.draw(st.permutations(feed))
    assert final_state(mixed) == final_state(feed)
    assert ends([mixed]) == ends([feed])
    together, apart = fold(mixed, {}, STREAMS).sessions["s"], final_state(feed)
    assert (together.state, together.started_ms, together.changed_ms) == apart[1:]


def ends(batches: list[list[FeedEntry]]) -> dict[int, tuple[SegmentState, int]]:
    """Return the final state of each segment, and check that the session's figures agree."""
    kept: dict[tuple[str, int], StoredFacts] = {}
    total = SessionChange()
    for batch in batches:
        folded = fold(batch, kept, STREAMS)
        kept |= {key: change.after for key, change in folded.changes.items()}
        for change in folded.sessions.values():
            for figure in ("segments", "finals", "failed", "cancelled", "samples", "size"):
                setattr(total, figure, getattr(total, figure) + getattr(change, figure))
    states = [one.state for one in kept.values()]
    assert total.segments == len(states)
    counted = {SegmentState.FINAL: total.finals, SegmentState.FAILED: total.failed}
    counted[SegmentState.CANCELLED] = total.cancelled
    assert all(states.count(state) == number for state, number in counted.items())
    assert total.size == sum(one.size for one in kept.values())
    assert total.samples == sum(one.samples for one in kept.values())
    return {segment: (one.state, one.attempt) for (_, segment), one in kept.items()}


@given(feeds(), st.data())
def test_fold_gives_equal_result_for_any_batches_and_repetitions(
    feed: list[FeedEntry], data: st.DataObject
) -> None:
    cut = data.draw(st.integers(0, len(feed)))
    again = data.draw(st.integers(0, cut))
    assert ends([feed[:cut], feed[again:]]) == ends([feed])
    assert ends([feed, feed]) == ends([feed])
    assert ends([[one] for one in feed]) == ends([feed])


def test_only_the_first_end_of_an_attempt_counts() -> None:
    failed = StoredFacts(SegmentState.FAILED, 1, 100, 10)
    assert not counts(failed, failure(attempt=1))
    assert counts(failed, final(attempt=2))
    planned = StoredFacts(SegmentState.PLANNED, 1, 100, 10)
    assert not counts(planned, failure(attempt=0))
    assert counts(planned, failure(attempt=1))
    assert not counts(StoredFacts(SegmentState.FINAL, 0, 100, 10), final(attempt=5))
    assert counts(None, cancelled())
    assert not counts(StoredFacts(SegmentState.CANCELLED, 0, 0, 10), final(attempt=5))


def test_entries_of_unknown_sessions_are_ignored() -> None:
    folded = fold([final(session="gone"), over("gone")], {}, STREAMS)
    assert (folded.changes, folded.sessions, folded.uses, folded.counted) == ({}, {}, {}, [])


def test_end_entry_finishes_only_streams() -> None:
    assert fold([over("s")], {}, STREAMS).sessions["s"].state is SessionState.DONE
    assert fold([over("f")], {}, STREAMS).sessions == {}


def test_fold_returns_entries_that_changed_a_segment() -> None:
    batch = [failure(), failure(), final(attempt=1), final("late twin", attempt=1)]
    assert fold(batch, {}, STREAMS).counted == [batch[0], batch[2]]


def test_days_are_utc_and_names_are_cleaned_and_cut() -> None:
    assert (day_of(NOON_MS), day_of(0).isoformat()) == (NOON, "1970-01-01")
    assert clean("a\0b\ud800") == "a\ufffdb?"
    assert len(name("x" * 1000)) == 200
