"""Run the files that were submitted to this gateway, and follow them to their end.

A file belongs to the gateway that has it on its disk; if two gateways share a folder, to the gateway that
started first. Other gateways read its state from the history, and this gateway follows their changes there
(cancelled, deleted).
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Collection, Set
from contextlib import suppress
from functools import partial
from typing import Final

from backend.broker.jobs import Jobs
from backend.broker.records import Attachment
from backend.core.errors import (
    BackendError,
    BrokerError,
    HistoryError,
    HistoryRefused,
    MediaReaderKilled,
    MediaUnreadable,
)
from backend.history.history_thread import AsyncHistory
from backend.history.records import SessionOwner, StoredSession
from backend.rest.file_run import RETRY_S, FileRun, FileRunParts, GivenUp, RestartRun, about
from backend.rest.file_settings import FileSettings
from backend.rest.flow import Capacity, Flow, WaitingFile, gives_way, next_file
from backend.rest.uploads import Uploads
from backend.rest.views import reason_of
from protocol.errors import ErrorCode, ProtocolError, Unauthorised
from protocol.job import Detached, Hypothesis, Notice
from protocol.rest import SessionKind, SessionState
from runtime import loggers
from runtime.event_names import LogEvent
from runtime.tasks import Tasks, is_set_within

log = loggers.BACKEND_REST_RUNNER

_TICK_S: Final = 1.0
_MOST_KILLED: Final = 3
_SWEEP_S: Final = 3600.0
_LETTERS_AT_ONCE: Final = 16  # each has at most one mebibyte of audio
_MOST_LETTERS: Final = 10_000
_SWEEP_AGAIN_S: Final = 30.0
_UNREADABLE: Final = (ErrorCode.UNSUPPORTED, ErrorCode.AUDIO_INVALID, ErrorCode.TOO_LARGE)
"""Codes of files for which a retry would not help."""
_UNENDED: Final = (SessionState.SUBMITTED, SessionState.WORKING)
_NOT_OVER: Final = (*_UNENDED, SessionState.FAILED)


class Runner:
    """The submitted files of this gateway.

    ``feed`` encodes the owner of a session for the broker. ``room`` returns the current capacity.
    """

    def __init__(
        self,
        settings: FileSettings,
        history: AsyncHistory,
        jobs: Jobs,
        feed: Callable[[SessionOwner], str],
        room: Callable[[], Capacity],
    ) -> None:
        self.settings = settings
        self.uploads = Uploads(settings.folder, settings.spare_bytes)
        self.coming: set[str] = set()  # sessions whose files may arrive before the history knows them
        self._room = room
        self._flow = Flow(settings.flow)
        self._turns: dict[str, asyncio.Future[None]] = {}
        self._parts = FileRunParts(
            history, jobs, feed, self._flow, settings.vad_folder, self._turn, settings.look_s, self._is_revoked
        )
        self._here: dict[str, str] = {}  # session to owner
        self._waiting: dict[str, WaitingFile] = {}
        self._running: dict[str, tuple[WaitingFile, FileRun]] = {}
        self._served: list[str] = []  # keys by last turn, at most one per device
        self._killed: Counter[str] = Counter()  # kills of each file's reader
        self._over: set[str] = set()  # sessions whose dead letters may be deleted
        self._sweep_s = 0.0  # time of the next sweep
        self._logged_reason = ""  # last logged reason for taking no files
        self.refuse_model: Callable[[str], str | None] = lambda model: None
        self.revoked: Callable[[], Set[str]] = frozenset  # owner ids of revoked keys
        self._swept_of: Set[str] = frozenset()  # revoked keys at the last sweep
        self._woken = asyncio.Event()

    # -- interface -----------------------------------------------------------------------------------------

    async def takes_files(self) -> bool:
        """Return whether this gateway accepts files: no other gateway uses the folder. Raises ``OSError``."""
        return await asyncio.to_thread(self.uploads.claim.acquire)

    def has(self, session: str) -> bool:
        """Return whether this gateway has the file of a session."""
        return session in self._here

    @property
    def waiting(self) -> int:
        """Number of files that wait to be read."""
        return len(self._waiting)

    def waiting_of(self, owner: str) -> int:
        """Return how many files of a key are unfinished."""
        running = (file for file, _ in self._running.values())
        return sum(file.owner == owner for file in (*self._waiting.values(), *running))

    def flying(self, session: str) -> list[int]:
        """Return the segments of a file that the broker holds."""
        return self._flow.flying(session)

    def queue_file(self, stored: StoredSession) -> None:
        """Queue the file of a session, which is on this disk now."""
        self._here[stored.id] = stored.owner
        if stored.id in self._running:
            self._running[stored.id][1].restart()
        else:
            self._waiting[stored.id] = WaitingFile(stored.id, stored.owner, stored.number, stored.options.model)
        self._woken.set()

    def check_session(self, session: str) -> None:
        """Check a session now, because a client changed its state."""
        if session in self._running:
            self._running[session][1].wake()
        elif session in self._here:
            self._waiting.setdefault(session, WaitingFile(session, self._here[session], 0))
        else:
            self._over.add(session)
        self._woken.set()

    def noticed(self, notice: Notice) -> None:
        """Handle a notice that the broker published to this gateway."""
        if isinstance(notice, Hypothesis | Detached):
            return
        if self._flow.ended(notice.session, notice.segment):
            self._running[notice.session][1].wake()
            self._grant()

    # -- life cycle ----------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Recognise submitted files until cancelled."""
        try:
            async with Tasks("files") as tasks:
                while True:
                    if await self._claim_folder():
                        await self._move_on(tasks)
                    await self._drop_letters()
                    await is_set_within(self._woken, _TICK_S)
                    self._woken.clear()
        finally:
            self.uploads.claim.release()

    async def _claim_folder(self) -> bool:
        why = "another gateway has the folder"
        try:
            if await self.takes_files():
                return True
        except OSError as error:
            why = str(error)
        if why != self._logged_reason:
            self._logged_reason = why
            log.warning(LogEvent.FILES_UNAVAILABLE, reason=why)
        return False

    async def _move_on(self, tasks: Tasks) -> None:
        if time.monotonic() >= self._sweep_s or self.revoked() - self._swept_of:
            self._swept_of = self.revoked()
            self._sweep_s = time.monotonic() + (_SWEEP_S if await self._swept() else _SWEEP_AGAIN_S)
        while (file := self._next()) is not None:
            track = partial(self.uploads.track, file.id)
            run = FileRun(self._parts, file, self.uploads.path(file.id), track)
            self._running[file.id] = file, run
            tasks.start(self._work(file, run), file.id)
        self._make_way()
        self._grant()

    def _next(self) -> WaitingFile | None:
        """Return the file to begin now, if a place is free."""
        running = [file for file, _ in self._running.values()]
        if len(running) >= self.settings.flow.files:
            return None
        file = next_file(self._waiting.values(), running, self._served)
        if file is not None:
            del self._waiting[file.id]
            self._served = [*(owner for owner in self._served if owner != file.owner), file.owner]
        return file

    def _make_way(self) -> None:
        """Interrupt a file of a key with several places if another key has none."""
        running = [file for file, _ in self._running.values()]
        file = gives_way(self._waiting.values(), running, self.settings.flow.files)
        if file is not None:
            self._running[file.id][1].restart()

    async def _swept(self) -> bool:
        """Sweep the folder. Return whether the sweep was complete."""
        try:
            await asyncio.to_thread(self.uploads.sweep)
            await self.sweep()
        except (OSError, HistoryError) as error:
            log.warning(LogEvent.FILES_SWEEP_FAILED, error=str(error))
            return False
        return True

    async def sweep(self) -> None:
        """Resume or delete the files on the disk. Raises ``OSError`` or ``HistoryError``."""
        for session, age_s in await asyncio.to_thread(lambda: list(self.uploads.sessions())):
            stored = await self._parts.session(session)
            if session in self.coming or session in self._running or session in self._waiting:
                continue
            if stored is None or stored.kind is not SessionKind.FILE:
                await self._forget_file(session, over=True)
            elif stored.state in _UNENDED:
                self.queue_file(stored)
            elif stored.state is SessionState.FAILED and self._is_revoked(stored.owner):
                await self._forget_file(session, over=True)
            elif stored.state is SessionState.FAILED and not self._is_expired(age_s):
                self._here[session] = stored.owner
            else:
                await self._forget_file(session)

    def _is_revoked(self, owner: str) -> bool:
        return owner in self.revoked()

    def _is_expired(self, age_s: float) -> bool:
        """Return whether a file that failed was kept for long enough, if the clock can tell."""
        return age_s >= self.settings.kept_s and self._parts.history.can_judge_age(self.settings.kept_s)

    async def _forget_file(self, session: str, over: bool = False) -> None:
        """Forget and delete a file; ``over``: also its dead letters in the broker."""
        self._here.pop(session, None)  # first: a retry must not find a file that is being removed
        self._killed.pop(session, None)
        try:
            await asyncio.to_thread(self.uploads.remove, session)
        except OSError as error:  # the next sweep tries again
            log.warning(LogEvent.FILE_NOT_REMOVED, session=session, error=str(error))
        if over:
            self._over.add(session)

    async def _drop_letters(self) -> None:
        sessions = frozenset(self._over)
        if not sessions or not self._parts.jobs.up:
            return
        try:
            await drop_letters(self._parts.jobs, sessions)
        except BrokerError as error:
            log.warning(LogEvent.FILES_LETTERS_POSTPONED, error=str(error))
            return
        self._over -= sessions

    # -- one file ------------------------------------------------------------------------------------------

    async def _work(self, file: WaitingFile, run: FileRun) -> None:
        again = False
        try:
            await self._through(file, run)
        except (RestartRun, BackendError, OSError) as error:
            log.warning(LogEvent.FILE_RESTARTED, session=file.id, error=str(error))
            again = True
            await asyncio.sleep(RETRY_S)
        finally:
            del self._running[file.id]
            self._flow.left(file.id)
            self._turns.pop(file.id, None)
        if again:
            self._waiting[file.id] = file
        self._woken.set()

    async def _through(self, file: WaitingFile, run: FileRun) -> None:
        """Recognise a file to its end.

        Raises ``RestartRun``, ``BackendError`` or ``OSError`` if it must be repeated.
        """
        try:
            state = await run.run()
            self._killed.pop(file.id, None)
            log.info(LogEvent.FILE_ENDED, session=file.id, state=state)
            if state is SessionState.DONE:
                await self._delete_finished(file.id)
        except GivenUp:
            await self._withdraw(file)
        except MediaReaderKilled as error:
            self._killed[file.id] += 1
            if self._killed[file.id] < _MOST_KILLED:
                raise
            del self._killed[file.id]
            message = f"{error}, {_MOST_KILLED} times: free memory on the gateway, or convert the file to wav"
            await self._mark_failed(file.id, ErrorCode.INTERNAL, message)
        except MediaUnreadable as error:
            await self._mark_failed(file.id, error.code, str(error))
        except HistoryRefused as error:  # a retry would be refused too
            await self._mark_failed(file.id, ErrorCode.INTERNAL, str(error))
        except Unauthorised as error:  # its key was revoked, so that no one can retry it
            await self._mark_failed(file.id, error.code, str(error))
            await self._forget_file(file.id, over=True)
        except ProtocolError as error:  # in the broker this session belongs to another key
            await self._mark_failed(file.id, error.code, str(error))

    async def _mark_failed(self, session: str, code: ErrorCode, message: str) -> None:
        """Mark a session as failed. Raises ``RestartRun`` if it is already over."""
        said = message.replace(str(self.uploads.path(session)), "the file")
        log.info(LogEvent.FILE_UNREADABLE, session=session, code=code)
        reason = reason_of(code, said)
        failed = SessionState.FAILED
        if not await self._parts.ask(lambda store: store.set_state(session, failed, reason, only_from=_NOT_OVER)):
            raise RestartRun  # cancelled, deleted or done meanwhile: that state wins
        if code in _UNREADABLE:
            await self._forget_file(session)

    async def _delete_finished(self, session: str) -> None:
        """Delete a finished session from the broker: its texts are in the history."""
        with suppress(BrokerError):
            for segment in await self._parts.segments(session):
                self._parts.jobs.confirm_received(session, segment).add_done_callback(_ignore_errors)
            self._parts.jobs.forget(session).add_done_callback(_ignore_errors)
        await self._forget_file(session, over=True)

    async def _withdraw(self, file: WaitingFile) -> None:
        """Withdraw a session: cancel its waiting segments, and delete its data from the broker."""
        jobs = self._parts.jobs
        stored = await self._parts.session(file.id)
        feed = self._parts.feed(about(stored)) if stored else ""
        with suppress(BrokerError, ProtocolError):
            there = await jobs.attach(file.id, file.owner, resume=True, create=False, history=feed)
            if isinstance(there, Attachment):
                for segment, record in there.segments.items():
                    if record.end is None:
                        jobs.cancel(file.id, segment, record.job or 0).add_done_callback(_ignore_errors)
                    else:
                        jobs.confirm_received(file.id, segment).add_done_callback(_ignore_errors)
                jobs.forget(file.id).add_done_callback(_ignore_errors)
        await self._forget_file(file.id, over=True)

    # -- turns ---------------------------------------------------------------------------------------------

    async def _turn(self, file: WaitingFile, segment: int, samples: int) -> None:
        """Wait until this segment may go to the broker."""
        turn = self._turns[file.id] = asyncio.get_running_loop().create_future()
        self._flow.ask(file, segment, samples)
        self._grant()
        await turn

    def _grant(self) -> None:
        for ask in self._flow.grant(self._room()):
            turn = self._turns.pop(ask.file, None)
            if turn is not None and not turn.done():
                turn.set_result(None)


def _ignore_errors(future: "asyncio.Future[bool]") -> None:
    """Ignore errors: the broker may have forgotten the session already."""
    if not future.cancelled():
        future.exception()


async def drop_letters(jobs: Jobs, sessions: Collection[str]) -> int:
    """Delete the dead letters, which contain audio, of these sessions; return how many. Raises ``BrokerError``."""
    dropped, before = 0, ""
    for _ in range(0, _MOST_LETTERS, _LETTERS_AT_ONCE):
        letters = await jobs.dead_letters(_LETTERS_AT_ONCE, before)
        for letter in letters:
            if letter.job.session in sessions:
                dropped += await jobs.drop_dead(letter.entry)
        if len(letters) < _LETTERS_AT_ONCE:
            break
        before = letters[-1].entry
    return dropped
