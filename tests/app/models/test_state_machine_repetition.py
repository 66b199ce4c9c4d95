"""Downloads that failed without a network: when they are repeated, and what ends the repetition."""

import pytest

from app.models.events import (
    DiskInspected,
    JobEnded,
    ModelEvent,
    ModelOnDisk,
    Outcome,
    RequireModel,
    RetryAt,
    RetryDue,
    RunJob,
    UseModel,
    Work,
)
from app.models.state_machine import ModelsState, pause_s
from app.models.view import CancelModel, FetchModel, ImportModel, ModelState, PauseModel, RemoveModel
from tests.app.models.test_state_machine import NONE, PART, PROBLEM, WHOLE, A, do, models, view

__all__ = ["models"]  # a fixture


def failed(at: float, disk: ModelOnDisk = NONE) -> JobEnded:
    """Return the end of a download without a network."""
    return JobEnded(A, Outcome.FAILED, disk, PROBLEM, may_pass=True, at=at)


def test_fetch_without_a_network_is_repeated_after_growing_pauses(models: ModelsState) -> None:
    do(models, FetchModel(A))
    assert do(models, failed(100.0)) == [RetryAt(A, 110.0)]
    shown = view(models, at=103.0)
    assert (shown.state, shown.retry_s, models.retries(A)) == (ModelState.FAILED, 7, True)
    assert do(models, RetryDue(A, 110.0)) == [RunJob(A, Work.FETCH)]
    assert (view(models).state, view(models).retry_s) == (ModelState.FETCHING, None)
    assert do(models, failed(111.0)) == [RetryAt(A, 131.0)]
    assert do(models, RetryDue(A, 110.0)) == [], "that is the time of an earlier failure"
    do(models, RetryDue(A, 131.0))
    assert do(models, failed(140.0, PART)) == [RetryAt(A, 150.0)], "data has arrived meanwhile"
    do(models, RetryDue(A, 150.0))
    assert do(models, JobEnded(A, Outcome.DONE, WHOLE)) == []
    assert (view(models).state, models.retries(A)) == (ModelState.INSTALLED, False)


def test_pauses_between_downloads_are_bounded() -> None:
    assert [pause_s(failures) for failures in (1, 2, 3, 6, 7, 10**9)] == [10, 20, 40, 300, 300, 300]


def test_fetch_is_not_repeated_after_an_error_that_stays(models: ModelsState) -> None:
    assert do(models, FetchModel(A), JobEnded(A, Outcome.FAILED, PART, PROBLEM)) == []
    assert not models.retries(A) and view(models).retry_s is None
    import_failed = JobEnded(A, Outcome.FAILED, PART, PROBLEM, may_pass=True)
    assert do(models, ImportModel(A, "/x"), import_failed) == [], "a folder is read once"


@pytest.mark.parametrize("action", [CancelModel(A), RemoveModel(A), FetchModel(A), ImportModel(A, "/x")])
def test_action_of_the_user_ends_the_repetition(models: ModelsState, action: ModelEvent) -> None:
    do(models, FetchModel(A), failed(100.0), action)
    assert not models.retries(A)
    assert do(models, RetryDue(A, 110.0)) == []


def test_fetch_paused_during_a_repetition_stays_paused(models: ModelsState) -> None:
    do(models, FetchModel(A), failed(100.0), RetryDue(A, 110.0), PauseModel(A))
    do(models, JobEnded(A, Outcome.STOPPED, PART))
    assert (view(models).state, models.retries(A)) == (ModelState.PAUSED, False)


@pytest.mark.parametrize(
    ("action", "state"), [(PauseModel(A), ModelState.PAUSED), (CancelModel(A), ModelState.MISSING)]
)
def test_fetch_that_fails_before_it_stops_is_not_repeated(
    models: ModelsState, action: ModelEvent, state: ModelState
) -> None:
    assert do(models, FetchModel(A), action, failed(100.0)) == []
    assert (view(models).state, models.retries(A)) == (state, False)


def test_fetch_that_fails_before_it_stops_is_resumed_if_asked(models: ModelsState) -> None:
    assert do(models, FetchModel(A), PauseModel(A), FetchModel(A), failed(100.0)) == [RunJob(A, Work.FETCH)]


def test_request_of_the_user_begins_with_the_first_pause_again(models: ModelsState) -> None:
    do(models, FetchModel(A), failed(100.0), RetryDue(A, 110.0), failed(110.0), RequireModel(A))
    assert do(models, failed(120.0)) == [RetryAt(A, 130.0)]


def test_repetition_is_over_once_another_program_has_installed_the_model(models: ModelsState) -> None:
    do(models, FetchModel(A, use=True), failed(100.0), DiskInspected({A: WHOLE}))
    assert (view(models).state, view(models).retry_s) == (ModelState.INSTALLED, None)
    assert do(models, RetryDue(A, 110.0)) == [UseModel(A)]
