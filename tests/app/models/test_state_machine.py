"""Actions on models in each state: their effects and the resulting views."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.errors import Note
from app.models.events import (
    DiskInspected,
    Effect,
    HaltJob,
    InstallProgress,
    JobEnded,
    ModelEvent,
    ModelOnDisk,
    Outcome,
    RequireModel,
    RunJob,
    UseModel,
    Work,
    WorkerModel,
)
from app.models.state_machine import ModelsState
from app.models.view import (
    CancelModel,
    FetchModel,
    ImportModel,
    LocalModelView,
    ModelFacts,
    ModelState,
    ModelUse,
    PauseModel,
    Purpose,
    RemoveModel,
    VerifyModel,
)
from speech.models.progress import Advanced, Checked, Fetching, Stating, WaitingForLock

A, B, VAD, PUNC = "a", "paraformer-zh", "fsmn-vad", "ct-punc-c"
WHOLE = ModelOnDisk(True, size=100, installed_s=5.0)
PART = ModelOnDisk(here={"weights.bin": 40})
NONE = ModelOnDisk()
PROBLEM = Note("models.note.unavailable")


@pytest.fixture
def models() -> ModelsState:
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


def view(models: ModelsState, name: str = A, at: float = 0.0) -> LocalModelView:
    return next(view for view in models.view(at) if view.name == name)


def do(models: ModelsState, *events: ModelEvent) -> list[Effect]:
    """Handle events and return the effects of the last one."""
    return [models.handle(event) for event in events][-1]


def test_fetched_model_shows_progress(models: ModelsState) -> None:
    assert view(models).state is ModelState.MISSING
    assert do(models, FetchModel(A)) == [RunJob(A, Work.FETCH)]
    do(models, InstallProgress(A, Fetching("weights.bin", "hub", 100), 0.0))
    do(
        models,
        InstallProgress(A, Advanced("weights.bin", 20, 100), 1.0),
        InstallProgress(A, Advanced("weights.bin", 40, 100), 2.0),
    )
    shown = view(models, at=2.0)
    assert (shown.state, shown.done, shown.percent, shown.source) == (ModelState.FETCHING, 40, 40, "hub")
    assert (shown.speed, shown.left_s) == (20, 3)
    assert do(models, JobEnded(A, Outcome.DONE, WHOLE)) == []
    shown = view(models)
    assert (shown.state, shown.done, shown.percent, shown.installed_s) == (ModelState.INSTALLED, 100, 100, 5.0)
    assert do(models, FetchModel(A)) == [], "it is here"


def test_manager_fetches_one_model_at_a_time(models: ModelsState) -> None:
    assert do(models, FetchModel(A), FetchModel(B)) == []
    assert view(models, B).state is ModelState.QUEUED
    assert do(models, RequireModel(VAD)) == []
    assert do(models, JobEnded(A, Outcome.DONE, WHOLE)) == [RunJob(VAD, Work.FETCH)], "the worker waits for it"
    assert do(models, JobEnded(VAD, Outcome.FAILED, NONE, PROBLEM)) == [RunJob(B, Work.FETCH)]
    assert do(models, VerifyModel(A)) == [RunJob(A, Work.VERIFY)], "beside it"
    assert do(models, ImportModel(VAD, "/x")) == []
    assert do(models, JobEnded(A, Outcome.DONE, WHOLE)) == [RunJob(VAD, Work.IMPORT, "/x")]


def test_paused_fetch_keeps_data_and_resumes(models: ModelsState) -> None:
    do(models, FetchModel(A))
    assert do(models, PauseModel(A)) == [HaltJob(A)]
    assert do(models, PauseModel(A)) == [], "once"
    assert view(models).stopping
    assert do(models, JobEnded(A, Outcome.STOPPED, PART)) == []
    shown = view(models)
    assert (shown.state, shown.done, shown.stopping) == (ModelState.PAUSED, 40, False)
    assert do(models, RequireModel(A)) == [], "a person has paused it"
    assert do(models, FetchModel(A)) == [RunJob(A, Work.FETCH)]
    assert view(models).done == 40


def test_fetch_paused_before_first_byte_stays_paused(models: ModelsState) -> None:
    do(models, FetchModel(A), PauseModel(A), JobEnded(A, Outcome.STOPPED, NONE))
    assert view(models).state is ModelState.PAUSED
    do(models, CancelModel(A))
    assert view(models).state is ModelState.MISSING


def test_fetch_resumed_while_stopping_runs_again(models: ModelsState) -> None:
    do(models, FetchModel(A), PauseModel(A))
    assert do(models, FetchModel(A)) == []
    assert do(models, JobEnded(A, Outcome.STOPPED, PART)) == [RunJob(A, Work.FETCH)]


def test_queued_fetch_is_paused_and_cancelled_at_once(models: ModelsState) -> None:
    do(models, FetchModel(A), FetchModel(B))
    assert do(models, PauseModel(B)) == []
    assert view(models, B).state is ModelState.PAUSED
    do(models, FetchModel(B))
    assert do(models, CancelModel(B)) == []
    assert view(models, B).state is ModelState.MISSING


def test_cancelled_queued_fetch_discards_data_of_an_earlier_start(models: ModelsState) -> None:
    do(models, DiskInspected({B: PART}), FetchModel(A), FetchModel(B))
    assert do(models, CancelModel(B)) == [RunJob(B, Work.ABANDON)]
    assert view(models, B).state is ModelState.REMOVING


def test_cancelled_fetch_is_discarded_after_it_stopped(models: ModelsState) -> None:
    do(models, FetchModel(A))
    assert do(models, CancelModel(A)) == [HaltJob(A)]
    assert do(models, JobEnded(A, Outcome.STOPPED, PART)) == [RunJob(A, Work.ABANDON)]
    assert view(models).state is ModelState.REMOVING
    assert do(models, CancelModel(A)) == [], "that cannot be cancelled"
    do(models, JobEnded(A, Outcome.DONE, NONE))
    assert view(models).state is ModelState.MISSING


@pytest.mark.parametrize("begun", [[], [FetchModel(A), PauseModel(A), JobEnded(A, Outcome.STOPPED, PART)]])
def test_cancel_discards_unfinished_model(models: ModelsState, begun: list[ModelEvent]) -> None:
    for event in [DiskInspected({A: PART}), *begun]:
        do(models, event)
    assert view(models).state is ModelState.PAUSED, "of an earlier start too"
    assert do(models, CancelModel(A)) == [RunJob(A, Work.ABANDON)]


def test_worker_request_resumes_unfinished_model(models: ModelsState) -> None:
    assert do(models, DiskInspected({A: PART}), RequireModel(A)) == [RunJob(A, Work.FETCH)]


def test_failed_fetch_has_reason_and_can_be_retried(models: ModelsState) -> None:
    do(models, FetchModel(A), JobEnded(A, Outcome.FAILED, PART, PROBLEM, ("hub: no",)))
    shown = view(models)
    assert (shown.state, shown.note, shown.details, shown.done) == (ModelState.FAILED, PROBLEM, ("hub: no",), 40)
    assert do(models, FetchModel(A)) == [RunJob(A, Work.FETCH)]
    assert (view(models).note, view(models).details) == (None, ())


def test_model_is_busy_while_other_program_works_on_it(models: ModelsState) -> None:
    do(models, DiskInspected({A: replace(PART, busy=True)}))
    shown = view(models)
    assert (shown.state, shown.percent) == (ModelState.BUSY, 40)
    assert do(models, CancelModel(A)) == [], "what another program fetches is not discarded"
    assert not shown.waiting
    do(models, RequireModel(A), InstallProgress(A, WaitingForLock(A), 0.0))
    assert view(models).state is ModelState.BUSY and view(models).waiting
    do(models, InstallProgress(A, Fetching("weights.bin", "hub", 100), 1.0))
    assert view(models).state is ModelState.FETCHING


def test_verify_reports_progress_and_result(models: ModelsState) -> None:
    assert do(models, VerifyModel(A)) == [], "it is not here"
    do(models, DiskInspected({A: WHOLE}))
    assert do(models, VerifyModel(A)) == [RunJob(A, Work.VERIFY)]
    do(models, InstallProgress(A, Checked(A, 70, 100), 0.0))
    assert (view(models).state, view(models).percent) == (ModelState.VERIFYING, 70)
    do(models, JobEnded(A, Outcome.DONE, WHOLE))
    assert (view(models).state, view(models).note) == (ModelState.INSTALLED, Note("models.note.whole"))


def test_damage_is_remembered_until_repair(models: ModelsState) -> None:
    do(models, DiskInspected({A: WHOLE}), VerifyModel(A))
    do(
        models,
        JobEnded(A, Outcome.DAMAGED, WHOLE, Note("models.note.damaged"), ("weights.bin",)),
        DiskInspected({A: WHOLE}),
    )
    assert (view(models).state, view(models).details) == (ModelState.DAMAGED, ("weights.bin",))
    assert do(models, FetchModel(A)) == [RunJob(A, Work.FETCH)]
    do(models, JobEnded(A, Outcome.DONE, WHOLE))
    assert view(models).state is ModelState.INSTALLED
    do(models, DiskInspected({A: replace(WHOLE, damaged=True)}))
    assert view(models).state is ModelState.DAMAGED


def test_cancelled_verify_keeps_model(models: ModelsState) -> None:
    do(models, DiskInspected({A: WHOLE}), VerifyModel(A))
    assert do(models, CancelModel(A)) == [HaltJob(A)]
    assert do(models, JobEnded(A, Outcome.STOPPED, WHOLE)) == []
    assert view(models).state is ModelState.INSTALLED


def test_fetch_that_finishes_before_stopping_is_installed(models: ModelsState) -> None:
    do(models, FetchModel(A), PauseModel(A), JobEnded(A, Outcome.DONE, WHOLE))
    assert view(models).state is ModelState.INSTALLED


def test_remove_is_refused_for_model_in_use(models: ModelsState) -> None:
    do(models, DiskInspected({A: WHOLE, VAD: WHOLE}), WorkerModel(A, running=True))
    assert (view(models).use, view(models).chosen) == (ModelUse.WORKER, True)
    assert do(models, RemoveModel(A)) == []
    assert view(models).note == Note("models.note.used-by-worker")
    assert do(models, RemoveModel(VAD)) == []
    assert view(models, VAD).note == Note("models.note.used-by-app")
    assert do(models, WorkerModel(A, running=False), RemoveModel(A)) == [RunJob(A, Work.REMOVE)]
    assert view(models).state is ModelState.REMOVING
    do(models, JobEnded(A, Outcome.DONE, NONE))
    assert view(models).state is ModelState.MISSING


def test_companion_of_chosen_model_is_in_use(models: ModelsState) -> None:
    do(models, WorkerModel(B, running=True, lacks={B: "funasr"}))
    assert view(models, PUNC).use is ModelUse.WORKER
    assert (view(models, B).lacks, view(models, A).use) == ("funasr", ModelUse.NOBODY)


def test_import_can_be_cancelled(models: ModelsState) -> None:
    assert do(models, ImportModel(A, "/x")) == [RunJob(A, Work.IMPORT, "/x")]
    assert view(models).state is ModelState.IMPORTING
    assert do(models, PauseModel(A)) == []
    assert do(models, CancelModel(A)) == [HaltJob(A)]
    assert do(models, JobEnded(A, Outcome.STOPPED, PART)) == [RunJob(A, Work.ABANDON)]
    do(models, JobEnded(A, Outcome.DONE, WHOLE))
    assert do(models, ImportModel(A, "/x")) == [], "it is here"


def test_only_installed_runnable_recogniser_can_be_chosen(models: ModelsState) -> None:
    do(models, DiskInspected({A: WHOLE, VAD: WHOLE}))
    assert view(models).can_be_chosen and not view(models, VAD).can_be_chosen and not view(models, B).can_be_chosen
    do(models, WorkerModel("", running=False, lacks={A: "funasr"}))
    assert not view(models).can_be_chosen


def test_about_shows_size_stated_by_hub() -> None:
    models = ModelsState([ModelFacts(A, size=1000, at_most=True)])
    assert view(models).about.at_most
    do(models, FetchModel(A), InstallProgress(A, Stating(A, "hub", 2, 300), 0.0))
    assert (view(models).about.size, view(models).about.at_most) == (300, False)
    do(models, JobEnded(A, Outcome.DONE, replace(WHOLE, size=300)))
    assert view(models).about.size == 300


def test_manager_ignores_unknown_models_and_unexpected_events(models: ModelsState) -> None:
    assert do(models, FetchModel("no-such-model")) == []
    assert do(models, InstallProgress(A, WaitingForLock(A), 0.0)) == []
    assert do(models, JobEnded(A, Outcome.DONE, WHOLE)) == []


_ACTIONS = [
    FetchModel,
    PauseModel,
    CancelModel,
    VerifyModel,
    RemoveModel,
    RequireModel,
    lambda name: ImportModel(name, "/x"),
]
_DISKS = [NONE, PART, WHOLE]


WORKING = {ModelState.QUEUED, ModelState.FETCHING, ModelState.IMPORTING, ModelState.VERIFYING, ModelState.REMOVING}


@given(st.lists(st.tuples(st.sampled_from(_ACTIONS), st.sampled_from([A, B, VAD])), max_size=30), st.data())
def test_random_actions_keep_one_fetch_at_a_time_and_end(steps: list, data: st.DataObject) -> None:  # type: ignore[type-arg]  # of two kinds
    models, running, halted = made(), dict[str, Work](), set[str]()

    def perform(effects: list[Effect]) -> None:
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
        perform(models.handle(JobEnded(name, outcome, data.draw(st.sampled_from(_DISKS)), PROBLEM)))

    for make, name in steps:
        perform(models.handle(make(name)))
        ends: bool = data.draw(st.booleans())
        if running and ends:
            end(data.draw(st.sampled_from(sorted(running))))
    for _ in range(100):
        if not running:
            break
        end(sorted(running)[0])
    assert not {view.state for view in models.view(0.0)} & WORKING


def ended(name: str, outcome: Outcome = Outcome.DONE) -> JobEnded:
    return JobEnded(name, outcome, WHOLE if outcome is Outcome.DONE else PART)


def test_model_is_used_as_soon_as_it_is_installed_if_asked(models: ModelsState) -> None:
    do(models, FetchModel(A, use=True))
    assert view(models).next
    assert do(models, PauseModel(A), ended(A, Outcome.STOPPED), FetchModel(A)) == [RunJob(A, Work.FETCH)]
    assert view(models).next, "resuming changes nothing"
    assert do(models, ended(A)) == [UseModel(A)]
    assert not view(models).next
    assert do(models, VerifyModel(A), ended(A)) == []


def test_installed_model_is_used_at_once(models: ModelsState) -> None:
    assert do(models, DiskInspected({A: WHOLE}), FetchModel(A, use=True)) == [UseModel(A)]
    assert do(models, FetchModel(A)) == []


@pytest.mark.parametrize(
    "newer", [FetchModel(A, use=False), FetchModel(PUNC, use=True), CancelModel(A), WorkerModel(B, True)]
)
def test_newer_choice_replaces_the_model_to_use_next(models: ModelsState, newer: ModelEvent) -> None:
    do(models, FetchModel(A, use=True), newer)
    assert not view(models).next
    assert UseModel(A) not in do(models, ended(A))
