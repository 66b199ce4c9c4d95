"""Queue of files: effects of single events.

``test_queue_model`` mixes them.
"""

from collections.abc import Callable
from dataclasses import replace

import pytest

from app.core.errors import Note
from app.core.format import Format
from app.files.events import (
    Add,
    Asked,
    Effect,
    Event,
    FileInspected,
    Forget,
    Halted,
    HaltRun,
    InspectFile,
    InspectionFailed,
    Keep,
    ListNote,
    Noted,
    RunFailed,
    RunFile,
    RunFinished,
    RunProgress,
    Saved,
)
from app.files.queue import FileQueue, SavingOptions, can_retry
from app.files.view import (
    MOST_FILES,
    CancelFiles,
    ChooseSaving,
    FileNote,
    FileState,
    FilesView,
    FileView,
    MoveFile,
    PauseFiles,
    RemoveFiles,
    ResumeFiles,
    RetryFile,
)

BAD = Note(FileNote.DAMAGED)


def queue_of(*paths: str) -> FileQueue:
    """Return a queue with files 1, 2 ..., all readable; the first one runs."""
    queue = FileQueue()
    queue.handle(Add(paths))
    for file in range(1, len(paths) + 1):
        queue.handle(FileInspected(file, 100.0))
    return queue


def effects(queue: FileQueue, *events: Event) -> list[Effect]:
    """Return the effects of all events, without ``Keep``."""
    return [effect for event in events for effect in queue.handle(event) if effect != Keep()]


def states(queue: FileQueue) -> list[FileState]:
    return [view.state for view in queue.view().files]


def file_view(queue: FileQueue, file: int = 1) -> FileView:
    view = queue.find(file)
    assert view is not None
    return view


def test_queue_inspects_file_then_runs_it() -> None:
    queue = FileQueue()
    assert effects(queue, Add(("/a.mp3",))) == [InspectFile(1, "/a.mp3")]
    assert effects(queue, FileInspected(1, 100.0)) == [RunFile(1, "/a.mp3", again=False)]
    assert effects(queue, RunProgress(1, 40.0, "kia ora", 12.0)) == []
    assert file_view(queue) == FileView(1, "/a.mp3", FileState.WORKING, 40.0, 100.0, 12.0, "kia ora", tracks=1)
    assert effects(queue, RunFinished(1, 101.0, "kia ora koutou", ("/a.srt",))) == []
    results = ("/a.srt",)
    done = FileView(1, "/a.mp3", FileState.DONE, 101.0, 101.0, text="kia ora koutou", results=results, tracks=1)
    assert file_view(queue) == done


def test_queue_runs_one_file_at_a_time_in_list_order() -> None:
    queue = queue_of("/a", "/b", "/c")
    assert states(queue) == [FileState.WORKING, FileState.WAITING, FileState.WAITING]
    queue.handle(MoveFile(3, -1))
    assert effects(queue, RunFinished(1, 1.0, "")) == [RunFile(3, "/c", again=False)]


def test_queue_runs_several_files_when_configured() -> None:
    queue = FileQueue(at_once=2)
    ran = effects(queue, Add(("/a", "/b", "/c")), *(FileInspected(file, None) for file in (1, 2, 3)))
    assert [effect.file for effect in ran if isinstance(effect, RunFile)] == [1, 2]


@pytest.mark.parametrize(("by", "order"), [(1, [2, 1, 3]), (9, [2, 3, 1]), (-1, [1, 2, 3]), (0, [1, 2, 3])])
def test_move_stops_at_ends_of_list(by: int, order: list[int]) -> None:
    queue = queue_of("/a", "/b", "/c")
    queue.handle(MoveFile(1, by))
    assert [view.file for view in queue.view().files] == order


def test_unreadable_file_fails_and_next_one_runs() -> None:
    queue = FileQueue()
    queue.handle(Add(("/a", "/b")))
    assert effects(queue, InspectionFailed(1, BAD), FileInspected(2, 5.0)) == [RunFile(2, "/b", again=False)]
    assert (file_view(queue).state, file_view(queue).note) == (FileState.FAILED, BAD)


