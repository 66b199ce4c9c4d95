"""A connection to the X server, and the one thread that uses it.

python-xlib blocks, so work is submitted to the thread. Between pieces of work, the thread waits for the server, a
deadline or more work, and handles events. X Window System Protocol, version 11; ICCCM 2.0.
"""

import asyncio
import queue
import select
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from functools import reduce
from operator import or_
from typing import Any, Final, Self, TypeVar

from Xlib import X, display
from Xlib.error import ConnectionClosedError, DisplayError, XauthError, XError, XNoAuthError
from Xlib.ext import res

from app.x11.errors import X11Gone, X11Missing
from app.x11.grab_guard import Grabs
from runtime import loggers
from runtime.event_names import LogEvent
from runtime.tasks import Closing, close_on_error

log = loggers.APP_X11

Result = TypeVar("Result")

ANSWER_S: Final = 5.0
_TIME_DEADLINE_S: Final = 1.0
_STOP_DEADLINE_S: Final = 3.0
_LOST: Final = (ConnectionClosedError, DisplayError, XauthError, XNoAuthError, OSError)


class X11Connection:
    """A connection for use by one thread. ``handlers`` get every event; ``window`` is ours and never shown.

    ``grabs`` is notified of each grab of the server; without it the server cannot be grabbed.
    """

    def __init__(self, name: str | None, wakes: socket.socket, grabs: Grabs | None = None) -> None:
        self.display = display.Display(name)
        self.display.set_error_handler(lambda error, request: 0)  # foreign windows may close at any moment
        self.root = self.display.screen().root
        self.window = self.root.create_window(
            0, 0, 1, 1, 0, X.CopyFromParent, X.InputOnly, event_mask=X.PropertyChangeMask
        )
        self.handlers: list[Callable[[Any], None]] = []
        self._atoms: dict[str, int] = {}
        self._masks: dict[int, list[int]] = {}  # by foreign window
        self._timers: list[tuple[float, Callable[[], None]]] = []
        self._wakes = wakes
        self._grabs = grabs
        self._knows_pids = self.display.has_extension(res.extname)

    def atom(self, name: str) -> int:
        """Return the atom of this name."""
        if name not in self._atoms:
            self._atoms[name] = self.display.intern_atom(name)
        return self._atoms[name]

    def program(self, window: int) -> int:
        """Return a number for the program that has this window: its process id, or else its X client.

        Some programs use several connections, so a process id is better. X-Resource extension 1.2.
        """
        return self.ask_program(window)()

    def ask_program(self, window: int) -> Callable[[], int]:
        """Request the number of ``program``; the returned function waits for the answer."""
        server = self.display.display
        client = int(window & ~server.info.resource_id_mask)
        if not self._knows_pids:
            return lambda: client
        specs = [{"client": window, "mask": res.LocalClientPIDMask}]
        major = server.get_extension_major(res.extname)
        asked = res.QueryClientIds(display=server, opcode=major, specs=specs, defer=True)

        def answer() -> int:
            try:
                asked.reply()
            except XError:
                return client
            found = [list(entry.value) for entry in asked.ids]
            return int(found[0][0]) if found and found[0] else client

        return answer

    def server_time(self) -> int:
        """Return the server's clock in ms, which ICCCM 2.1 requires for owning a selection."""
        times: list[int] = []
        stamp = self.atom("_KIKIPOUNAMU_TIME")

        def noted(event: Any) -> None:
            if event.type == X.PropertyNotify and event.window == self.window and event.atom == stamp:
                times.append(event.time)

        self.handlers.append(noted)
        try:
            self.window.change_property(stamp, self.atom("INTEGER"), 32, [0])
            self.wait(lambda: bool(times), _TIME_DEADLINE_S)
        finally:
            self.handlers.remove(noted)
        return times[-1] if times else int(X.CurrentTime)

    @contextmanager
    def hold_server(self) -> Iterator[None]:
        """Grab the server while the context lasts, so that it answers no other program.

        Allowed only in a process that does not draw and whose parent kills it after a deadline. Otherwise two
        threads can deadlock: one holds the grab and waits for Python's lock, the other holds the lock and waits
        for the server.
        """
        assert self._grabs is not None, "only the helper process may grab the server"
        self.display.sync()  # wait for another program's grab before our deadline starts
        self._grabs.begin()
        self.display.grab_server()
        try:
            yield
        finally:
            self.display.ungrab_server()
            self.display.flush()
            self._grabs.end()

    def listen(self, window: Any, mask: int) -> None:
        """Get these events of a foreign window until ``unlisten``, beside those that other parts listen to.

        A client has one event mask for each window, so a mask that is simply set ends the events of other parts.
        """
        self._masks.setdefault(window.id, []).append(mask)
        self._set_mask(window)

    def unlisten(self, window: Any, mask: int) -> None:
        """End one earlier ``listen`` to these events."""
        self._masks[window.id].remove(mask)
        self._set_mask(window)
        if not self._masks[window.id]:
            del self._masks[window.id]

    def _set_mask(self, window: Any) -> None:
        window.change_attributes(event_mask=reduce(or_, self._masks[window.id], X.NoEventMask))
        self.display.flush()

    def at(self, when_s: float, do: Callable[[], None]) -> None:
        """Schedule a call at this monotonic time."""
        self._timers.append((when_s, do))

    def wait(self, predicate: Callable[[], bool], deadline_s: float) -> bool:
        """Handle events until ``predicate`` holds, for at most ``deadline_s``; return whether it holds."""
        end = time.monotonic() + deadline_s
        while not predicate():
            if time.monotonic() >= end:
                return False
            self.pump(end)
        return True

    def pump(self, until_s: float | None, *, wakeable: bool = False) -> bool:
        """Handle pending events, or wait for the next event, timer or (``wakeable``) piece of work.

        Returns whether such work woke it.
        """
        self.display.flush()  # also reads arrived events, so it must come before the check for events
        if self.handle_pending() or self._run_timers():
            return False
        ends = [end for end in (until_s, *(when for when, _ in self._timers)) if end is not None]
        left = max(0.0, min(ends) - time.monotonic()) if ends else None
        sources = select.poll()  # unlike ``select``, also for files with large numbers
        sources.register(self.display.fileno(), select.POLLIN)
        if wakeable:
            sources.register(self._wakes, select.POLLIN)
        woken = self._wakes.fileno() in dict(sources.poll(None if left is None else 1000 * left))
        if woken:
            self._wakes.recv(64)
        return woken

    def handle_pending(self) -> bool:
        """Handle the pending events; return whether there were any."""
        count = self.display.pending_events()
        for _ in range(count):
            event = self.display.next_event()
            if event.type == X.MappingNotify:
                self.display.refresh_keyboard_mapping(event)
            for handler in tuple(self.handlers):
                handler(event)
        return bool(count)

    def close(self) -> None:
        """Close the connection to the server."""
        self.display.close()

    def _run_timers(self) -> bool:
        now = time.monotonic()
        due = [timer for timer in self._timers if timer[0] <= now]
        self._timers = [timer for timer in self._timers if timer[0] > now]
        for _, do in due:
            do()
        return bool(due)


