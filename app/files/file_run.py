"""Run one file: from its first sample without a text to its saved results or its failure.

Transcripts go next to the recording or into a chosen folder, and never replace an existing file.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from errno import EEXIST
from math import inf
from os import O_CREAT, O_EXCL, O_WRONLY, close, fsencode, strerror
from os import open as open_descriptor
from pathlib import Path
from typing import Final

import msgspec

from app.core.errors import Note, OutputFailed
from app.core.format import Format
from app.core.problem_notes import note_of
from app.core.renderers import render
from app.core.transcript import RecordingTranscript
from app.files.events import Noted, RunFailed, RunFile, RunFinished, RunProgress
from app.files.queue import SavingOptions
from app.files.recogniser import FileRecogniser
from app.files.result_store import FileResults, KnownResults, RecognisedSegment, unwritable
from app.files.view import FileNote, left_s, shortened
from client.errors import Failing, GatewayError, Refused
from client.events import ClientEvent, Connected, Disconnected
from protocol.recognition import Options
from protocol.session import Busy
from protocol.texts import TimedText, join_pieces
from runtime import loggers
from runtime.event_names import LogEvent
from runtime.tasks import loop_time
from runtime.whole_file import write_whole
from speech.audio_file import sound_track
from speech.errors import (
    AudioDamaged,
    AudioEmpty,
    AudioMissing,
    AudioUnsupported,
    MediaExtraMissing,
    SpeechError,
)

log = loggers.APP_FILES_ONE_FILE

_MOST_NAMES: Final = 1_000
_LONGEST_NAME: Final = 255
"""Bytes of the longest name on usual disks."""


def save(transcript: RecordingTranscript, recording: Path, form: Format, folder: str = "") -> Path:
    """Write a transcript under an unused name (``talk.srt``, ``talk (2).srt``). Raises ``OutputFailed``."""
    place = (Path(folder) if folder else recording.parent) / f"{recording.stem}.{form}"
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        place = _reserve_file(place)
    except OSError as error:
        raise unwritable(place, error) from error
    try:
        save_as(transcript, recording, place, form)
    except OutputFailed:
        with suppress(OSError):
            place.unlink()
        raise
    return place


def save_as(transcript: RecordingTranscript, recording: Path, place: Path, form: Format) -> None:
    """Write a transcript to ``place`` and replace any file there. Raises ``OutputFailed``."""
    try:
        write_whole(place, render(transcript, form, str(recording)))
    except OSError as error:
        raise unwritable(place, error) from error


def _reserve_file(wanted: Path) -> Path:
    """Create an empty file under an unused name to reserve it, because hard links do not work on every disk.

    A name that would be too long for the disk is shortened before its ending.
    """
    for number in range(1, _MOST_NAMES):
        stem, ending = wanted.stem, (f" ({number})" if number > 1 else "") + wanted.suffix
        while stem and len(fsencode(stem + ending)) > _LONGEST_NAME:
            stem = stem[:-1]
        place = wanted.with_name(stem + ending)
        with suppress(FileExistsError):
            close(open_descriptor(place, O_CREAT | O_EXCL | O_WRONLY, 0o666))
            return place
    raise FileExistsError(EEXIST, strerror(EEXIST))


Report = Callable[[RunProgress | Noted], object]

_MOST_TRIES: Final = 3
_SAVE_S: Final = 10.0
"""How long a cancelled run waits for the disk that takes its results."""
_SHOWN_PIECES: Final = 40
_UNREADABLE: Final[dict[type[SpeechError], FileNote]] = {
    AudioMissing: FileNote.MISSING,
    AudioUnsupported: FileNote.UNSUPPORTED,
    AudioDamaged: FileNote.DAMAGED,
    AudioEmpty: FileNote.EMPTY,
    MediaExtraMissing: FileNote.MEDIA_MISSING,
}
_BUSY: Final = {"no_worker": FileNote.NO_WORKER, "broker": FileNote.BROKER_AWAY}
"""Notes by reason why the gateway is busy. Others are not shown, because most waiting work is the file's own."""


def unreadable(error: SpeechError) -> Note:
    """Return the note for a file that cannot be read."""
    key = _UNREADABLE.get(type(error))
    return Note(key) if key else Note(FileNote.BROKEN, reason=note_of(error))


def not_saved(place: str) -> Note:
    """Return the note for a text that could not be written to a folder or file."""
    return Note(FileNote.NOT_SAVED, {"place": place})


