"""A connection to the X server, and the one thread that uses it.

python-xlib blocks, so work is submitted to the thread. The thread waits for the server, a deadline or more work,
and handles events meanwhile. X Window System Protocol, version 11; ICCCM 2.0.
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
from typing import Any, Final, TypeVar

from Xlib import X, display
from Xlib.error import ConnectionClosedError, DisplayError, XError
from Xlib.ext import res

from app.insertion.errors import InsertionUnavailable, ScreenGone, ScreenMissing
from app.insertion.x11.grab_guard import Grabs
from runtime import loggers
from runtime.event_names import LogEvent

log = loggers.APP_INSERTION_X11_CONNECTION

Result = TypeVar("Result")

_TIME_DEADLINE_S: Final = 1.0
_STOP_DEADLINE_S: Final = 3.0


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
    def grabbed(self) -> Iterator[None]:
        """Keep the server from answering any other program meanwhile.

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

    def wait_or_wake(self, predicate: Callable[[], bool], until_s: float) -> bool:
        """Handle events until ``predicate`` holds or ``until_s``; return whether ``wakes`` ended it earlier."""
        while not predicate() and time.monotonic() < until_s:
            if self.pump(until_s, wakeable=True):
                return True
        return False

    def pump(self, until_s: float | None, *, wakeable: bool = False) -> bool:
        """Handle pending events, or wait for the next event, timer or (``wakeable``) piece of work.

        Returns whether such work woke it.
        """
        self.display.flush()  # also reads arrived events, so it must come before the check for events
        if self.handle_pending() or self._run_timers():
            return False
        ends = [end for end in (until_s, *(when for when, _ in self._timers)) if end is not None]
        left = max(0.0, min(ends) - time.monotonic()) if ends else None
        sources: list[Any] = [self.display.fileno(), *([self._wakes] if wakeable else [])]
        ready, _, _ = select.select(sources, [], [], left)
        if self._wakes in ready:
            self._wakes.recv(64)
        return self._wakes in ready

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


class XThread:
    """A daemon thread that executes work on its own connection. A hanging server cannot keep the process alive."""

    def __init__(self, name: str | None, grabs: Grabs | None = None) -> None:
        self._name, self._grabs = name, grabs
        # Bounded by its callers: nearly all wait for their answer, the others queue at most one piece.
        self._work: queue.SimpleQueue[tuple[Callable[[X11Connection], Any], Future[Any]] | None] = (
            queue.SimpleQueue()
        )
        self._ours, self._theirs = socket.socketpair()
        self._ours.setblocking(False)
        self._opened: Future[None] = Future()
        self._gone = threading.Event()
        self._thread = threading.Thread(target=self._run, name="insertion", daemon=True)

    async def open(self) -> None:
        """Connect to the server. Raises ``InsertionUnavailable``."""
        self._opened.set_running_or_notify_cancel()
        self._thread.start()
        try:
            await asyncio.wrap_future(self._opened)
        except InsertionUnavailable:
            await self.close()
            raise

    def submit(self, work: Callable[[X11Connection], Result]) -> "Future[Result]":
        """Execute ``work`` after earlier work. The future fails with ``ScreenGone`` or the error of ``work``."""
        future: Future[Result] = Future()
        future.set_running_or_notify_cancel()
        if self._gone.is_set():
            future.set_exception(ScreenGone())
            return future
        self._work.put((work, future))
        self._wake()
        if self._gone.is_set():  # it ended just now
            self._end()
        return future

    async def call(self, work: Callable[[X11Connection], Result]) -> Result:
        """Submit ``work`` and await its result."""
        return await asyncio.wrap_future(self.submit(work))

    async def close(self) -> None:
        """End the thread after the submitted work. Safe to call twice."""
        if self._thread.is_alive():
            self._work.put(None)
            self._wake()
            await asyncio.to_thread(self._thread.join, _STOP_DEADLINE_S)
        if not self._thread.is_alive():
            self._ours.close()
            self._theirs.close()

    def _wake(self) -> None:
        with suppress(OSError):  # full: the thread is awake; closed: it has ended
            self._ours.send(b"\0")

    def _run(self) -> None:
        try:
            connection = X11Connection(self._name, self._theirs, self._grabs)
        except (DisplayError, ConnectionClosedError, OSError) as error:
            advice = "start this program on a screen (see that DISPLAY names it)"
            self._opened.set_exception(ScreenMissing(f"the X server cannot be reached ({error}): {advice}"))
            self._end()
            return
        except Exception as error:  # top level of the thread: who opens it must not wait for ever
            log.exception(LogEvent.INSERTION_FAILED)
            self._opened.set_exception(ScreenMissing(f"{type(error).__name__}: see the log"))
            self._end()
            return
        self._opened.set_result(None)
        try:
            self._serve(connection)
            connection.close()
        except (ConnectionClosedError, OSError):
            log.warning(LogEvent.INSERTION_SCREEN_LOST)
        except Exception:
            log.exception(LogEvent.INSERTION_FAILED)
        finally:
            self._end()

    def _serve(self, connection: X11Connection) -> None:
        while True:
            try:
                piece = self._work.get_nowait()
            except queue.Empty:
                connection.pump(None, wakeable=True)
                continue
            if piece is None:
                return
            self._do(connection, *piece)

    def _do(self, connection: X11Connection, work: Callable[[X11Connection], Any], future: "Future[Any]") -> None:
        try:
            future.set_result(work(connection))
        except (ConnectionClosedError, OSError):
            future.set_exception(ScreenGone())
            raise
        except Exception as error:  # noqa: BLE001 - raised in the caller
            future.set_exception(error)

    def _end(self) -> None:
        """Fail all remaining work, so that no caller waits forever."""
        self._gone.set()
        while True:
            try:
                piece = self._work.get_nowait()
            except queue.Empty:
                return
            if piece is not None:
                piece[1].set_exception(ScreenGone())