def test_next_run_waits_until_paused_run_has_ended() -> None:
    queue = queue_of("/a", "/b")
    assert effects(queue, PauseFiles(1)) == [HaltRun(1)]
    assert states(queue) == [FileState.PAUSED, FileState.WAITING]
    assert effects(queue, Halted(1)) == [RunFile(2, "/b", again=False)]
    assert effects(queue, ResumeFiles(1)) == []
    assert effects(queue, RunFinished(2, 1.0, "")) == [RunFile(1, "/a", again=False)]


def test_file_resumed_while_halting_runs_again_afterwards() -> None:
    queue = queue_of("/a")
    assert effects(queue, PauseFiles(), ResumeFiles()) == [HaltRun(1)]
    assert effects(queue, Halted(1)) == [RunFile(1, "/a", again=False)]


def test_pause_all_spares_ended_files() -> None:
    queue = queue_of("/a", "/b", "/c")
    queue.handle(RunFinished(1, 1.0, ""))
    queue.handle(PauseFiles())
    assert states(queue) == [FileState.DONE, FileState.PAUSED, FileState.PAUSED]
    queue.handle(ResumeFiles())
    assert states(queue) == [FileState.DONE, FileState.WAITING, FileState.WAITING]
    assert effects(queue, Halted(2)) == [RunFile(2, "/b", again=False)]


def test_file_paused_during_inspection_does_not_run() -> None:
    queue = FileQueue()
    queue.handle(Add(("/a",)))
    assert effects(queue, PauseFiles(1), FileInspected(1, 7.0)) == []
    assert (file_view(queue).state, file_view(queue).duration_s) == (FileState.PAUSED, 7.0)
    assert effects(queue, ResumeFiles(1)) == [RunFile(1, "/a", again=False)]


def test_cancelled_file_keeps_its_text_and_continues_on_request() -> None:
    queue = queue_of("/a")
    queue.handle(RunProgress(1, 50.0, "half"))
    assert effects(queue, CancelFiles(1)) == [HaltRun(1)]
    assert effects(queue, RunProgress(1, 60.0, "late"), Noted(1, BAD)) == []
    assert effects(queue, Halted(1)) == []
    assert (file_view(queue).state, file_view(queue).text, file_view(queue).position_s) == (
        FileState.CANCELLED,
        "half",
        50.0,
    )
    assert effects(queue, RetryFile(1)) == [RunFile(1, "/a", again=True)]


def test_cancelled_file_stays_cancelled_when_its_run_fails() -> None:
    queue = queue_of("/a")
    assert effects(queue, CancelFiles(1), RunFailed(1, BAD)) == [HaltRun(1)]
    assert (file_view(queue).state, file_view(queue).note) == (FileState.CANCELLED, None)
    assert effects(queue, RemoveFiles(1)) == [Forget(1)]


def test_cancelled_waiting_file_cannot_be_paused() -> None:
    queue = queue_of("/a", "/b")
    assert effects(queue, CancelFiles(2)) == []
    assert effects(queue, CancelFiles(2), PauseFiles(2), ResumeFiles(2)) == []


def test_cancel_all_spares_files_that_have_begun() -> None:
    """A folder may be opened by mistake; files that have begun keep their texts."""
    queue = queue_of("/a", "/b", "/c", "/d")
    queue.handle(RunProgress(1, 50.0, "half"))
    queue.handle(PauseFiles(1))
    queue.handle(Halted(1))
    queue.handle(PauseFiles(3))
    assert effects(queue, CancelFiles()) == []
    assert states(queue) == [FileState.PAUSED, FileState.WORKING, FileState.CANCELLED, FileState.CANCELLED]


def test_file_is_done_when_cancelled_too_late() -> None:
    queue = queue_of("/a")
    queue.handle(CancelFiles(1))
    assert effects(queue, RunFinished(1, 9.0, "all", ("/a.srt",))) == []
    assert (file_view(queue).state, file_view(queue).results) == (FileState.DONE, ("/a.srt",))


def test_retry_during_cancellation_continues_after_its_end() -> None:
    queue = queue_of("/a")
    assert effects(queue, CancelFiles(1), RetryFile(1)) == [HaltRun(1)]
    assert effects(queue, Halted(1)) == [RunFile(1, "/a", again=True)]