@dataclass(frozen=True)
class FileTask:
    """Everything that the run of a file needs.

    ``duration_s``: its length, if known. ``again_s``: pause before another session is tried.
    """

    recogniser: FileRecogniser
    kept: FileResults
    options: Options
    saving: Callable[[], SavingOptions]
    duration_s: float | None
    again_s: float

    async def run(self, run: RunFile, report: Report) -> RunFinished | RunFailed:
        """Recognise the file and save its results; ignore a cancellation once recognition has completed."""
        try:
            known = await self._recognise(run, report)
        except SpeechError as error:
            return RunFailed(run.file, unreadable(error))
        except OutputFailed as error:
            log.warning(LogEvent.FILE_RESULTS_NOT_KEPT, file=run.file, reason=str(error))
            return RunFailed(run.file, Note(FileNote.NOT_KEPT))
        except Refused as error:
            return RunFailed(run.file, Note(FileNote.REFUSED, reason=note_of(error)))
        except GatewayError as error:
            log.warning(LogEvent.FILE_GIVEN_UP, file=run.file, reason=str(error))
            return RunFailed(run.file, Note(FileNote.NO_ANSWER))
        loop = asyncio.get_running_loop()
        return await _through(loop.run_in_executor(self.recogniser.pool, self._save, run, known))

    async def _recognise(self, run: RunFile, report: Report) -> KnownResults:
        """Recognise, with a new session whenever one is lost; give up after three in a row without progress."""
        options = msgspec.structs.replace(self.options, priority="bulk", partials=False)
        tries = 0
        while True:
            watching = Reporter(run.file, self.duration_s, report, loop_time)
            try:
                return await self.recogniser.recognise(run, options, self.kept, watching)
            except Refused:
                raise
            except GatewayError as error:
                run, tries = replace(run, again=False), 1 if watching.gained else tries + 1
                if tries >= _MOST_TRIES:
                    raise
                log.warning(LogEvent.FILE_SESSION_LOST, file=run.file, reason=str(error))
                key = FileNote.GATEWAY_FAILS if isinstance(error, Failing) else FileNote.GATEWAY_AWAY
                report(Noted(run.file, Note(key)))
            await asyncio.sleep(self.again_s)

    def _save(self, run: RunFile, known: KnownResults) -> RunFinished:
        transcript, note = known.transcript, None
        if known.results is None:
            results, note = self._save_transcript(Path(run.path), transcript)
            known = replace(known, results=results)
            try:
                self.kept.finish(known)
            except OutputFailed as error:
                log.warning(LogEvent.FILE_END_NOT_KEPT, file=run.file, reason=str(error))
        return RunFinished(
            run.file,
            transcript.duration_ms / 1000,
            shortened(transcript.text, end=False),
            known.results or (),
            note or _about(transcript, run),
            gaps=bool(transcript.failures),
            truncated=known.truncated,
        )

    def _save_transcript(self, path: Path, transcript: RecordingTranscript) -> tuple[tuple[str, ...], Note | None]:
        """Save the transcript; return the paths, and a note if something could not be saved."""
        saving, places = self.saving(), list[str]()
        try:
            for form in saving.forms if transcript.text else ():
                places.append(str(save(transcript, path, form, saving.folder)))
        except OutputFailed as error:
            log.warning(LogEvent.FILE_RESULTS_NOT_SAVED, reason=error.__cause__)
            return tuple(places), not_saved(saving.folder or str(path.parent))
        return tuple(places), None


class Reporter:
    """``FileObserver`` that reports events as progress and notes.

    ``gained``: a new segment was recognised in this session.
    """

    def __init__(self, file: int, duration_s: float | None, report: Report, clock: Callable[[], float]) -> None:
        self.gained = False
        self._file = file
        self._duration_s = duration_s
        self._report = report
        self._clock = clock
        self._began: tuple[float, float] | None = None
        self._text = TimedText("")
        self._noted = True  # the previous session may have left a note

    def progressed(self, position_s: float, pieces: tuple[RecognisedSegment, ...]) -> None:
        """Report that everything up to ``position_s`` is recognised; ``pieces`` are new."""
        now = self._clock()
        self.gained |= self._began is not None and bool(pieces)  # the first call has the pieces of earlier runs
        began_s, began_at = self._began = self._began or (position_s, now)
        if pieces:
            texts = (self._text, *(piece.segment.timed for piece in pieces[-_SHOWN_PIECES:]))
            self._text = TimedText(shortened(join_pieces(texts), end=True), end_ms=pieces[-1].segment.end_ms)
            self._note(None)
        left = None
        if self._duration_s:
            left = left_s(position_s - began_s, self._duration_s - position_s, now - began_at)
        self._report(RunProgress(self._file, position_s, self._text.text, left))

    def received(self, event: ClientEvent) -> None:
        """Report the state of the connection to the gateway."""
        match event:
            case Connected():
                self._note(None)
            case Disconnected(failing=failing, answers=answers):
                answering = FileNote.GATEWAY_FAILS if failing else FileNote.BROKER_AWAY
                self._note(Note(answering if failing or answers else FileNote.GATEWAY_AWAY))
            case Busy(reason):
                self._note(Note(_BUSY[reason]) if reason in _BUSY else None)

    def _note(self, note: Note | None) -> None:
        if note or self._noted:
            self._noted = note is not None
            self._report(Noted(self._file, note))


def _about(transcript: RecordingTranscript, run: RunFile) -> Note | None:
    if transcript.failures:
        return Note(FileNote.GAPS, {"count": str(len(transcript.failures))})
    if transcript.truncated:
        return Note(FileNote.TRUNCATED)
    with suppress(SpeechError):  # the file may have been deleted since
        track, tracks = sound_track(run.path)
        if tracks > 1:
            return Note(FileNote.ONE_TRACK, {"track": str(run.track or track), "count": str(tracks)})
    return None if transcript.text else Note(FileNote.SILENT)


async def _through(work: "asyncio.Future[RunFinished]") -> RunFinished:
    """Wait for the result of ``work``; after a cancellation only for a while, because its disk may hang."""
    latest = inf
    while not work.done() and loop_time() < latest:
        try:
            await asyncio.wait({work}, timeout=None if latest == inf else latest - loop_time())
        except asyncio.CancelledError:
            latest = min(latest, loop_time() + _SAVE_S)
    if not work.done():
        raise asyncio.CancelledError
    return work.result()
