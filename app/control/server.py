"""Serve the control socket: the command line, compositor shortcuts and a second start reach the app through it.

Each request and each answer is one line of JSON. ``{"verb": "toggle"}`` (a ``Verb``) is answered ``{"ok": true}``.
Verbs about held text may name a recording by its ``"session"``.
``{"verb": "key", "key": ACTION, "move": "press", "at_s": SECONDS}`` reports a key that the desktop has bound to a
command (``app.dictation.view.KeyCommand``).
``{"verb": "status"}`` is answered ``{"ok": true, "view": {…}}``, with the fields of ``app.dictation.view.View``.
Until the hotkeys of a starting app work, its ``state`` is ``starting`` instead of ``idle``.
With ``"follow": true`` one such line is sent at once and one after each change, at most 20 per second. A request
that fails is answered ``{"ok": false, "error": CODE, "text": "…"}``.

The socket is a unix socket that only this user may open. On Windows it is a named pipe, whose default access lets
other users only read, so that they cannot send requests. The Windows part has NOT been run yet.

The process that holds the lock next to the socket owns it. A killed process holds no lock, so the next app takes
over its socket.
"""

import asyncio
import os
import select
import socket
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, Self

import msgspec

from app.control.client import ControlError, pipe_name
from app.control.late_commands import Command, abandoned, repeats
from app.core.errors import AppError, Note
from app.core.states import RECORDING, STARTING, State
from app.dictation.actions import HELD_ACTIONS, KeyCommand, KeyMove, SettleHeld, Verb
from app.dictation.messages import KEYS
from app.dictation.view import View
from protocol.decoding import explain
from runtime import loggers
from runtime.clocks import steady_s
from runtime.event_names import LogEvent
from runtime.folders import folders, private_folder, refusal, refuses_sockets, socket_refusal, socket_variable
from runtime.locking import try_lock
from runtime.tasks import Tasks, is_set_within, within

log = loggers.APP_CONTROL

STATUS: Final = "status"
KEY: Final = "key"
MOST_CLIENTS: Final = 32
LONGEST_REQUEST: Final = 4096  # bytes
_PER_SECOND: Final = 20
_DEADLINE_S: Final = 5.0
_SILENT_S: Final = 10.0  # for a client to send a request
_ENDING_S: Final = 30.0  # for an app that is ending
_CHECK_S: Final = 0.05
_THERE_S: Final = 2.0
_UNREAD_BYTES: Final = 1 << 16


class Code(StrEnum):
    """Error codes of refused requests, for programs."""

    MALFORMED = "malformed"
    TOO_LONG = "too-long"
    UNKNOWN_VERB = "unknown-verb"
    TOO_MANY = "too-many"
    BUSY = "busy"
    FAILED = "failed"


class AlreadyRunning(ControlError):
    """The socket belongs to another app of this user.

    The caller passes its request to that app and exits.
    """

    def __init__(self) -> None:
        super().__init__("kikipounamu is already running: use that one, or end it with `kikipounamu quit`")


class ControlUnavailable(ControlError):
    """The control socket cannot be created in this folder."""

    def __init__(self, error: OSError, folder: Path) -> None:
        refused = refuses_sockets(folder)
        why = socket_refusal(folder) if refused else refusal(error, folder)
        super().__init__(f"the app has no place for its socket: {why}")
        if refused:
            self.note = Note("no-sockets", {"folder": str(folder), "variable": socket_variable()})


class BadRequest(ControlError):
    """A request is malformed or unknown; ``code`` is the reason."""

    def __init__(self, code: Code, text: str) -> None:
        super().__init__(text)
        self.code = code


class Request(msgspec.Struct, frozen=True):
    """A request of a client.

    ``verb``: a ``Verb``, ``STATUS`` or ``KEY``. Unknown fields are ignored. ``session``: the recording with the
    held text; empty: the newest. ``key``, ``move``, ``at_s``: see ``KeyCommand``. A toggle has ``at_s`` too.
    """

    verb: str
    follow: bool = False
    session: str = ""
    key: str = ""
    move: KeyMove = KeyMove.TAP
    at_s: float = 0.0

    @property
    def action(self) -> Command:
        """The action that the request asks for."""
        if self.verb == KEY:
            return KeyCommand(self.key, self.move, self.at_s)
        verb = Verb(self.verb)
        return SettleHeld(self.session, HELD_ACTIONS[verb]) if self.session and verb in HELD_ACTIONS else verb


