"""States of a streaming worker: what the engine gets, what is answered without it, and who has to go."""

from protocol.audio import SAMPLE_RATE
from protocol.job import Gap, Hypothesis, Job, JobKind
from worker.streaming.states import FRESH_S, IDLE_S, MOST_FED_S, MUTED_S, LivePlan, LiveStates

NOW = 100.0
SECOND = SAMPLE_RATE


def piece(session: str, begin: int, end: int, segment: int = 0, attempt: int = 0) -> Job:
    """Return the piece of a segment from ``begin`` to ``end``."""
    return Job(session, segment, bytes([begin % 256, 1]) * (end - begin), end, attempt, JobKind.STREAM)


def fed(states: LiveStates, *jobs: Job, now: float = NOW) -> LivePlan:
    """Plan, and feed all that is planned; the text of a piece is its end."""
    plan = states.plan(jobs, now)
    plan.answers += [states.record_text(feed, f"to {feed.job.samples}") for feed in plan.feeds]
    return plan


def test_piece_that_follows_is_fed_and_answered() -> None:
    states = LiveStates(2, "w")
    first, second = fed(states, piece("a", 0, 100)), fed(states, piece("a", 100, 150))
    assert [len(plan.feeds[0].pcm) for plan in (first, second)] == [200, 100]
    assert first.feeds[0].state is second.feeds[0].state
    assert second.answers == [Hypothesis("a", 0, "to 150", 0, 150, "w")]
    assert not (first.dropped or second.dropped)


def test_known_samples_are_fed_once() -> None:
    states = LiveStates(2, "w")
    fed(states, piece("a", 0, 100))
    assert len(fed(states, piece("a", 0, 130)).feeds[0].pcm) == 2 * 30
    again = fed(states, piece("a", 50, 130))
    assert not again.feeds and again.answers == [Hypothesis("a", 0, "to 130", 0, 130, "w")]


def test_gap_is_reported_where_samples_are_missing() -> None:
    states = LiveStates(2, "w")
    assert fed(states, piece("a", 100, 150)).answers == [Gap("a", 0, 0, 0, "w")]
    fed(states, piece("a", 0, 100))
    plan = fed(states, piece("a", 120, 150), piece("b", 5, 9, segment=3, attempt=2))
    assert plan.answers == [Gap("a", 0, 100, 0, "w"), Gap("b", 3, 0, 2, "w")] and not plan.feeds


def test_next_segment_or_attempt_replaces_the_state_of_its_session() -> None:
    states = LiveStates(2, "w")
    old = fed(states, piece("a", 0, 100)).feeds[0].state.id
    plan = fed(states, piece("a", 0, 40, segment=1))
    assert plan.dropped == [old] and plan.answers == [Hypothesis("a", 1, "to 40", 0, 40, "w")]
    assert fed(states, piece("a", 0, 30, segment=1, attempt=1)).dropped == [plan.feeds[0].state.id]
    assert states.busy(NOW) == 1


def test_place_is_kept_while_a_session_speaks() -> None:
    states = LiveStates(2, "w")
    fed(states, piece("a", 0, 10), piece("b", 0, 10))
    assert fed(states, piece("c", 0, 10), now=NOW + FRESH_S) == LivePlan()
    assert states.busy(NOW + FRESH_S) == 2
    fed(states, piece("b", 10, 20), now=NOW + FRESH_S)
    plan = fed(states, piece("c", 0, 10), now=NOW + FRESH_S + 0.1)
    assert len(plan.feeds) == len(plan.dropped) == 1
    assert fed(states, piece("b", 20, 30), now=NOW + FRESH_S + 0.1).feeds
    assert fed(states, piece("a", 10, 20), now=NOW + FRESH_S + 0.1).answers == [Gap("a", 0, 0, 0, "w")]


def test_idle_states_are_dropped() -> None:
    states = LiveStates(2, "w")
    ids = [feed.state.id for feed in fed(states, piece("a", 0, 10), piece("b", 0, 10)).feeds]
    assert fed(states, now=NOW + IDLE_S).dropped == []
    assert fed(states, now=NOW + IDLE_S + 0.1).dropped == ids


def test_call_has_one_piece_of_each_session_and_not_too_much_audio() -> None:
    states = LiveStates(9, "w")
    long = round(MOST_FED_S * SECOND) + 1
    jobs = [piece("a", 0, 100), piece("a", 100, 200), piece("b", 0, long), piece("c", 0, 50)]
    plan = fed(states, *jobs)
    assert [feed.job.session for feed in plan.feeds] == ["a", "b"]
    assert plan.later == [jobs[1], jobs[3]]
    assert [feed.job.session for feed in fed(states, *plan.later).feeds] == ["a", "c"]


def test_suspects_of_a_dead_engine_come_alone_and_the_culprit_is_muted() -> None:
    states = LiveStates(9, "w")
    bad, good, other = piece("bad", 0, 10), piece("good", 0, 10), piece("other", 0, 10)
    states.forget_failed(states.plan([bad, good], NOW).feeds, NOW, engine_lives=False)
    plan = states.plan([other, bad, good], NOW)
    assert [feed.job.session for feed in plan.feeds] == ["other"] and plan.later == [bad, good]
    assert not plan.dropped, "the new engine has no states"
    fed(states, good)
    plan = states.plan([bad, other], NOW)
    assert [feed.job.session for feed in plan.feeds] == ["bad"] and plan.later == [other]
    states.forget_failed(plan.feeds, NOW, engine_lives=False)
    assert fed(states, bad) == LivePlan()
    assert fed(states, bad, now=NOW + MUTED_S).feeds
    assert len(fed(states, good, other, now=NOW + MUTED_S).feeds) == 2


def test_engine_that_raised_keeps_the_other_states() -> None:
    states = LiveStates(9, "w")
    fed(states, piece("a", 0, 10), piece("b", 0, 10), piece("c", 0, 10))
    states.forget_failed(states.plan([piece("a", 10, 20), piece("b", 10, 20)], NOW).feeds, NOW, engine_lives=True)
    plan = fed(states, piece("a", 20, 30), piece("c", 10, 20))
    assert plan.answers == [Gap("a", 0, 0, 0, "w"), Hypothesis("c", 0, "to 20", 0, 20, "w")]
    assert len(plan.dropped) == 2
