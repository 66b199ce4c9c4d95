"""Position of a segment at the worker that follows it."""

from backend.sessions.live_stream import LivePace, LivePiece, LiveStream
from protocol.job import Gap, Hypothesis

NOW = 100.0
PACE = LivePace()
STEP = round(PACE.step_s * 16_000)
MOST = round(PACE.piece_s * 16_000)


def hypothesis(samples: int, inbox: str = "w", segment: int = 0) -> Hypothesis:
    """Return the answer to a piece that ended at ``samples``."""
    return Hypothesis("s", segment, "so", 0, samples, inbox)


def followed() -> LiveStream:
    """Return the position of segment 0 at the worker ``w``, which has one step."""
    stream = LiveStream()
    assert stream.due((0, 0), STEP)
    assert stream.ask(STEP, NOW) == LivePiece(0, STEP, "")
    stream.answered(hypothesis(STEP), NOW + 0.1)
    return stream


def test_pieces_follow_each_other_to_the_worker_that_answered() -> None:
    stream = followed()
    assert not stream.due((0, 0), 2 * STEP - 1)
    assert stream.due((0, 0), 2 * STEP)
    assert stream.ask(2 * STEP + 5, NOW) == LivePiece(STEP, 2 * STEP + 5, "w")
    assert not stream.due((0, 0), 9 * STEP), "one request runs at a time"


def test_long_backlog_is_sent_in_pieces() -> None:
    stream = LiveStream()
    assert stream.due((0, 0), 3 * MOST)
    assert stream.ask(3 * MOST, NOW) == LivePiece(0, MOST, "")
    stream.answered(hypothesis(MOST), NOW)
    assert stream.ask(3 * MOST, NOW) == LivePiece(MOST, 2 * MOST, "w")


def test_next_segment_goes_to_the_same_worker_without_the_last_answer() -> None:
    stream = followed()
    stream.ask(2 * STEP, NOW)
    assert stream.due((1, 0), STEP)
    assert stream.ask(STEP, NOW) == LivePiece(0, STEP, "w")
    assert not stream.due((0, 0), 9 * STEP), "an earlier segment is over"
    stream.answered(hypothesis(2 * STEP), NOW)
    assert not stream.due((1, 0), 9 * STEP), "that was the answer to the segment before"
    assert stream.due((1, 1), STEP)


def test_missing_answer_sends_the_segment_to_any_worker() -> None:
    stream = followed()
    stream.ask(2 * STEP, NOW)
    assert not stream.is_away(NOW + 0.9) and not stream.due((0, 0), 9 * STEP)
    assert not stream.is_away(NOW + 1.0) and stream.due((0, 0), 2 * STEP)
    assert stream.ask(2 * STEP, NOW + 1.0) == LivePiece(0, 2 * STEP, "")
    assert stream.is_away(NOW + 2.0), "no worker took it"
    assert not stream.is_away(NOW + 2.0 + PACE.away_s)


def test_slow_answers_are_given_more_time() -> None:
    stream = LiveStream()
    assert stream.due((0, 0), STEP)
    stream.ask(STEP, NOW)
    stream.answered(hypothesis(STEP), NOW + 0.8)
    stream.ask(2 * STEP, NOW + 1.0)
    assert not stream.is_away(NOW + 3.3) and not stream.due((0, 0), 9 * STEP)
    assert not stream.is_away(NOW + 3.5) and stream.due((0, 0), 9 * STEP)


def test_lost_state_sends_the_segment_to_any_worker_at_once() -> None:
    stream = followed()
    stream.ask(2 * STEP, NOW)
    stream.answered(Gap("s", 0, 0, 0, "w"), NOW)
    assert stream.due((0, 0), 2 * STEP) and stream.ask(2 * STEP, NOW) == LivePiece(0, 2 * STEP, "")


def test_gap_is_filled_at_the_same_worker() -> None:
    stream = followed()
    stream.ask(2 * STEP, NOW)
    stream.answered(Gap("s", 0, 100, 0, "w"), NOW)
    assert stream.ask(2 * STEP, NOW) == LivePiece(100, 2 * STEP, "w")


def test_answers_to_nothing_are_ignored() -> None:
    stream = followed()
    stream.answered(hypothesis(7, "other"), NOW)
    assert stream.ask(2 * STEP, NOW) == LivePiece(STEP, 2 * STEP, "w")
    stream.answered(hypothesis(2 * STEP, "other"), NOW)
    stream.answered(hypothesis(3 * STEP), NOW)
    assert not stream.due((0, 0), 9 * STEP)


def test_declined_piece_goes_to_any_worker_and_then_to_no_one() -> None:
    stream = followed()
    stream.ask(2 * STEP, NOW)
    stream.declined((0, 0), STEP, NOW)
    assert not stream.due((0, 0), 9 * STEP), "that was another piece"
    stream.declined((0, 0), 2 * STEP, NOW)
    assert not stream.is_away(NOW) and stream.ask(2 * STEP, NOW) == LivePiece(0, 2 * STEP, "")
    stream.declined((0, 0), 2 * STEP, NOW)
    assert stream.is_away(NOW) and not stream.is_away(NOW + PACE.away_s)
