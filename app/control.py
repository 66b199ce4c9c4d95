"""The control socket: the command line, a compositor's own shortcuts and a second start ask the running app here.

One JSON object per line, either way. ``{"verb": "toggle"}`` (a ``Verb``) is answered ``{"ok": true}``; the verbs
about text to paste may name a recording by its ``"session"``;
``{"verb": "status"}`` with ``{"ok": true, "view": {…}}``, whose fields are those of ``app.view.View``, and with
``"follow": true`` one such line now and one after each change, 20 per second at most. What cannot be done is
answered ``{"ok": false, "error": CODE, "text": "…"}``.

A unix socket that only this user may open. On Windows a named pipe, whose default access lets others only read
from it, so that they cannot ask: written with care, NOT RUN there yet.

Whoever holds the lock beside the socket owns it. A process that was killed holds none: its socket is taken over.
"""

import asyncio
import os
import socket
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, Self

import msgspec
import structlog

from app.actions import HELD_DEEDS, SettleHeld, Verb
from app.control_client import ControlError, pipe_name
from app.errors import AppError
from app.view import View
from runtime import logger_names
from runtime.folders import folders, private_folder
from runtime.locking import try_lock
from runtime.tasks import Tasks
from runtime.terminal import reason

log = structlog.get_logger(logger_names.APP_CONTROL)

STATUS: Final = "status"
MOST_CLIENTS: Final = 32
LONGEST_REQUEST: Final = 4096  # bytes
_PER_SECOND: Final = 20
_DEADLINE_S: Final = 5.0
_SILENT_S: Final = 10.0  # for a client to ask
_ENDING_S: Final = 30.0  # for an app that ends
_LOOK_S: Final = 0.05
_UNREAD_BYTES: Final = 1 << 16


class Code(StrEnum):
    """What was wrong with a request, for programs."""

    MALFORMED = "malformed"
    TOO_LONG = "too-long"
    UNKNOWN_VERB = "unknown-verb"
    TOO_MANY = "too-many"
    BUSY = "busy"
    FAILED = "failed"


class AlreadyRunning(ControlError):
    """Another app of this user has the socket: hand it what is wanted and leave."""

    def __init__(self) -> None:
        super().__init__("kikipounamu is already running: use that one, or end it with `kikipounamu quit`")


class ControlUnavailable(ControlError):
    """There is no place for the socket."""


class BadRequest(ControlError):
    """``code``: what is wrong with it."""

    def __init__(self, code: Code, text: str) -> None:
        super().__init__(text)
        self.code = code


class Request(msgspec.Struct, frozen=True):
    """``verb``: a ``Verb``, or ``STATUS``; unknown fields are for later versions.

    ``session``: of which recording the text to paste is meant; empty: of the newest.
    """

    verb: str
    follow: bool = False
    session: str = ""

    @property
    def action(self) -> Verb | SettleHeld:
        """Return what is asked."""
        verb = Verb(self.verb)
        return SettleHeld(self.session, HELD_DEEDS[verb]) if self.session and verb in HELD_DEEDS else verb


def parse(line: bytes) -> Request:
    """One line. Raises ``BadRequest``."""
    try:
        request = msgspec.json.decode(line, type=Request)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise BadRequest(Code.MALFORMED, f'a request is a line like {{"verb": "toggle"}}: {error}') from error
    known = [*Verb, STATUS]
    if request.verb not in known:
        raise BadRequest(Code.UNKNOWN_VERB, f"{request.verb!r} is none of {', '.join(known)}")
    return request


