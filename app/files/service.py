"""Recognise files in the background: perform the effects of ``queue`` while dictation continues.

Work that may wait for a disk runs in threads of its own, so that a hanging network folder blocks nothing else:
at most one for each file and each action of the user.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Final, TypeVar

from app.core.daemon_thread import DaemonThreads
from app.core.errors import Note, OutputFailed
from app.core.problem_notes import unexpected_note
from app.core.renderers import valid
from app.core.transcript import RecordingTranscript
from app.files.events import (
    Add,
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
    RunProgress,
    Saved,
    TextLost,
)
from app.files.file_run import FileTask, not_saved, save_as, unreadable
from app.files.file_search import find
from app.files.queue import FileQueue
from app.files.recogniser import FileRecogniser
from app.files.result_store import (
    FileResults,
    decode_queue,
    encode_queue,
    place_in,
    queue_of_results,
    sweep,
)
from app.files.view import (
    MOST_FILES,
    AddFiles,
    CopyFile,
    FileAction,
    FileNote,
    FileState,
    FilesView,
    FileText,
    SaveFile,
)
from protocol.recognition import Options
from runtime import loggers
from runtime.event_names import LogEvent
from runtime.folders import private_folder
from runtime.tasks import Tasks, within
from runtime.whole_file import read_regular, write_whole
from speech.audio_file import length_s, sound_track
from speech.errors import SpeechError
from speech.media_file import SoundTrack

log = loggers.APP_FILES_WORKING

T = TypeVar("T")
Post = Callable[[FilesView | FileText], None]

_LIST: Final = "list.json"
_SHOW_S: Final = 0.1
_CHECK_S: Final = 30.0
_DISK_S: Final = 5.0
_AGAIN_S: Final = 5.0
_MOST_BYTES: Final = 16 << 20


def _inspect_file(path: str) -> tuple[float | None, SoundTrack]:
    """Return the length of a file and its default sound track. Raises ``SpeechError``."""
    return length_s(path), sound_track(path)


async def no_trouble() -> Note | None:
    """Return ``None``: the default for ``FileParts.trouble``."""
    return None


@dataclass(frozen=True)
class FileParts:
    """Dependencies of ``Files``.

    ``folder``: holds the list and the results. ``options``: returns the options for the next run. ``again_s``:
    pause before another attempt to reach the gateway or to save the list. ``trouble``: returns why the gateway
    accepts no work, if known.
    """

    recogniser: FileRecogniser
    folder: Path
    options: Callable[[], Options] = Options
    again_s: float = _AGAIN_S
    trouble: Callable[[], Awaitable[Note | None]] = no_trouble


class Files:
    """Background recognition of files on one event loop, in which ``post`` receives the views."""

    def __init__(self, post: Post, parts: FileParts) -> None:
        self._post = post
        self._parts = parts
        self._queue = FileQueue()
        self._tasks = Tasks("files")
        self._pool = DaemonThreads()
        self._recogniser = replace(parts.recogniser, pool=self._pool)
        self._events: asyncio.Queue[Event | FileAction] = asyncio.Queue()
        self._runs: dict[int, asyncio.Task[None]] = {}
        self._outcomes: dict[int, Event] = {}
        self._reasons: dict[int, asyncio.Task[None]] = {}
        self._inspecting = asyncio.Semaphore(1)
        self._changed = asyncio.Event()
        self._unsaved = asyncio.Event()

    def ask(self, action: FileAction) -> None:
        """Queue an action of the user; returns at once."""
        self._events.put_nowait(action)

    async def run(self) -> None:
        """Work until cancelled; the next run on the same folder continues unfinished files."""
        try:
            async with self._tasks:
                await self._open()
                self._tasks.keep(self._show_forever, "show")
                self._tasks.keep(self._save_forever, "save")
                self._changed.set()
                await self._perform(self._queue.start())
                while True:
                    await self._handle_request(await self._events.get())
        finally:
            await self._save()

    # -- effects --------------------------------------------------------------------------------------------

    async def _handle_request(self, event: Event | FileAction) -> None:
        match event:
            case AddFiles(paths):
                self._tasks.start(self._find(paths), "find")
            case CopyFile(file):
                self._tasks.start(self._post_text(file), "text")
            case SaveFile():
                self._tasks.start(self._save_as(event), "save as")
            case _:
                await self._perform(self._handle_event(event))

    def _handle_event(self, event: Event) -> list[Effect]:
        effects = self._queue.handle(event)
        self._changed.set()
        return effects

    async def _perform(self, effects: list[Effect]) -> None:
        for effect in effects:
            match effect:
                case InspectFile(file, path):
                    self._tasks.start(self._inspect(file, path), f"inspect {file}")
                case RunFile(file):
                    self._runs[file] = self._tasks.start(self._run(effect), f"run {file}")
                    self._runs[file].add_done_callback(partial(self._run_ended, file))
                case HaltRun(file) if file in self._runs:  # otherwise its end is already queued as an event
                    self._runs[file].cancel()
                case Forget(file):
                    await self._forget(file)
                case Keep():
                    self._unsaved.set()

    def _run_ended(self, file: int, task: "asyncio.Task[None]") -> None:
        """Queue the outcome of a run; one that was cancelled, even before its first step, has halted."""
        del self._runs[file]
        self._events.put_nowait(self._outcomes.pop(file, Halted(file)))

    async def _run(self, run: RunFile) -> None:
        view = self._queue.find(run.file)
        one = FileTask(
            self._recogniser,
            self._file_results(run.file),
            self._parts.options(),
            lambda: self._queue.saving,
            view.duration_s if view else None,
            self._parts.again_s,
        )
        try:
            self._outcomes[run.file] = await one.run(run, self._report)
        except Exception as error:  # last resort of the task: log it and show it to the user
            log.exception(LogEvent.FILE_FAILED, file=run.file)
            self._outcomes[run.file] = RunFailed(run.file, Note(FileNote.BROKEN, reason=unexpected_note(error)))

    def _report(self, event: RunProgress | Noted) -> None:
        """Handle a report of a run; if the gateway accepts no work, find out why first."""
        if isinstance(event, Noted):
            if asking := self._reasons.pop(event.file, None):
                asking.cancel()
            if event.note == Note(FileNote.BROKER_AWAY):
                self._reasons[event.file] = self._tasks.start(self._report_reason(event), f"reason {event.file}")
                return
        self._handle_event(event)

    async def _report_reason(self, event: Noted) -> None:
        self._handle_event(replace(event, note=await self._parts.trouble() or event.note))

    # -- other work ----------------------------------------------------------------------------------------

    async def _find(self, paths: tuple[str, ...]) -> None:
        found = await self._in_thread(find, paths, MOST_FILES)
        named = tuple(path for path in found.paths if valid(path) == path)
        self._events.put_nowait(Add(named, found.left_out))
        # The list and results are JSON, which cannot contain names that are not UTF-8.
        if unnamed := len(found.paths) - len(named):
            self._events.put_nowait(ListNote(Note(FileNote.UNNAMED, {"count": str(unnamed)})))

    async def _inspect(self, file: int, path: str) -> None:
        """Inspect a file, one at a time, because a hanging disk occupies a thread."""
        event: Event = FileInspected(file, None)
        async with self._inspecting:
            try:
                async with asyncio.timeout(_CHECK_S):
                    event = FileInspected(file, *await self._in_thread(_inspect_file, path))
            except TimeoutError:
                log.warning(LogEvent.FILE_LENGTH_UNKNOWN, file=file)
            except SpeechError as error:
                event = InspectionFailed(file, unreadable(error))
            except Exception as error:  # last resort of the task: log it and show it to the user
                log.exception(LogEvent.FILE_INSPECTION_FAILED, file=file)
                event = InspectionFailed(file, Note(FileNote.BROKEN, reason=unexpected_note(error)))
        self._events.put_nowait(event)

    async def _post_text(self, file: int) -> None:
        if found := await self._stored_transcript(file):
            self._post(FileText(file, found[1].text))

    async def _stored_transcript(self, file: int) -> tuple[Path, RecordingTranscript] | None:
        """Return the path and the stored transcript of a file; report it if texts are lost."""
        view = self._queue.find(file)
        done_s = view.duration_s if view is not None and view.state is FileState.DONE else None
        known = await self._in_thread(self._file_results(file).read, done_s)
        if (view := self._queue.find(file)) is None:
            return None
        if known.lost:
            self._events.put_nowait(TextLost(file, known.lost))
        if known.pieces:
            return Path(view.path), known.transcript
        log.warning(LogEvent.FILE_TEXT_NOT_SAVED, file=file, reason="its stored results are gone")
        self._events.put_nowait(ListNote(Note(FileNote.TEXT_GONE, {"name": view.name})))
        return None

    async def _save_as(self, wanted: SaveFile) -> None:
        if (found := await self._stored_transcript(wanted.file)) is None:
            return
        (path, transcript), place = found, Path(wanted.place)
        try:
            await self._in_thread(save_as, transcript, path, place, wanted.form)
            self._events.put_nowait(Saved(wanted.file, str(place)))
        except OutputFailed as error:
            log.warning(LogEvent.FILE_TEXT_NOT_SAVED, file=wanted.file, reason=error.__cause__)
            self._events.put_nowait(ListNote(not_saved(wanted.place)))

    async def _forget(self, file: int) -> None:
        async with within(_DISK_S, OSError):  # the next start removes leftovers
            await self._in_thread(self._file_results(file).forget)

    async def _show_forever(self) -> None:
        while True:
            await self._changed.wait()
            self._changed.clear()
            self._post(self._queue.view())
            await asyncio.sleep(_SHOW_S)

    # -- the saved list -------------------------------------------------------------------------------------

    async def _open(self) -> None:
        """Read the stored list; if the folder cannot be used, begin with an empty list and a note."""
        try:
            self._queue = await self._in_thread(self._load)
        except OSError as error:
            log.warning(LogEvent.FILES_LIST_NOT_KEPT, reason=repr(error))
            self._queue.handle(ListNote(Note(FileNote.NOT_KEPT)))

    def _load(self) -> FileQueue:
        folder = private_folder(self._parts.folder)
        try:
            queue = decode_queue(read_regular(folder / _LIST, _MOST_BYTES).decode())
        except (OSError, UnicodeDecodeError):
            queue = None
        if queue is None:
            queue = queue_of_results(folder)
            if (folder / _LIST).exists():
                log.warning(LogEvent.FILES_LIST_UNREADABLE, place=str(folder))
                (folder / _LIST).replace(folder / f"{_LIST}.unreadable")
                queue.handle(ListNote(Note(FileNote.LIST_DAMAGED)))
        sweep(folder, (view.file for view in queue.files))
        return queue

    async def _save_forever(self) -> None:
        while True:
            await self._unsaved.wait()
            await self._save()
            if self._unsaved.is_set():
                await asyncio.sleep(self._parts.again_s)

    async def _save(self) -> None:
        """Save the list if it has changed; after a failure, a note stays until a later attempt succeeds."""
        if not self._unsaved.is_set():
            return
        self._unsaved.clear()
        try:
            async with asyncio.timeout(_DISK_S):
                await self._in_thread(write_whole, self._parts.folder / _LIST, encode_queue(self._queue))
        except (OSError, TimeoutError) as error:
            log.warning(LogEvent.FILES_LIST_NOT_KEPT, reason=repr(error))
            self._handle_event(ListNote(Note(FileNote.NOT_KEPT)))
            self._unsaved.set()
        else:
            if self._queue.view().note == Note(FileNote.NOT_KEPT):
                self._handle_event(ListNote(None))

    def _file_results(self, file: int) -> FileResults:
        return FileResults(place_in(self._parts.folder, file))

    async def _in_thread(self, work: Callable[..., T], *arguments: object) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._pool, partial(work, *arguments))