def parse(line: bytes) -> Request:
    """Parse one line as a request. Raises ``BadRequest``."""
    try:
        request = msgspec.json.decode(line, type=Request)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        why = explain(error, Request)
        raise BadRequest(Code.MALFORMED, f'a request is a line like {{"verb": "toggle"}}: {why}') from error
    known = [*Verb, STATUS, KEY]
    if request.verb not in known:
        raise BadRequest(Code.UNKNOWN_VERB, f"{request.verb!r} is none of {', '.join(known)}")
    if request.verb == KEY and request.key not in KEYS:
        raise BadRequest(Code.MALFORMED, f"{request.key!r} is none of {', '.join(KEYS)}")
    return request


class ControlServer:
    """Server of the control socket, as an async context manager.

    Entering raises ``AlreadyRunning`` or ``ControlUnavailable``. ``ask`` accepts an action; its ``AppError`` is
    reported to the client. ``view`` returns the current view; call ``changed()`` when it changes. All calls
    happen in the entering event loop. ``deadline_s``: limit for accepting an action, and for a client to read.
    ``ending_s``: how long to wait for another app that is ending. ``new``: report ``STARTING`` until
    ``finish_start``.
    """

    def __init__(
        self,
        ask: Callable[[Command], Awaitable[None]],
        view: Callable[[], View],
        place: Path | None = None,
        deadline_s: float = _DEADLINE_S,
        ending_s: float = _ENDING_S,
        *,
        new: bool = False,
    ) -> None:
        self._deadline_s, self._ending_s = deadline_s, ending_s
        self._ask = ask
        self._view = view
        self._place = place or folders().control_socket
        self._tasks = Tasks("control")
        self.clients = 0
        self._followers: set[asyncio.Event] = set()
        self._lock = -1
        self._stop: Callable[[], None] = lambda: None
        self._left = asyncio.Event()
        self._starting = new
        self._recording, self._changed_s = False, 0.0  # _changed_s: when a recording last began or ended

    def changed(self) -> None:
        """Notify followers that the view changed."""
        if self._recording != (recording := self._view().state in RECORDING):
            self._recording, self._changed_s = recording, steady_s()
        for follower in self._followers:
            follower.set()

    async def finish_start(self, until_ready: Awaitable[object]) -> None:
        """Wait until the app is ready, then report the view's own state."""
        await until_ready
        self._starting = False
        self.changed()

    def leave(self) -> None:
        """Stop serving because this app ends.

        The lock stays held until the context ends, and the next app waits for it.
        """
        self._left.set()
        self._stop()
        self._place.unlink(missing_ok=True)

    async def __aenter__(self) -> Self:
        try:
            self._lock = os.open(
                private_folder(self._place.parent) / "control.lock", os.O_RDWR | os.O_CREAT, 0o600
            )
            await self._own()
            await self._listen()
            self._tasks.keep(self._listen_again_if_removed, "stay")
        except OSError as error:
            self._free_lock()
            raise ControlUnavailable(error, self._place.parent) from error
        except AlreadyRunning:
            self._free_lock()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        self._stop()
        await self._tasks.close()
        self._place.unlink(missing_ok=True)
        self._free_lock()

    async def _own(self) -> None:
        """Take the lock, waiting for an app that has removed its socket and is ending."""
        async with within(self._ending_s):
            while not try_lock(self._lock):
                if self._place.exists() or sys.platform == "win32":
                    raise AlreadyRunning
                await asyncio.sleep(_CHECK_S)
            return
        raise AlreadyRunning

    async def _listen_again_if_removed(self) -> None:
        """Listen again if another program, such as a cleaner of temporary files, has removed the socket."""
        while sys.platform != "win32" and not await is_set_within(self._left, _THERE_S):
            if not self._place.exists():
                with suppress(OSError):
                    self._stop()
                    private_folder(self._place.parent)
                    await self._listen()
        if self._left.is_set():  # ``_listen`` may have finished after ``leave``
            self.leave()

    def _free_lock(self) -> None:
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    async def _listen(self) -> None:
        if sys.platform == "win32":
            loop: Any = asyncio.get_running_loop()
            (server,) = await loop.start_serving_pipe(self._protocol, pipe_name(self._place))
            self._stop = server.close
            return
        self._place.unlink(missing_ok=True)  # left by a dead owner: the lock is ours
        listener = socket.socket(socket.AF_UNIX)
        try:
            listener.bind(os.fspath(self._place))
            os.chmod(self._place, 0o600)
            unix = await asyncio.start_unix_server(self._start_serving, sock=listener, limit=LONGEST_REQUEST)
        except BaseException:
            listener.close()
            raise
        self._stop = unix.close

    def _protocol(self) -> asyncio.StreamReaderProtocol:
        return asyncio.StreamReaderProtocol(asyncio.StreamReader(LONGEST_REQUEST), self._start_serving)

    def _start_serving(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._tasks.start(self._serve(reader, writer), "client")

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.clients += 1
        writer.transport.set_write_buffer_limits(high=_UNREAD_BYTES)
        try:
            if self.clients > MOST_CLIENTS:
                return await self._write(
                    writer, _refusal(Code.TOO_MANY, "too many programs ask at once: try again")
                )
            while line := await _line(reader):
                await self._answer(parse(line), reader, writer)
        except BadRequest as error:
            with suppress(OSError, TimeoutError):
                await self._write(writer, _refusal(error.code, str(error)))
        except (OSError, TimeoutError):
            log.info(LogEvent.CONTROL_CLIENT_LOST)
        finally:
            self.clients -= 1
            if writer.transport.get_write_buffer_size():
                writer.transport.abort()
            writer.close()

    async def _answer(self, request: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if request.verb == STATUS:
            if request.follow:
                return await self._follow(reader, writer)
            return await self._write(writer, self._encoded_view())
        command = abandoned(request.action) if _has_left(writer) else request.action
        if command is None:
            raise ConnectionAbortedError
        try:
            async with asyncio.timeout(self._deadline_s):
                if not repeats(command, request.at_s, self._changed_s):
                    await self._ask(command)
        except TimeoutError:
            answer = _refusal(Code.BUSY, f"the app has been busy for {self._deadline_s:g} s: try again")
        except AppError as error:
            answer = _refusal(Code.FAILED, str(error))
        else:
            answer = b'{"ok":true}'
        await self._write(writer, answer)

    async def _follow(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Send views until the client disconnects, and ignore its further requests."""
        changed = asyncio.Event()
        self._followers.add(changed)
        showing = asyncio.ensure_future(self._show_changes(changed, writer))
        leaving = asyncio.ensure_future(_until_gone(reader))
        try:
            await asyncio.wait({showing, leaving}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._followers.discard(changed)
            for task in (showing, leaving):
                task.cancel()
            results = await asyncio.gather(showing, leaving, return_exceptions=True)
        for error in results:
            if isinstance(error, Exception):
                raise error

    async def _show_changes(self, changed: asyncio.Event, writer: asyncio.StreamWriter) -> None:
        last = b""
        while True:
            changed.clear()
            if (line := self._encoded_view()) != last:
                await self._write(writer, line)
                last = line
                await asyncio.sleep(1 / _PER_SECOND)
            await changed.wait()

    async def _write(self, writer: asyncio.StreamWriter, line: bytes) -> None:
        """Send one line. Raises ``TimeoutError`` if the client does not read."""
        writer.write(line + b"\n")
        async with asyncio.timeout(self._deadline_s):
            await writer.drain()

    def _encoded_view(self) -> bytes:
        view = msgspec.to_builtins(self._view())
        if self._starting and view["state"] == State.IDLE:
            view["state"] = STARTING
        return msgspec.json.encode({"ok": True, "view": view})


async def _line(reader: asyncio.StreamReader) -> bytes:
    """Read the next line, empty at the end. Raises ``BadRequest`` or ``TimeoutError``."""
    async with asyncio.timeout(_SILENT_S):
        try:
            return await reader.readline()
        except ValueError as error:
            raise BadRequest(Code.TOO_LONG, f"a request is at most {LONGEST_REQUEST} bytes long") from error


def _has_left(writer: asyncio.StreamWriter) -> bool:
    """Return whether the client has closed its connection: a stalled app did not answer in time."""
    if sys.platform == "win32":
        return False
    hung_up = select.poll()
    hung_up.register(writer.get_extra_info("socket").fileno(), 0)  # a hang-up is always reported
    return bool(hung_up.poll(0))


async def _until_gone(reader: asyncio.StreamReader) -> None:
    while await reader.read(LONGEST_REQUEST):
        pass


def _refusal(code: Code, text: str) -> bytes:
    return msgspec.json.encode({"ok": False, "error": code, "text": text})