class Control:
    """An async context manager. Entering raises ``AlreadyRunning`` or ``ControlUnavailable``.

    ``ask`` hands an action on and returns at once; an ``AppError`` of it is told to who asked. ``view``: what is
    to be seen now; say ``changed()`` when that is something else. All in the loop that entered. ``deadline_s``:
    for an action to be taken on, and for a client to read. ``ending_s``: for an app that is just ending.
    """

    def __init__(
        self,
        ask: Callable[[Verb | SettleHeld], Awaitable[None]],
        view: Callable[[], View],
        place: Path | None = None,
        deadline_s: float = _DEADLINE_S,
        ending_s: float = _ENDING_S,
    ) -> None:
        self._deadline_s, self._ending_s = deadline_s, ending_s
        self._ask = ask
        self._view = view
        self._place = place or folders().control_socket
        self._tasks = Tasks("control")
        self._clients = 0
        self._followers: set[asyncio.Event] = set()
        self._lock = -1
        self._stop: Callable[[], None] = lambda: None

    @property
    def clients(self) -> int:
        """How many are connected."""
        return self._clients

    def changed(self) -> None:
        """There is something else to be seen."""
        for follower in self._followers:
            follower.set()

    def leave(self) -> None:
        """Nobody is answered any more: this app ends, and the next one waits for that."""
        self._stop()
        self._place.unlink(missing_ok=True)

    async def __aenter__(self) -> Self:
        try:
            self._lock = os.open(
                private_folder(self._place.parent) / "control.lock", os.O_RDWR | os.O_CREAT, 0o600
            )
            await self._own()
            await self._listen()
        except OSError as error:
            await self._close()
            raise ControlUnavailable(f"the command line cannot reach this app: {reason(error)}") from error
        except AlreadyRunning:
            await self._close()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        self._stop()
        await self._tasks.close()
        self._place.unlink(missing_ok=True)
        await self._close()

    async def _own(self) -> None:
        """Of an app that just ends there is no socket any more, and soon no lock."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._ending_s):
                while not try_lock(self._lock):
                    if self._place.exists() or sys.platform == "win32":
                        raise AlreadyRunning
                    await asyncio.sleep(_LOOK_S)
                return
        raise AlreadyRunning

    async def _close(self) -> None:
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    async def _listen(self) -> None:
        if sys.platform == "win32":
            loop: Any = asyncio.get_running_loop()
            (server,) = await loop.start_serving_pipe(self._protocol, pipe_name(self._place))
            self._stop = server.close
            return
        self._place.unlink(missing_ok=True)  # of an owner that is dead: the lock is ours
        listener = socket.socket(socket.AF_UNIX)
        try:
            listener.bind(os.fspath(self._place))
            os.chmod(self._place, 0o600)
            unix = await asyncio.start_unix_server(self._connected, sock=listener, limit=LONGEST_REQUEST)
        except BaseException:
            listener.close()
            raise
        self._stop = unix.close

    def _protocol(self) -> asyncio.StreamReaderProtocol:
        return asyncio.StreamReaderProtocol(asyncio.StreamReader(LONGEST_REQUEST), self._connected)

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._tasks.start(self._serve(reader, writer), "client")

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._clients += 1
        writer.transport.set_write_buffer_limits(high=_UNREAD_BYTES)
        try:
            if self._clients > MOST_CLIENTS:
                return await self._write(
                    writer, _refusal(Code.TOO_MANY, "too many programs ask at once: try again")
                )
            while line := await _line(reader):
                await self._take(parse(line), reader, writer)
        except BadRequest as error:
            with suppress(OSError, TimeoutError):
                await self._write(writer, _refusal(error.code, str(error)))
        except (OSError, TimeoutError):
            log.info("a client of the control socket went away or does not read")
        finally:
            self._clients -= 1
            if writer.transport.get_write_buffer_size():
                writer.transport.abort()
            writer.close()

    async def _take(self, request: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if request.verb == STATUS:
            if request.follow:
                return await self._follow(reader, writer)
            return await self._write(writer, self._shown())
        try:
            async with asyncio.timeout(self._deadline_s):
                await self._ask(request.action)
        except TimeoutError:
            answer = _refusal(Code.BUSY, f"the app has been busy for {self._deadline_s:g} s: try again")
        except AppError as error:
            answer = _refusal(Code.FAILED, str(error))
        else:
            answer = b'{"ok":true}'
        await self._write(writer, answer)

    async def _follow(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Until the client goes away: what it says meanwhile is not listened to."""
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
            if (line := self._shown()) != last:
                await self._write(writer, line)
                last = line
                await asyncio.sleep(1 / _PER_SECOND)
            await changed.wait()

    async def _write(self, writer: asyncio.StreamWriter, line: bytes) -> None:
        """Raises ``TimeoutError`` when the client does not read."""
        writer.write(line + b"\n")
        async with asyncio.timeout(self._deadline_s):
            await writer.drain()

    def _shown(self) -> bytes:
        return msgspec.json.encode({"ok": True, "view": self._view()})


async def _line(reader: asyncio.StreamReader) -> bytes:
    """The next one; empty at the end. Raises ``BadRequest`` or ``TimeoutError``."""
    async with asyncio.timeout(_SILENT_S):
        try:
            return await reader.readline()
        except ValueError as error:
            raise BadRequest(Code.TOO_LONG, f"a request is at most {LONGEST_REQUEST} bytes long") from error


async def _until_gone(reader: asyncio.StreamReader) -> None:
    while await reader.read(LONGEST_REQUEST):
        pass


def _refusal(code: Code, text: str) -> bytes:
    return msgspec.json.encode({"ok": False, "error": code, "text": text})
