"""Queue of files to recognise, as a pure state machine: events in, effects out.

added -> waiting -> working -> done, failed or cancelled. Resumed files return to waiting. At most ``at_once``
runs exist at a time, and a halting run counts until it has ended. No file is run twice at once.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any, Final

from app.core.errors import Note
from app.core.format import Format
from app.files.events import (
    About,
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
    TextLost,
)
from app.files.view import (
    ENDED,
    MOST_FILES,
    USUAL_FORMS,
    CancelFiles,
    ChooseSaving,
    ChooseTrack,
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

AT_ONCE: Final = 1


@dataclass(frozen=True)
class SavingOptions:
    """Settings for saved results; ``folder``: empty for the folder of each file."""

    forms: tuple[Format, ...] = USUAL_FORMS
    folder: str = ""


_OF_TRACK: Final = ("track", "position_s", "text", "results", "gaps", "truncated", "again")
_PASSING: Final = (RunProgress, Noted, ListNote)


class FileQueue:
    """Queue of files.

    Call ``start`` first, then ``handle`` each event in order. Perform the returned effects in order.
    """

    def __init__(
        self,
        files: Iterable[FileView] = (),
        saving: SavingOptions | None = None,
        following: int = 1,
        at_once: int = AT_ONCE,
    ) -> None:
        self._files = {view.file: _resting(view) for view in files}
        self.saving = saving or SavingOptions()
        self.following = max(following, *(file + 1 for file in self._files), 1)
        self._at_once = at_once
        self._running: dict[int, int] = {}  # the sound track of each run
        self._note: Note | None = None

    @property
    def files(self) -> tuple[FileView, ...]:
        """Files to store, together with ``saving`` and ``following``, the number of the next file."""
        return tuple(self._files.values())

    def find(self, file: int) -> FileView | None:
        """Return this file, or ``None`` if it was removed."""
        return self._files.get(file)

    def view(self) -> FilesView:
        """Return the list as users see it."""
        return FilesView(self.files, self.saving.forms, self.saving.folder, self._note)

    def start(self) -> list[Effect]:
        """Resume the stored list; inspect files again whose sound tracks an earlier version did not count."""
        new = [
            InspectFile(view.file, view.path)
            for view in self.files
            if view.state is FileState.ADDED or not (view.tracks or view.state is FileState.CANCELLED)
        ]
        return [*new, *self._next()]

    def handle(self, event: Event) -> list[Effect]:
        """Apply an event and return its effects; ignore news of removed files."""
        effects = self._apply(event)
        if isinstance(event, _PASSING):
            return effects
        return [*effects, *self._next(), Keep()]

    def _apply(self, event: Event) -> list[Effect]:
        match event:
            case Add():
                return self._add(event)
            case ListNote(note):
                self._note = note
            case ChooseSaving(forms, folder):
                self.saving = SavingOptions(forms, folder)
            case MoveFile(file, by):
                self._move(file, by)
            case RunProgress() | Noted() | FileInspected() | InspectionFailed() | Saved() | TextLost():
                self._file_changed(event)
            case RunFinished() | RunFailed() | Halted():
                return self._handle_run_end(event)
            case RemoveFiles(None):
                return self._clear()
            case _:
                self._note = None
                return self._handle_request(event)
        return []

    # -- actions of the user -----------------------------------------------------------------------------------

    def _add(self, event: Add) -> list[Effect]:
        effects: list[Effect] = []
        listed, left_out = 0, event.left_out
        for path in event.paths:
            known = next((view for view in self.files if view.path == path), None)
            if known and known.state not in ENDED:
                listed += 1
                continue
            if known and known.state is not FileState.DONE:
                effects += self._handle_request(RetryFile(known.file))
                continue
            if known:
                effects += self._remove(known.file)
            if len(self._files) >= MOST_FILES:
                left_out += 1
                continue
            file, self.following = self.following, self.following + 1
            self._files[file] = FileView(file, path)
            effects.append(InspectFile(file, path))
        self._note = _note_of_adding(len(event.paths), listed, left_out)
        return effects

    def _handle_request(self, event: Asked) -> list[Effect]:
        effects: list[Effect] = []
        for file in self._files_named(event):
            match event:
                case PauseFiles():
                    effects += self._change_without_run(file, FileState.PAUSED)
                case ResumeFiles():
                    self._change(file, FileState.WAITING)
                case CancelFiles():
                    effects += self._change_without_run(file, FileState.CANCELLED)
                case RetryFile():
                    self._change(file, FileState.WAITING, again=True)
                case ChooseTrack(_, track):
                    effects += self._choose_track(file, track)
                case RemoveFiles():
                    effects += self._remove(file)
        return effects

    def _clear(self) -> list[Effect]:
        """Remove the files that have ended; those with unsaved texts only if the last note warned of as many."""
        unsaved = sum(view.unsaved for view in self.files)
        warning = Note(FileNote.UNSAVED, {"count": str(unsaved)}) if unsaved else None
        sure = self._note == warning
        self._note = None if sure else warning
        removed = [view.file for view in self.files if view.state in ENDED and (sure or not view.unsaved)]
        return list(chain.from_iterable(map(self._remove, removed)))

    def _files_named(self, event: Asked) -> list[int]:
        """Return the files to which the action applies and whose state allows it."""
        named = getattr(event, "file", None)
        return [view.file for view in self.files if named in (None, view.file) and _can(event, view)]

    def _change(self, file: int, state: FileState, note: Note | None = None, **other: Any) -> None:
        """Change the state of a file, and ``other`` fields."""
        self._files[file] = replace(self._files[file], state=state, note=note, left_s=None, **other)

    def _change_without_run(self, file: int, state: FileState, **other: Any) -> list[Effect]:
        """Change to a state without a run, and halt the current run if there is one."""
        runs = self._files[file].state is FileState.WORKING
        self._change(file, state, **other)
        return [HaltRun(file)] if runs else []

    def _choose_track(self, file: int, track: int) -> list[Effect]:
        paused = self._files[file].state is FileState.PAUSED
        new = FileView(file, "", track=track)
        changed = {name: getattr(new, name) for name in _OF_TRACK}
        return self._change_without_run(file, FileState.PAUSED if paused else FileState.WAITING, **changed)

    def _remove(self, file: int) -> list[Effect]:
        effects = self._change_without_run(file, FileState.CANCELLED)
        del self._files[file]
        return effects if file in self._running else [*effects, Forget(file)]  # otherwise when its run ends

    def _move(self, file: int, by: int) -> None:
        if file in self._files:
            order = list(self._files)
            place = order.index(file)
            order.insert(max(0, min(len(order) - 1, place + by)), order.pop(place))
            self._files = {number: self._files[number] for number in order}

    # -- news of files --------------------------------------------------------------------------------------

    def _file_changed(self, event: About) -> None:
        view = self._files.get(event.file)
        if view is None:
            return
        working = view.state is FileState.WORKING
        match event:
            case FileInspected(_, duration_s, sound):
                state = FileState.WAITING if view.state is FileState.ADDED else view.state
                numbered = sound.tracks > 1 and view.untouched  # otherwise a run has begun with the default track
                track = view.track or sound.number if numbered else view.track
                duration_s = view.duration_s or duration_s
                view = replace(view, state=state, duration_s=duration_s, tracks=sound.tracks, track=track)
            case InspectionFailed(_, note) if view.state in (FileState.ADDED, FileState.PAUSED) and view.untouched:
                view = replace(view, state=FileState.FAILED, note=note)
            case RunProgress(_, position_s, text, left_s) if working:
                view = replace(view, position_s=position_s, text=text, left_s=left_s)
            case Noted(_, note) if working:
                view = replace(view, note=note)
            case Saved(_, place):
                unsaved = view.note is not None and view.note.key == FileNote.NOT_SAVED
                results = tuple(dict.fromkeys((*view.results, place)))
                view = replace(view, results=results, note=None if unsaved else view.note)
            case TextLost(_, places):
                view = replace(view, gaps=True, note=Note(FileNote.TEXT_LOST, {"places": ", ".join(places)}))
        self._files[event.file] = view

    def _handle_run_end(self, event: RunFinished | RunFailed | Halted) -> list[Effect]:
        """Handle the end of a run, whose file may have been paused, resumed, cancelled or removed since."""
        file = event.file
        track = self._running.pop(file, None)
        view = self._files.get(file)
        if view is None:
            return [Forget(file)]
        match event:
            case _ if track not in (None, view.track):
                pass  # another track was chosen, and the file waits for a run of that
            case RunFinished():  # even if it was cancelled too late: its results are saved
                self._change(
                    file,
                    FileState.DONE,
                    event.note,
                    position_s=event.duration_s,
                    duration_s=event.duration_s,
                    text=event.text,
                    results=event.results,
                    gaps=event.gaps,
                    truncated=event.truncated,
                    again=False,
                )
                return []
            case RunFailed(_, note) if view.state is not FileState.CANCELLED:
                self._change(file, FileState.FAILED, note)
            case Halted() if view.state is FileState.WORKING:
                self._change(file, FileState.WAITING)
        return []

    def _next(self) -> list[Effect]:
        """Start waiting files from the top, up to the limit of runs."""
        effects: list[Effect] = []
        for file, view in self._files.items():
            if len(self._running) >= self._at_once:
                break
            if view.state is FileState.WAITING and file not in self._running:
                self._running[file] = view.track
                self._change(file, FileState.WORKING, again=False)
                effects.append(RunFile(file, view.path, view.again, view.track))
        return effects


def can_retry(view: FileView) -> bool:
    """Return whether a retry may yield more text."""
    lacks = view.gaps or view.truncated
    return view.state in (FileState.FAILED, FileState.CANCELLED) or (view.state is FileState.DONE and lacks)


def _can(event: Asked, view: FileView) -> bool:
    match event:
        case PauseFiles():
            return view.state in (FileState.ADDED, FileState.WAITING, FileState.WORKING)
        case ResumeFiles():
            return view.state is FileState.PAUSED
        case CancelFiles(None):
            return view.untouched
        case CancelFiles():
            return view.state not in ENDED
        case RetryFile():
            return can_retry(view)
        case ChooseTrack(_, track):
            return 1 <= track <= view.tracks and track != view.track
    return True


def _resting(view: FileView) -> FileView:
    """Return a stored file as it is after a start: it waits if it was working."""
    working = view.state is FileState.WORKING
    return replace(view, state=FileState.WAITING, note=None, left_s=None) if working else view


def _note_of_adding(found: int, listed: int, left_out: int) -> Note | None:
    if left_out:
        return Note(FileNote.LIST_FULL, {"count": str(left_out), "most": str(MOST_FILES)})
    if not found:
        return Note(FileNote.NOTHING_FOUND)
    return Note(FileNote.LISTED, {"count": str(listed)}) if listed else None
