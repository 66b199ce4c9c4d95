"""Actions on models in each state: their effects and the resulting views."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.notes import Note
from app.models.actions import CancelModel, FetchModel, ImportModel, PauseModel, RemoveModel, VerifyModel
from app.models.events import (
    DiskInspected,
    HaltJob,
    InstallProgress,
    JobEnded,
    ModelOnDisk,
    Outcome,
    RunJob,
    ShelfEvent,
    UseModel,
    Want,
    Work,
    WorkerModel,
)
from app.models.state_machine import ModelsState
from app.models.view import LocalModelView, ModelFacts, ModelNote, ModelState, ModelUse, Purpose
from speech.models.progress import Advanced, Checked, Fetching, Stating, WaitingForLock

A, B, VAD, PUNC = "a", "paraformer-zh", "fsmn-vad", "ct-punc-c"
WHOLE = ModelOnDisk(True, size=100, installed_s=5.0)
PART = ModelOnDisk(here={"weights.bin": 40})
NONE = ModelOnDisk()
PROBLEM = Note(ModelNote.UNAVAILABLE)


@pytest.fixture
def shelf() -> ModelsState:
    return made()


def made() -> ModelsState:
    return ModelsState(
        [
            ModelFacts(A, size=100),
            ModelFacts(B, size=100),
            ModelFacts(VAD, Purpose.VAD, size=10),
            ModelFacts(PUNC, Purpose.PUNCTUATION, size=10),
        ]
    )


def view(shelf: ModelsState, name: str = A, at: float = 0.0) -> LocalModelView:
    return next(view for view in shelf.view(at) if view.name == name)


def do(shelf: ModelsState, *events: ShelfEvent) -> list[RunJob | HaltJob | UseModel]:
    """Handle events and return the effects of the last one."""
    return [shelf.handle(event) for event in events][-1]


def test_fetched_model_shows_progress(shelf: ModelsState) -> None:
    assert view(shelf).state is ModelState.MISSING
    assert do(shelf, FetchModel(A)) == [RunJob(A, Work.FETCH)]
    do(shelf, InstallProgress(A, Fetching("weights.bin", "hub", 100), 0.0))
    do(
        shelf,
        InstallProgress(A, Advanced("weights.bin", 20, 100), 1.0),
        InstallProgress(A, Advanced("weights.bin", 40, 100), 2.0),
    )
    shown = view(shelf, at=2.0)
    assert (shown.state, shown.done, shown.percent, shown.source) == (ModelState.FETCHING, 40, 40, "hub")
    assert (shown.speed, shown.left_s) == (20, 3)
    assert do(shelf, JobEnded(A, Outcome.DONE, WHOLE)) == []
    shown = view(shelf)
    assert (shown.state, shown.done, shown.percent, shown.installed_s) == (ModelState.INSTALLED, 100, 100, 5.0)
    assert do(shelf, FetchModel(A)) == [], "it is here"


def test_shelf_fetches_one_model_at_a_time(shelf: ModelsState) -> None:
    assert do(shelf, FetchModel(A), FetchModel(B)) == []
    assert view(shelf, B).state is ModelState.QUEUED
    assert do(shelf, Want(VAD)) == []
    assert do(shelf, JobEnded(A, Outcome.DONE, WHOLE)) == [RunJob(VAD, Work.FETCH)], "the worker waits for it"
    assert do(shelf, JobEnded(VAD, Outcome.FAILED, NONE, PROBLEM)) == [RunJob(B, Work.FETCH)]
    assert do(shelf, VerifyModel(A)) == [RunJob(A, Work.VERIFY)], "beside it"
    assert do(shelf, ImportModel(VAD, "/x")) == []
    assert do(shelf, JobEnded(A, Outcome.DONE, WHOLE)) == [RunJob(VAD, Work.IMPORT, "/x")]


def test_paused_fetch_keeps_data_and_resumes(shelf: ModelsState) -> None:
    do(shelf, FetchModel(A))
    assert do(shelf, PauseModel(A)) == [HaltJob(A)]
    assert do(shelf, PauseModel(A)) == [], "once"
    assert view(shelf).stopping
    assert do(shelf, JobEnded(A, Outcome.STOPPED, PART)) == []
    shown = view(shelf)
    assert (shown.state, shown.done, shown.stopping) == (ModelState.PAUSED, 40, False)
    assert do(shelf, Want(A)) == [], "a person has paused it"
    assert do(shelf, FetchModel(A)) == [RunJob(A, Work.FETCH)]
    assert view(shelf).done == 40


def test_fetch_paused_before_first_byte_stays_paused(shelf: ModelsState) -> None:
    do(shelf, FetchModel(A), PauseModel(A), JobEnded(A, Outcome.STOPPED, NONE))
    assert view(shelf).state is ModelState.PAUSED
    do(shelf, CancelModel(A))
    assert view(shelf).state is ModelState.MISSING


def test_fetch_resumed_while_stopping_runs_again(shelf: ModelsState) -> None:
    do(shelf, FetchModel(A), PauseModel(A))
    assert do(shelf, FetchModel(A)) == []
    assert do(shelf, JobEnded(A, Outcome.STOPPED, PART)) == [RunJob(A, Work.FETCH)]


def test_queued_fetch_is_paused_and_cancelled_at_once(shelf: ModelsState) -> None:
    do(shelf, FetchModel(A), FetchModel(B))
    assert do(shelf, PauseModel(B)) == []
    assert view(shelf, B).state is ModelState.PAUSED
    do(shelf, FetchModel(B))
    assert do(shelf, CancelModel(B)) == []
    assert view(shelf, B).state is ModelState.MISSING


def test_cancelled_fetch_is_discarded_after_it_stopped(shelf: ModelsState) -> None:
    do(shelf, FetchModel(A))
    assert do(shelf, CancelModel(A)) == [HaltJob(A)]
    assert do(shelf, JobEnded(A, Outcome.STOPPED, PART)) == [RunJob(A, Work.ABANDON)]
    assert view(shelf).state is ModelState.REMOVING
    assert do(shelf, CancelModel(A)) == [], "that cannot be cancelled"
    do(shelf, JobEnded(A, Outcome.DONE, NONE))
    assert view(shelf).state is ModelState.MISSING


@pytest.mark.parametrize("begun", [[], [FetchModel(A), PauseModel(A), JobEnded(A, Outcome.STOPPED, PART)]])
def test_cancel_discards_unfinished_model(shelf: ModelsState, begun: list[ShelfEvent]) -> None:
    for event in [DiskInspected({A: PART}), *begun]:
        do(shelf, event)
    assert view(shelf).state is ModelState.PAUSED, "of an earlier start too"
    assert do(shelf, CancelModel(A)) == [RunJob(A, Work.ABANDON)]


def test_worker_request_resumes_unfinished_model(shelf: ModelsState) -> None:
    assert do(shelf, DiskInspected({A: PART}), Want(A)) == [RunJob(A, Work.FETCH)]


def test_failed_fetch_has_reason_and_can_be_retried(shelf: ModelsState) -> None:
    do(shelf, FetchModel(A), JobEnded(A, Outcome.FAILED, PART, PROBLEM, ("hub: no",)))
    shown = view(shelf)
    assert (shown.state, shown.note, shown.details, shown.done) == (ModelState.FAILED, PROBLEM, ("hub: no",), 40)
    assert do(shelf, FetchModel(A)) == [RunJob(A, Work.FETCH)]
    assert (view(shelf).note, view(shelf).details) == (None, ())


def test_model_is_busy_while_other_program_works_on_it(shelf: ModelsState) -> None:
    do(shelf, DiskInspected({A: replace(PART, busy=True)}))
    shown = view(shelf)
    assert (shown.state, shown.percent) == (ModelState.BUSY, 40)
    assert do(shelf, CancelModel(A)) == [], "what another program fetches is not discarded"
    assert not shown.waiting
    do(shelf, Want(A), InstallProgress(A, WaitingForLock(A), 0.0))
    assert view(shelf).state is ModelState.BUSY and view(shelf).waiting
    do(shelf, InstallProgress(A, Fetching("weights.bin", "hub", 100), 1.0))
    assert view(shelf).state is ModelState.FETCHING


def test_verify_reports_progress_and_result(shelf: ModelsState) -> None:
    assert do(shelf, VerifyModel(A)) == [], "it is not here"
    do(shelf, DiskInspected({A: WHOLE}))
    assert do(shelf, VerifyModel(A)) == [RunJob(A, Work.VERIFY)]
    do(shelf, InstallProgress(A, Checked(A, 70, 100), 0.0))
    assert (view(shelf).state, view(shelf).percent) == (ModelState.VERIFYING, 70)
    do(shelf, JobEnded(A, Outcome.DONE, WHOLE))
    assert (view(shelf).state, view(shelf).note) == (ModelState.INSTALLED, Note(ModelNote.WHOLE))


def test_damage_is_remembered_until_repair(shelf: ModelsState) -> None:
    do(shelf, DiskInspected({A: WHOLE}), VerifyModel(A))
    do(
        shelf,
        JobEnded(A, Outcome.DAMAGED, WHOLE, Note(ModelNote.DAMAGED), ("weights.bin",)),
        DiskInspected({A: WHOLE}),
    )
    assert (view(shelf).state, view(shelf).details) == (ModelState.DAMAGED, ("weights.bin",))
    assert do(shelf, FetchModel(A)) == [RunJob(A, Work.FETCH)]
    do(shelf, JobEnded(A, Outcome.DONE, WHOLE))
    assert view(shelf).state is ModelState.INSTALLED
    do(shelf, DiskInspected({A: replace(WHOLE, damaged=True)}))
    assert view(shelf).state is ModelState.DAMAGED


def test_cancelled_verify_keeps_model(shelf: ModelsState) -> None:
    do(shelf, DiskInspected({A: WHOLE}), VerifyModel(A))
    assert do(shelf, CancelModel(A)) == [HaltJob(A)]
    assert do(shelf, JobEnded(A, Outcome.STOPPED, WHOLE)) == []
    assert view(shelf).state is ModelState.INSTALLED


def test_fetch_that_finishes_before_stopping_is_installed(shelf: ModelsState) -> None:
    do(shelf, FetchModel(A), PauseModel(A), JobEnded(A, Outcome.DONE, WHOLE))
    assert view(shelf).state is ModelState.INSTALLED


def test_remove_is_refused_for_model_in_use(shelf: ModelsState) -> None:
    do(shelf, DiskInspected({A: WHOLE, VAD: WHOLE}), WorkerModel(A, running=True))
    assert (view(shelf).use, view(shelf).chosen) == (ModelUse.WORKER, True)
    assert do(shelf, RemoveModel(A)) == []
    assert view(shelf).note == Note(ModelNote.USED_BY_WORKER)
    assert do(shelf, RemoveModel(VAD)) == []
    assert view(shelf, VAD).note == Note(ModelNote.USED_BY_APP)
    assert do(shelf, WorkerModel(A, running=False), RemoveModel(A)) == [RunJob(A, Work.REMOVE)]
    assert view(shelf).state is ModelState.REMOVING
    do(shelf, JobEnded(A, Outcome.DONE, NONE))
    assert view(shelf).state is ModelState.MISSING


def test_companion_of_chosen_model_is_in_use(shelf: ModelsState) -> None:
    do(shelf, WorkerModel(B, running=True, lacks={B: "funasr"}))
    assert view(shelf, PUNC).use is ModelUse.WORKER
    assert (view(shelf, B).lacks, view(shelf, A).use) == ("funasr", ModelUse.NOBODY)


def test_import_can_be_cancelled(shelf: ModelsState) -> None:
    assert do(shelf, ImportModel(A, "/x")) == [RunJob(A, Work.IMPORT, "/x")]
    assert view(shelf).state is ModelState.IMPORTING
    assert do(shelf, PauseModel(A)) == []
    assert do(shelf, CancelModel(A)) == [HaltJob(A)]
    assert do(shelf, JobEnded(A, Outcome.STOPPED, PART)) == [RunJob(A, Work.ABANDON)]
    do(shelf, JobEnded(A, Outcome.DONE, WHOLE))
    assert do(shelf, ImportModel(A, "/x")) == [], "it is here"


def test_only_installed_runnable_recogniser_can_be_chosen(shelf: ModelsState) -> None:
    do(shelf, DiskInspected({A: WHOLE, VAD: WHOLE}))
    assert view(shelf).can_be_chosen and not view(shelf, VAD).can_be_chosen and not view(shelf, B).can_be_chosen
    do(shelf, WorkerModel("", running=False, lacks={A: "funasr"}))
    assert not view(shelf).can_be_chosen


def test_about_shows_size_stated_by_hub() -> None:
    shelf = ModelsState([ModelFacts(A, size=1000, at_most=True)])
    assert view(shelf).about.at_most
    do(shelf, FetchModel(A), InstallProgress(A, Stating(A, "hub", 2, 300), 0.0))
    assert (view(shelf).about.size, view(shelf).about.at_most) == (300, False)
    do(shelf, JobEnded(A, Outcome.DONE, replace(WHOLE, size=300)))
    assert view(shelf).about.size == 300


def test_shelf_ignores_unknown_models_and_unexpected_events(shelf: ModelsState) -> None:
    assert do(shelf, FetchModel("no-such-model")) == []
    assert do(shelf, InstallProgress(A, WaitingForLock(A), 0.0)) == []
    assert do(shelf, JobEnded(A, Outcome.DONE, WHOLE)) == []


_ACTIONS = [
    FetchModel,
    PauseModel,
    CancelModel,
    VerifyModel,
    RemoveModel,
    Want,
    lambda name: ImportModel(name, "/x"),
]
_DISKS = [NONE, PART, WHOLE]


WORKING = {ModelState.QUEUED, ModelState.FETCHING, ModelState.IMPORTING, ModelState.VERIFYING, ModelState.REMOVING}


@given(st.lists(st.tuples(st.sampled_from(_ACTIONS), st.sampled_from([A, B, VAD])), max_size=30), st.data())
def test_random_actions_keep_one_fetch_at_a_time_and_end(steps: list, data: st.DataObject) -> None:  # type: ignore[type-arg]  # of two kinds
    shelf, running, halted = made(), dict[str, Work](), set[str]()

    def perform(effects: list[RunJob | HaltJob | UseModel]) -> None:
        for effect in effects:
            if isinstance(effect, RunJob):
                assert effect.name not in running
                running[effect.name] = effect.work
            elif isinstance(effect, HaltJob):
                assert effect.name in running and effect.name not in halted
                halted.add(effect.name)
        fetches = [work for work in running.values() if work is Work.FETCH]
        assert len(fetches) <= 1 and len(running) - len(fetches) <= 1

    def end(name: str) -> None:
        running.pop(name)
        stops = name in halted and data.draw(st.booleans())
        halted.discard(name)
        outcome = Outcome.STOPPED if stops else data.draw(st.sampled_from([Outcome.DONE, Outcome.FAILED]))
        perform(shelf.handle(JobEnded(name, outcome, data.draw(st.sampled_from(_DISKS)), PROBLEM)))

    for make, name in steps:
        perform(shelf.handle(make(name)))
        ends: bool = data.draw(st.booleans())
        if running and ends:
            end(data.draw(st.sampled_from(sorted(running))))
    for _ in range(100):
        if not running:
            break
        end(sorted(running)[0])
    assert not {view.state for view in shelf.view(0.0)} & WORKING


def ended(name: str, outcome: Outcome = Outcome.DONE) -> JobEnded:
    return JobEnded(name, outcome, WHOLE if outcome is Outcome.DONE else PART)


def test_model_is_used_as_soon_as_it_is_installed_if_asked(shelf: ModelsState) -> None:
    do(shelf, FetchModel(A, use=True))
    assert view(shelf).next
    assert do(shelf, PauseModel(A), ended(A, Outcome.STOPPED), FetchModel(A)) == [RunJob(A, Work.FETCH)]
    assert view(shelf).next, "resuming changes nothing"
    assert do(shelf, ended(A)) == [UseModel(A)]
    assert not view(shelf).next
    assert do(shelf, VerifyModel(A), ended(A)) == []


def test_installed_model_is_used_at_once(shelf: ModelsState) -> None:
    assert do(shelf, DiskInspected({A: WHOLE}), FetchModel(A, use=True)) == [UseModel(A)]
    assert do(shelf, FetchModel(A)) == []


@pytest.mark.parametrize(
    "newer", [FetchModel(A, use=False), FetchModel(PUNC, use=True), CancelModel(A), WorkerModel(B, True)]
)
def test_newer_choice_replaces_the_model_to_use_next(shelf: ModelsState, newer: ShelfEvent) -> None:
    do(shelf, FetchModel(A, use=True), newer)
    assert not view(shelf).next
    assert UseModel(A) not in do(shelf, ended(A))