class XThread(Closing):
    """A daemon thread that executes work on its own connection. A hanging server cannot keep the process alive.

    ``answer_s``: how long callers wait for an answer; ``None``: as long as it takes. ``lost`` is called in the
    thread, with the reason, when an open connection has ended by itself.
    """

    def __init__(self, name: str | None, grabs: Grabs | None = None, answer_s: float | None = ANSWER_S) -> None:
        self.lost: Callable[[X11Gone], None] = lambda error: None
        self._name, self._grabs, self._answer_s = name, grabs, answer_s
        # Bounded by its callers: nearly all wait for their answer, the others queue at most one piece.
        self._work: queue.SimpleQueue[tuple[Callable[[X11Connection], Any], Future[Any]] | None] = (
            queue.SimpleQueue()
        )
        self._ours, self._theirs = socket.socketpair()
        self._ours.setblocking(False)
        self._opened: Future[None] = Future()
        self._opened.set_running_or_notify_cancel()  # a caller that stops waiting does not cancel the answer
        self._gone = threading.Event()
        self._thread = threading.Thread(target=self._run, name="x11", daemon=True)

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def open(self) -> None:
        """Connect to the server. Raises ``X11Error``."""
        self._thread.start()
        async with close_on_error(self.close):
            await self._answer(self._opened)

    def submit(self, work: Callable[[X11Connection], Result]) -> "Future[Result]":
        """Execute ``work`` after earlier work. The future fails with ``X11Gone`` or the error of ``work``."""
        future: Future[Result] = Future()
        self._work.put((work, future))
        self._wake()
        if self._gone.is_set():  # it has ended, perhaps just now
            self._end()
        return future

    async def call(self, work: Callable[[X11Connection], Result]) -> Result:
        """Submit ``work`` and await its result. Work whose caller was cancelled before it began is skipped."""
        return await self._answer(self.submit(work))

    async def close(self) -> None:
        """End the thread after the submitted work. Safe to call twice."""
        if self._thread.is_alive():
            self._work.put(None)
            self._wake()
            await asyncio.to_thread(self._thread.join, _STOP_DEADLINE_S)
        if self._thread.is_alive():
            log.warning(LogEvent.SCREEN_CLOSE_TIMED_OUT)
        else:
            self._ours.close()
            self._theirs.close()

    async def _answer(self, future: "Future[Result]") -> Result:
        try:
            async with asyncio.timeout(self._answer_s):
                return await asyncio.wrap_future(future)
        except TimeoutError as error:
            raise X11Gone(f"the X server has not answered for {self._answer_s:g} s") from error

    def _wake(self) -> None:
        with suppress(OSError):  # full: the thread is awake; closed: it has ended
            self._ours.send(b"\0")

    # -- in the thread -------------------------------------------------------------------------------------

    def _run(self) -> None:
        connection: X11Connection | None = None
        try:
            connection = X11Connection(self._name, self._theirs, self._grabs)
            self._opened.set_result(None)
            self._serve(connection)
        except Exception as error:  # noqa: BLE001 - top level of the thread, logged there
            self._fail(error)
        finally:
            self._end()
            with suppress(*_LOST):
                if connection is not None:
                    connection.close()

    def _serve(self, connection: X11Connection) -> None:
        while True:
            try:
                piece = self._work.get_nowait()
            except queue.Empty:
                connection.pump(None, wakeable=True)
                continue
            if piece is None:
                return
            if piece[1].set_running_or_notify_cancel():
                self._do(connection, *piece)

    def _do(self, connection: X11Connection, work: Callable[[X11Connection], Any], future: "Future[Any]") -> None:
        try:
            future.set_result(work(connection))
        except _LOST as error:
            future.set_exception(X11Gone(_silence(error)))
            raise
        except Exception as error:  # noqa: BLE001 - raised in the caller
            future.set_exception(error)

    def _fail(self, error: Exception) -> None:
        """Report the error to the caller of ``open``, or to ``lost`` if the connection was open."""
        expected, opened = isinstance(error, _LOST), self._opened.done()
        if not expected:
            log.error(LogEvent.SCREEN_FAILED, exc_info=error)
        elif opened:
            log.warning(LogEvent.SCREEN_LOST, reason=str(error))
        reason = _silence(error) if expected else f"{type(error).__name__}: see the log"
        if opened:
            self.lost(X11Gone(reason))
        else:
            self._opened.set_exception(X11Missing(reason))

    def _end(self) -> None:
        """Fail all remaining work, so that no caller waits forever."""
        self._gone.set()
        while True:
            try:
                piece = self._work.get_nowait()
            except queue.Empty:
                return
            if piece is not None and piece[1].set_running_or_notify_cancel():
                piece[1].set_exception(X11Gone("the connection to the X server has ended"))


def _silence(error: Exception) -> str:
    return f"the X server does not answer: {error}"
