"""Choice of a film's sound track: results of another track never count for the chosen one."""

import pytest

from app.core.errors import Note
from app.files.events import (
    Add,
    Effect,
    Event,
    FileInspected,
    Halted,
    HaltRun,
    InspectFile,
    InspectionFailed,
    Keep,
    RunFailed,
    RunFile,
    RunFinished,
)
from app.files.queue import FileQueue
from app.files.view import ChooseTrack, FileNote, FileState, FileView, PauseFiles, ResumeFiles
from speech.media_file import SoundTrack

FIRST = RunFile(1, "/film.mkv", again=False, track=1)
SECOND = RunFile(1, "/film.mkv", again=False, track=2)


def effects(queue: FileQueue, *events: Event) -> list[Effect]:
    return [effect for event in events for effect in queue.handle(event) if effect != Keep()]


@pytest.fixture
def queue() -> FileQueue:
    """Return a queue that recognises the default track of a film."""
    queue = FileQueue()
    assert effects(queue, Add((FIRST.path,)), FileInspected(1, 9.0, SoundTrack(1, 2)))[1:] == [FIRST]
    return queue


def file_view(queue: FileQueue) -> FileView:
    view = queue.find(1)
    assert view is not None
    return view


def test_other_track_of_a_recognised_film_starts_over(queue: FileQueue) -> None:
    queue.handle(RunFinished(1, 9.0, "one", ("/film.txt",), gaps=True, truncated=True))
    assert effects(queue, ChooseTrack(1, 2)) == [SECOND]
    assert file_view(queue) == FileView(1, FIRST.path, FileState.WORKING, duration_s=9.0, track=2, tracks=2)


@pytest.mark.parametrize(
    "end", [Halted(1), RunFinished(1, 9.0, "one", ("/film.txt",)), RunFailed(1, Note(FileNote.DAMAGED))]
)
def test_run_of_other_track_does_not_end_the_chosen_one(queue: FileQueue, end: Event) -> None:
    assert effects(queue, ChooseTrack(1, 2)) == [HaltRun(1)]
    assert effects(queue, end) == [SECOND]
    assert (file_view(queue).text, file_view(queue).results, file_view(queue).note) == ("", (), None)


def test_paused_film_stays_paused(queue: FileQueue) -> None:
    queue.handle(PauseFiles(1))
    assert effects(queue, Halted(1), ChooseTrack(1, 2)) == []
    assert effects(queue, ResumeFiles(1)) == [SECOND]


@pytest.mark.parametrize("track", [0, 1, 3])
def test_only_another_track_of_the_film_can_be_chosen(queue: FileQueue, track: int) -> None:
    assert effects(queue, ChooseTrack(1, track)) == []
    assert file_view(queue).state is FileState.WORKING


def test_film_that_an_earlier_version_listed_offers_its_tracks() -> None:
    listed = FileView(1, FIRST.path, FileState.DONE, 9.0, 9.0, text="one")
    half = FileView(2, "/half.mkv", FileState.PAUSED, 4.0, 9.0)
    gone = FileView(4, "/gone.mkv", FileState.CANCELLED)
    queue = FileQueue((listed, half, FileView(3, "/new.wav", FileState.DONE, tracks=1), gone))
    assert queue.start() == [InspectFile(1, FIRST.path), InspectFile(2, "/half.mkv")]
    assert effects(queue, FileInspected(1, 9.0, SoundTrack(1, 2)), FileInspected(2, 9.0, SoundTrack(1, 2))) == []
    assert (file_view(queue).tracks, file_view(queue).text) == (2, "one")
    assert effects(queue, ResumeFiles(2)) == [RunFile(2, "/half.mkv", again=False)], "from where it was"
    assert effects(queue, ChooseTrack(1, 2), Halted(2)) == [SECOND]


def test_film_that_is_missing_keeps_its_half_recognised_text() -> None:
    queue = FileQueue((FileView(1, FIRST.path, FileState.PAUSED, 4.0, 9.0),))
    assert effects(queue, InspectionFailed(1, Note(FileNote.MISSING))) == []
    assert file_view(queue).state is FileState.PAUSED


def test_recording_with_one_track_is_read_as_before() -> None:
    queue = FileQueue()
    assert effects(queue, Add(("/a.wav",)), FileInspected(1, 9.0))[1:] == [RunFile(1, "/a.wav", again=False)]
