"""Actions on models in each state: their effects and the resulting views."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.notes import Note
from app.models.actions import CancelModel, FetchModel, ImportModel, PauseModel, RemoveModel, VerifyModel
from app.models.events import Disk, Ended, Halt, Looked, Outcome, Run, ShelfEvent, Told, Used, Want, Work
from app.models.state_machine import Shelf
from app.models.view import About, ModelNote, ModelState, ModelView, Purpose, Use
from speech.models.progress import Advanced, Checked, Fetching, Stating, WaitingForLock

A, B, VAD, PUNC = "a", "paraformer-zh", "fsmn-vad", "ct-punc-c"
WHOLE = Disk(True, size=100, installed_s=5.0)
PART = Disk(here={"weights.bin": 40})
NONE = Disk()
PROBLEM = Note(ModelNote.UNAVAILABLE)


@pytest.fixture
def shelf() -> Shelf:
    return made()


def made() -> Shelf:
    return Shelf(
        [
            About(A, size=100),
            About(B, size=100),
            About(VAD, Purpose.VAD, size=10),
            About(PUNC, Purpose.PUNCTUATION, size=10),
        ]
    )


def view(shelf: Shelf, name: str = A, at: float = 0.0) -> ModelView:
    return next(view for view in shelf.view(at) if view.name == name)


def do(shelf: Shelf, *events: ShelfEvent) -> list[Run | Halt]:
    """Handle events and return the effects of the last one."""
    return [shelf.handle(event) for event in events][-1]


def test_fetched_model_shows_progress(shelf: Shelf) -> None:
    assert view(shelf).state is ModelState.MISSING
    assert do(shelf, FetchModel(A)) == [Run(A, Work.FETCH)]
    do(shelf, Told(A, Fetching("weights.bin", "hub", 100), 0.0))
    do(shelf, Told(A, Advanced("weights.bin", 20, 100), 1.0), Told(A, Advanced("weights.bin", 40, 100), 2.0))
    shown = view(shelf, at=2.0)
    assert (shown.state, shown.done, shown.percent, shown.source) == (ModelState.FETCHING, 40, 40, "hub")
    assert (shown.speed, shown.left_s) == (20, 3)
    assert do(shelf, Ended(A, Outcome.DONE, WHOLE)) == []
    shown = view(shelf)
    assert (shown.state, shown.done, shown.percent, shown.installed_s) == (ModelState.INSTALLED, 100, 100, 5.0)
    assert do(shelf, FetchModel(A)) == [], "it is here"


def test_shelf_fetches_one_model_at_a_time(shelf: Shelf) -> None:
    assert do(shelf, FetchModel(A), FetchModel(B)) == []
    assert view(shelf, B).state is ModelState.QUEUED
    assert do(shelf, Want(VAD)) == []
    assert do(shelf, Ended(A, Outcome.DONE, WHOLE)) == [Run(VAD, Work.FETCH)], "the worker waits for it"
    assert do(shelf, Ended(VAD, Outcome.FAILED, NONE, PROBLEM)) == [Run(B, Work.FETCH)]
    assert do(shelf, VerifyModel(A)) == [Run(A, Work.VERIFY)], "beside it"
    assert do(shelf, ImportModel(VAD, "/x")) == []
    assert do(shelf, Ended(A, Outcome.DONE, WHOLE)) == [Run(VAD, Work.IMPORT, "/x")]


def test_paused_fetch_keeps_data_and_resumes(shelf: Shelf) -> None:
    do(shelf, FetchModel(A))
    assert do(shelf, PauseModel(A)) == [Halt(A)]
    assert do(shelf, PauseModel(A)) == [], "once"
    assert view(shelf).stopping
    assert do(shelf, Ended(A, Outcome.STOPPED, PART)) == []
    shown = view(shelf)
    assert (shown.state, shown.done, shown.stopping) == (ModelState.PAUSED, 40, False)
    assert do(shelf, Want(A)) == [], "a person has paused it"
    assert do(shelf, FetchModel(A)) == [Run(A, Work.FETCH)]
    assert view(shelf).done == 40


def test_fetch_paused_before_first_byte_stays_paused(shelf: Shelf) -> None:
    do(shelf, FetchModel(A), PauseModel(A), Ended(A, Outcome.STOPPED, NONE))
    assert view(shelf).state is ModelState.PAUSED
    do(shelf, CancelModel(A))
    assert view(shelf).state is ModelState.MISSING


def test_fetch_resumed_while_stopping_runs_again(shelf: Shelf) -> None:
    do(shelf, FetchModel(A), PauseModel(A))
    assert do(shelf, FetchModel(A)) == []
    assert do(shelf, Ended(A, Outcome.STOPPED, PART)) == [Run(A, Work.FETCH)]


def test_queued_fetch_is_paused_and_cancelled_at_once(shelf: Shelf) -> None:
    do(shelf, FetchModel(A), FetchModel(B))
    assert do(shelf, PauseModel(B)) == []
    assert view(shelf, B).state is ModelState.PAUSED
    do(shelf, FetchModel(B))
    assert do(shelf, CancelModel(B)) == []
    assert view(shelf, B).state is ModelState.MISSING


def test_cancelled_fetch_is_discarded_after_it_stopped(shelf: Shelf) -> None:
    do(shelf, FetchModel(A))
    assert do(shelf, CancelModel(A)) == [Halt(A)]
    assert do(shelf, Ended(A, Outcome.STOPPED, PART)) == [Run(A, Work.ABANDON)]
    assert view(shelf).state is ModelState.REMOVING
    assert do(shelf, CancelModel(A)) == [], "that cannot be cancelled"
    do(shelf, Ended(A, Outcome.DONE, NONE))
    assert view(shelf).state is ModelState.MISSING


@pytest.mark.parametrize("begun", [[], [FetchModel(A), PauseModel(A), Ended(A, Outcome.STOPPED, PART)]])
def test_cancel_discards_unfinished_model(shelf: Shelf, begun: list[ShelfEvent]) -> None:
    for event in [Looked({A: PART}), *begun]:
        do(shelf, event)
    assert view(shelf).state is ModelState.PAUSED, "of an earlier start too"
    assert do(shelf, CancelModel(A)) == [Run(A, Work.ABANDON)]


def test_worker_request_resumes_unfinished_model(shelf: Shelf) -> None:
    assert do(shelf, Looked({A: PART}), Want(A)) == [Run(A, Work.FETCH)]


def test_failed_fetch_has_reason_and_can_be_retried(shelf: Shelf) -> None:
    do(shelf, FetchModel(A), Ended(A, Outcome.FAILED, PART, PROBLEM, ("hub: no",)))
    shown = view(shelf)
    assert (shown.state, shown.note, shown.details, shown.done) == (ModelState.FAILED, PROBLEM, ("hub: no",), 40)
    assert do(shelf, FetchModel(A)) == [Run(A, Work.FETCH)]
    assert (view(shelf).note, view(shelf).details) == (None, ())


def test_model_is_busy_while_other_program_works_on_it(shelf: Shelf) -> None:
    do(shelf, Looked({A: replace(PART, busy=True)}))
    shown = view(shelf)
    assert (shown.state, shown.percent) == (ModelState.BUSY, 40)
    assert do(shelf, CancelModel(A)) == [], "what another program fetches is not discarded"
    assert not shown.waiting
    do(shelf, Want(A), Told(A, WaitingForLock(A), 0.0))
    assert view(shelf).state is ModelState.BUSY and view(shelf).waiting
    do(shelf, Told(A, Fetching("weights.bin", "hub", 100), 1.0))
    assert view(shelf).state is ModelState.FETCHING


def test_verify_reports_progress_and_result(shelf: Shelf) -> None:
    assert do(shelf, VerifyModel(A)) == [], "it is not here"
    do(shelf, Looked({A: WHOLE}))
    assert do(shelf, VerifyModel(A)) == [Run(A, Work.VERIFY)]
    do(shelf, Told(A, Checked(A, 70, 100), 0.0))
    assert (view(shelf).state, view(shelf).percent) == (ModelState.VERIFYING, 70)
    do(shelf, Ended(A, Outcome.DONE, WHOLE))
    assert (view(shelf).state, view(shelf).note) == (ModelState.INSTALLED, Note(ModelNote.WHOLE))


def test_damage_is_remembered_until_repair(shelf: Shelf) -> None:
    do(shelf, Looked({A: WHOLE}), VerifyModel(A))
    do(shelf, Ended(A, Outcome.DAMAGED, WHOLE, Note(ModelNote.DAMAGED), ("weights.bin",)), Looked({A: WHOLE}))
    assert (view(shelf).state, view(shelf).details) == (ModelState.DAMAGED, ("weights.bin",))
    assert do(shelf, FetchModel(A)) == [Run(A, Work.FETCH)]
    do(shelf, Ended(A, Outcome.DONE, WHOLE))
    assert view(shelf).state is ModelState.INSTALLED
    do(shelf, Looked({A: replace(WHOLE, damaged=True)}))
    assert view(shelf).state is ModelState.DAMAGED


def test_cancelled_verify_keeps_model(shelf: Shelf) -> None:
    do(shelf, Looked({A: WHOLE}), VerifyModel(A))
    assert do(shelf, CancelModel(A)) == [Halt(A)]
    assert do(shelf, Ended(A, Outcome.STOPPED, WHOLE)) == []
    assert view(shelf).state is ModelState.INSTALLED


def test_fetch_that_finishes_before_stopping_is_installed(shelf: Shelf) -> None:
    do(shelf, FetchModel(A), PauseModel(A), Ended(A, Outcome.DONE, WHOLE))
    assert view(shelf).state is ModelState.INSTALLED


def test_remove_is_refused_for_model_in_use(shelf: Shelf) -> None:
    do(shelf, Looked({A: WHOLE, VAD: WHOLE}), Used(A, running=True))
    assert (view(shelf).use, view(shelf).chosen) == (Use.WORKER, True)
    assert do(shelf, RemoveModel(A)) == []
    assert view(shelf).note == Note(ModelNote.USED_BY_WORKER)
    assert do(shelf, RemoveModel(VAD)) == []
    assert view(shelf, VAD).note == Note(ModelNote.USED_BY_APP)
    assert do(shelf, Used(A, running=False), RemoveModel(A)) == [Run(A, Work.REMOVE)]
    assert view(shelf).state is ModelState.REMOVING
    do(shelf, Ended(A, Outcome.DONE, NONE))
    assert view(shelf).state is ModelState.MISSING


def test_companion_of_chosen_model_is_in_use(shelf: Shelf) -> None:
    do(shelf, Used(B, running=True, lacks={B: "funasr"}))
    assert view(shelf, PUNC).use is Use.WORKER
    assert (view(shelf, B).lacks, view(shelf, A).use) == ("funasr", Use.NOBODY)


def test_import_can_be_cancelled(shelf: Shelf) -> None:
    assert do(shelf, ImportModel(A, "/x")) == [Run(A, Work.IMPORT, "/x")]
    assert view(shelf).state is ModelState.IMPORTING
    assert do(shelf, PauseModel(A)) == []
    assert do(shelf, CancelModel(A)) == [Halt(A)]
    assert do(shelf, Ended(A, Outcome.STOPPED, PART)) == [Run(A, Work.ABANDON)]
    do(shelf, Ended(A, Outcome.DONE, WHOLE))
    assert do(shelf, ImportModel(A, "/x")) == [], "it is here"


def test_only_installed_runnable_recogniser_can_be_chosen(shelf: Shelf) -> None:
    do(shelf, Looked({A: WHOLE, VAD: WHOLE}))
    assert view(shelf).can_be_chosen and not view(shelf, VAD).can_be_chosen and not view(shelf, B).can_be_chosen
    do(shelf, Used("", running=False, lacks={A: "funasr"}))
    assert not view(shelf).can_be_chosen


def test_about_shows_size_stated_by_hub() -> None:
    shelf = Shelf([About(A, size=1000, at_most=True)])
    assert view(shelf).about.at_most
    do(shelf, FetchModel(A), Told(A, Stating(A, "hub", 2, 300), 0.0))
    assert (view(shelf).about.size, view(shelf).about.at_most) == (300, False)
    do(shelf, Ended(A, Outcome.DONE, replace(WHOLE, size=300)))
    assert view(shelf).about.size == 300


def test_shelf_ignores_unknown_models_and_unexpected_events(shelf: Shelf) -> None:
    assert do(shelf, FetchModel("no-such-model")) == []
    assert do(shelf, Told(A, WaitingForLock(A), 0.0)) == []
    assert do(shelf, Ended(A, Outcome.DONE, WHOLE)) == []


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

    def perform(effects: list[Run | Halt]) -> None:
        for effect in effects:
            if isinstance(effect, Run):
                assert effect.name not in running
                running[effect.name] = effect.work
            else:
                assert effect.name in running and effect.name not in halted
                halted.add(effect.name)
        fetches = [work for work in running.values() if work is Work.FETCH]
        assert len(fetches) <= 1 and len(running) - len(fetches) <= 1

    def end(name: str) -> None:
        running.pop(name)
        stops = name in halted and data.draw(st.booleans())
        halted.discard(name)
        outcome = Outcome.STOPPED if stops else data.draw(st.sampled_from([Outcome.DONE, Outcome.FAILED]))
        perform(shelf.handle(Ended(name, outcome, data.draw(st.sampled_from(_DISKS)), PROBLEM)))

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
