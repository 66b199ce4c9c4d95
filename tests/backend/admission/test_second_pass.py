"""Refusal of second passes that would come too late."""

import pytest

from backend.admission.admission import StreamContent, Survey
from backend.admission.second_pass import comes_late
from protocol.audio import SAMPLE_RATE
from protocol.job import Keys
from protocol.monitor import WorkerState, WorkerStatus
from protocol.recognition import Options

PLAIN = Options()
TEN_S = 10 * SAMPLE_RATE


def fleet(*speeds: float, waiting: tuple[int, int] = (0, 0), state: WorkerState = WorkerState.IDLE) -> Survey:
    """Return a survey of workers with these speeds; ``waiting``: seconds of audio and jobs."""
    workers = tuple(
        WorkerStatus(f"w{n}", "h", "e", "m", "cpu", state, speed=speed) for n, speed in enumerate(speeds)
    )
    seconds, jobs = waiting
    return Survey({Keys().jobs("interactive"): StreamContent(seconds * SAMPLE_RATE, jobs, 0)}, workers)


@pytest.mark.parametrize(
    ("survey", "within_s", "late"),
    [
        (fleet(20.0), 0.5, False),
        (fleet(20.0), 0.49, True),
        (fleet(5.0, 20.0), 0.5, False),
        (fleet(20.0, waiting=(4, 1)), 0.7, False),
        (fleet(20.0, waiting=(4, 1)), 0.69, True),
        (fleet(20.0, 20.0, waiting=(4, 1)), 0.5, False),
        (fleet(20.0, 20.0, waiting=(8, 2)), 0.69, True),
        (fleet(20.0), -0.1, True),
    ],
)
def test_second_pass_is_late_when_wait_and_decode_take_longer(survey: Survey, within_s: float, late: bool) -> None:
    assert comes_late(survey, PLAIN, TEN_S, within_s) is late


@pytest.mark.parametrize("survey", [Survey(), fleet(0.0), fleet(1.0, state=WorkerState.FAILED)])
def test_second_pass_is_never_late_without_a_measured_speed(survey: Survey) -> None:
    assert not comes_late(survey, PLAIN, TEN_S, 0.0)


def test_only_workers_with_the_model_count() -> None:
    assert not comes_late(fleet(20.0), Options(model="m"), TEN_S, 0.5)
    assert not comes_late(fleet(20.0), Options(model="other"), TEN_S, 0.0), "no worker's speed is known"
