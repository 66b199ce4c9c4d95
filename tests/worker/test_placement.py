"""The order of streams."""

from protocol.job import Keys
from worker.placement import job_streams, partial_streams, urgent_streams


def test_urgent_is_what_somebody_waits_for() -> None:
    assert urgent_streams(Keys(), "m") == job_streams(Keys(), "m")[:2]


def test_interactive_comes_before_bulk_and_the_model_before_any() -> None:
    assert job_streams(Keys(), "whisper-base") == (
        "kiki:{0}:jobs:interactive:whisper-base",
        "kiki:{0}:jobs:interactive:any",
        "kiki:{0}:jobs:bulk:whisper-base",
        "kiki:{0}:jobs:bulk:any",
    )


def test_partials_of_the_model_come_before_those_of_any() -> None:
    assert partial_streams(Keys(), "whisper-base") == ("kiki:{0}:partials:whisper-base", "kiki:{0}:partials:any")