def test_failed_file_has_reason_and_can_be_retried() -> None:
    queue = queue_of("/a")
    queue.handle(RunFailed(1, BAD))
    assert (file_view(queue).state, file_view(queue).note) == (FileState.FAILED, BAD)
    assert effects(queue, RetryFile(1)) == [RunFile(1, "/a", again=True)]
    assert file_view(queue).note is None


def test_done_file_can_be_retried_only_with_gaps() -> None:
    queue = queue_of("/a")
    queue.handle(RunFinished(1, 9.0, "most", gaps=True))
    assert can_retry(file_view(queue))
    assert effects(queue, RetryFile(1)) == [RunFile(1, "/a", again=True)]
    queue.handle(RunFinished(1, 9.0, "all"))
    assert not can_retry(file_view(queue))
    assert effects(queue, RetryFile(1)) == []


def test_removed_running_file_is_forgotten_after_its_run() -> None:
    queue = queue_of("/a", "/b")
    assert effects(queue, RemoveFiles(1)) == [HaltRun(1)]
    assert [view.file for view in queue.view().files] == [2]
    assert effects(queue, Halted(1)) == [Forget(1), RunFile(2, "/b", again=False)]


def test_remove_all_takes_only_ended_files() -> None:
    queue = queue_of("/a", "/b", "/c")
    queue.handle(RunFinished(1, 1.0, ""))
    queue.handle(CancelFiles(3))
    assert effects(queue, RemoveFiles()) == [Forget(1), Forget(3)]
    assert [view.file for view in queue.view().files] == [2]


def test_remove_all_keeps_texts_that_are_saved_nowhere_until_asked_again() -> None:
    queue = queue_of("/saved", "/unsaved", "/cancelled", "/failed")
    queue.handle(RunFinished(1, 1.0, "saved", ("/saved.txt",)))
    queue.handle(RunFinished(2, 1.0, "unsaved", note=Note(FileNote.NOT_SAVED, {"place": "/"})))
    queue.handle(RunProgress(3, 9.0, "an hour", None))
    assert effects(queue, CancelFiles(3), Halted(3))[-1] == RunFile(4, "/failed", again=False)
    queue.handle(RunProgress(4, 9.0, "another hour", None))
    queue.handle(RunFailed(4, Note(FileNote.NO_ANSWER)))
    assert effects(queue, RemoveFiles()) == [Forget(1)]
    assert [view.file for view in queue.view().files] == [2, 3, 4]
    assert queue.view().note == Note(FileNote.UNSAVED, {"count": "3"})
    queue.handle(Saved(2, "/elsewhere.txt"))
    assert effects(queue, RemoveFiles()) == [Forget(2)], "the warning named another number"
    assert effects(queue, RemoveFiles()) == [Forget(3), Forget(4)]
    assert queue.view() == FilesView()


def test_listed_file_is_not_added_twice() -> None:
    queue = queue_of("/a", "/b")
    assert effects(queue, Add(("/a", "/b", "/c"))) == [InspectFile(3, "/c")]
    assert queue.view().note == Note(FileNote.LISTED, {"count": "2"})
    queue.handle(PauseFiles())
    assert queue.view().note is None


def test_ended_file_starts_over_when_added_again() -> None:
    queue = queue_of("/a")
    queue.handle(RunFinished(1, 1.0, "old"))
    assert effects(queue, Add(("/a",))) == [Forget(1), InspectFile(2, "/a")]
    assert [view.file for view in queue.view().files] == [2]


@pytest.mark.parametrize("end", [CancelFiles(1), RunFailed(1, BAD)])
def test_unfinished_file_continues_when_added_again(end: Event) -> None:
    queue = queue_of("/a", "/b")
    queue.handle(RunProgress(1, 5.0, "half", None))
    queue.handle(end)
    queue.handle(Halted(1))
    queue.handle(RunFinished(2, 1.0, ""))
    assert effects(queue, Add(("/a",))) == [RunFile(1, "/a", again=True)]
    assert (file_view(queue).position_s, file_view(queue).text) == (5.0, "half") and queue.view().note is None


