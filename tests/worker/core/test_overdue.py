"""Detection of jobs that another worker is late with."""

from hypothesis import given
from hypothesis import strategies as st

from worker.core.overdue import LATE_S, HeldJob, Overdue, allowed_s

JOB = HeldJob("s", "1-0", 4.0)
SPEED = 2.0
ALLOWED = LATE_S + 2 * 4.0 / 2.0


def test_job_is_late_after_its_allowed_time_and_reported_once() -> None:
    overdue = Overdue()
    assert overdue.late([JOB], SPEED, 100.0) is None
    assert overdue.late([JOB], SPEED, 100.0 + ALLOWED - 0.01) is None
    assert overdue.late([JOB], SPEED, 100.0 + ALLOWED) == JOB
    assert overdue.late([JOB], SPEED, 200.0) is None


def test_late_jobs_are_reported_one_at_a_time() -> None:
    overdue, second = Overdue(), JOB._replace(entry="2-0")
    overdue.late([JOB, second], SPEED, 0.0)
    assert [overdue.late([JOB, second], SPEED, 50.0) for _ in range(3)] == [JOB, second, None]


def test_job_that_reappears_gets_a_new_allowance() -> None:
    overdue = Overdue()
    overdue.late([JOB], SPEED, 0.0)
    overdue.late([], SPEED, 1.0)
    assert overdue.late([JOB], SPEED, ALLOWED) is None
    assert overdue.late([JOB], SPEED, ALLOWED * 2) == JOB


@given(st.floats(0, 60), st.floats(0, 1000), st.floats(0, 60))
def test_allowed_time_grows_with_audio_and_is_never_zero(audio_s: float, speed: float, more_s: float) -> None:
    assert LATE_S <= allowed_s(audio_s, speed) <= allowed_s(audio_s + more_s, speed)


@given(st.lists(st.sets(st.integers(0, 9)), max_size=30))
def test_overdue_remembers_only_current_jobs(seen: list[set[int]]) -> None:
    overdue = Overdue()
    for now, entries in enumerate(seen):
        late = overdue.late([JOB._replace(entry=str(one)) for one in entries], SPEED, float(now))
        assert late is None or int(late.entry) in entries
        assert len(overdue._since) == len(entries) and len(overdue._found) <= len(entries)