def test_queue_counts_files_over_its_limit() -> None:
    queue = FileQueue()
    looks = effects(queue, Add(tuple(f"/{number}" for number in range(MOST_FILES + 3)), left_out=4))
    assert len(looks) == len(queue.view().files) == MOST_FILES
    assert queue.view().full
    assert queue.view().note == Note(FileNote.LIST_FULL, {"count": "7", "most": str(MOST_FILES)})


def test_queue_notes_when_no_recording_was_found() -> None:
    queue = FileQueue()
    assert effects(queue, Add(())) == []
    assert queue.view().note == Note(FileNote.NOTHING_FOUND)


def test_note_of_run_is_cleared_when_run_stops() -> None:
    queue = queue_of("/a")
    queue.handle(Noted(1, Note(FileNote.NO_WORKER)))
    assert file_view(queue).note == Note(FileNote.NO_WORKER)
    queue.handle(PauseFiles(1))
    assert file_view(queue).note is None


def test_saved_copy_becomes_result_and_clears_note() -> None:
    queue = queue_of("/a")
    queue.handle(RunFinished(1, 9.0, "all", ("/a.txt",), Note(FileNote.NOT_SAVED)))
    for _ in range(2):
        queue.handle(Saved(1, "/b.srt"))
    assert (file_view(queue).results, file_view(queue).note) == (("/a.txt", "/b.srt"), None)


def test_queue_shows_chosen_form_and_folder() -> None:
    queue = FileQueue()
    queue.handle(ChooseSaving((Format.VTT,), "/texts"))
    assert queue.saving == SavingOptions((Format.VTT,), "/texts")
    assert (queue.view().forms, queue.view().folder) == ((Format.VTT,), "/texts")


@pytest.mark.parametrize("event", [RunProgress(1, 1.0, "x"), Noted(1, BAD), ListNote(BAD)])
def test_transient_events_are_not_saved(event: Event) -> None:
    assert queue_of("/a").handle(event) == []


@pytest.mark.parametrize(
    "event",
    [
        RunProgress(9, 1.0, ""),
        Noted(9, BAD),
        FileInspected(9, 1.0),
        InspectionFailed(9, BAD),
        Saved(9, "/x"),
        MoveFile(9, 1),
    ],
)
def test_events_of_removed_file_change_nothing(event: Event) -> None:
    queue = queue_of("/a")
    before = queue.view()
    assert effects(queue, event) == []
    assert queue.view() == before


@pytest.mark.parametrize("make", [PauseFiles, ResumeFiles, CancelFiles, RetryFile, RemoveFiles])
def test_actions_on_removed_file_change_nothing(make: Callable[[int], Asked]) -> None:
    queue = queue_of("/a")
    assert effects(queue, make(9)) == []
    assert states(queue) == [FileState.WORKING]


def test_start_resumes_saved_list() -> None:
    queue = queue_of("/a", "/b", "/c")
    queue.handle(PauseFiles(2))
    queue.handle(Add(("/d",)))
    again = FileQueue(queue.files, queue.saving, queue.following)
    assert again.start() == [InspectFile(4, "/d"), RunFile(1, "/a", again=False)]
    assert states(again) == [FileState.WORKING, FileState.PAUSED, FileState.WAITING, FileState.ADDED]


def test_start_keeps_cancelled_files_and_their_text() -> None:
    queue = queue_of("/a")
    assert effects(queue, RunProgress(1, 50.0, "half"), CancelFiles(1)) == [HaltRun(1)]
    again = FileQueue(queue.files, queue.saving, queue.following)
    assert not any(isinstance(effect, Forget | RunFile) for effect in again.start())
    assert (file_view(again).state, file_view(again).text) == (FileState.CANCELLED, "half")


def test_file_numbers_are_never_reused() -> None:
    queue = queue_of("/a")
    queue.handle(RemoveFiles(1))
    queue.handle(Halted(1))
    queue.handle(Add(("/b",)))
    assert [view.file for view in queue.view().files] == [2]
    assert FileQueue([replace(file_view(queue, 2), file=7)], following=3).following == 8
