"""Hotkeys on X11: a thread waits for the server and posts its key events to the event loop."""

import asyncio
import os
import selectors
import threading
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from concurrent.futures import Future
from contextlib import suppress
from typing import Any, Final, Self

from app.hotkeys.errors import HotkeyError, HotkeysLost, HotkeysUnavailable
from app.hotkeys.events import KeyEvent, KeyEventQueue
from app.hotkeys.x11_keyboard import Keyboard
from runtime import loggers
from runtime.event_names import LogEvent
from runtime.tasks import closed_on_error

log = loggers.APP_HOTKEYS_X11

_ANSWER_S: Final = 5.0
_CHECK_AGAIN_S: Final = 0.1
"""While a hotkey is held, the longest delay until a missed release is noticed."""


Open = Callable[[Callable[[KeyEvent | HotkeysLost], None]], Keyboard]


class X11Hotkeys:
    """``Hotkeys`` of the X server ``display`` (default: DISPLAY). Entering raises ``HotkeysUnavailable``."""

    def __init__(self, display: str | None = None, *, connect: Open | None = None) -> None:
        self._open: Open = connect or (lambda report: Keyboard(display, report))
        self._requests: deque[tuple[Future[Any], Callable[[Keyboard], Any]]] = deque()
        self._closing = threading.Event()

    async def __aenter__(self) -> Self:
        self._events = KeyEventQueue()
        self._waking, self._wake = os.pipe()
        os.set_blocking(self._wake, False)
        ready: Future[None] = Future()
        ready.set_running_or_notify_cancel()  # who stops waiting for the thread does not cancel its answer
        # A daemon: a hanging server must not keep the process alive.
        self._thread = threading.Thread(target=self._run, args=(ready,), name="hotkeys", daemon=True)
        self._thread.start()
        async with closed_on_error(self._close):
            await self._answer(ready)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._close()

    def events(self) -> AsyncIterator[KeyEvent]:
        """Yield the events, like ``Hotkeys.events``."""
        return self._events.events()

    async def is_down(self, action: str) -> bool:
        """Return whether the action's key is down, like ``Hotkeys.is_down``."""
        return bool(await self._ask(lambda keyboard: keyboard.is_down(action)))

    async def pass_on(self, action: str) -> None:
        """Pass on a tap of the key, like ``Hotkeys.pass_on``."""
        await self._ask(lambda keyboard: keyboard.pass_on(action))

    async def bind(self, bindings: Mapping[str, str]) -> None:
        """Bind exactly these keys, like ``Hotkeys.bind``."""
        wanted = dict(bindings)
        await self._ask(lambda keyboard: keyboard.bind(wanted))

    async def renew(self) -> None:
        """Bind the same keys again, like ``Hotkeys.renew``."""
        await self._ask(lambda keyboard: keyboard.renew())

    async def _ask(self, request: Callable[[Keyboard], Any]) -> Any:
        future: Future[Any] = Future()
        self._requests.append((future, request))
        if not self._thread.is_alive():
            self._refuse_waiting()
        self._wake_up()
        return await self._answer(future)

    async def _answer(self, future: "Future[Any]") -> Any:
        try:
            return await asyncio.wait_for(asyncio.wrap_future(future), _ANSWER_S)
        except TimeoutError:
            raise HotkeysUnavailable(f"the X server has not answered for {_ANSWER_S:g} s") from None

    async def _close(self) -> None:
        if self._closing.is_set():
            return
        self._closing.set()
        self._wake_up()
        await asyncio.to_thread(self._thread.join, _ANSWER_S)
        self._events.post(None)
        if self._thread.is_alive():
            log.warning(LogEvent.HOTKEYS_RELEASE_TIMED_OUT)
        else:
            os.close(self._waking)
        wake, self._wake = self._wake, -1  # another file may get its number
        os.close(wake)

    def _wake_up(self) -> None:
        with suppress(OSError):  # full: the thread is awake
            os.write(self._wake, b"\0")

    # -- in the thread -------------------------------------------------------------------------------------

    def _run(self, ready: "Future[None]") -> None:
        try:
            keyboard = self._open(self._events.post)
        except Exception as error:  # top level of the thread, like the one below
            if not isinstance(error, HotkeysUnavailable):
                log.error(LogEvent.HOTKEYS_FAILED, exc_info=error)
                error = HotkeysUnavailable(f"{type(error).__name__}: see the log")
            ready.set_exception(error)
            return
        ready.set_result(None)
        try:
            with selectors.DefaultSelector() as selector:
                selector.register(keyboard.fileno(), selectors.EVENT_READ)
                selector.register(self._waking, selectors.EVENT_READ)
                while not self._closing.is_set():
                    self._turn(keyboard, selector)
        except HotkeysUnavailable as error:
            self._events.post(error)
        except Exception as error:  # top level of the thread
            log.error(LogEvent.HOTKEYS_FAILED, exc_info=error)
            self._events.post(HotkeysUnavailable(f"{type(error).__name__}: see the log"))
        finally:
            keyboard.close()
            self._refuse_waiting()

    def _turn(self, keyboard: Keyboard, selector: selectors.BaseSelector) -> None:
        keyboard.handle()  # also events that arrived with the reply to a request
        ready = selector.select((keyboard.doubts_s or _CHECK_AGAIN_S) if keyboard.holding else None)
        if any(key.fd == self._waking for key, _ in ready):
            os.read(self._waking, 1_000)
        if keyboard.holding:
            keyboard.handle()
            keyboard.notice_missed()
        while self._requests:
            future, request = self._requests.popleft()
            if future.set_running_or_notify_cancel():
                _fulfil(future, request, keyboard)

    def _refuse_waiting(self) -> None:
        while self._requests:
            future, _ = self._requests.popleft()
            if future.set_running_or_notify_cancel():
                future.set_exception(HotkeysUnavailable("the connection to the X server has ended"))


def _fulfil(future: "Future[Any]", request: Callable[[Keyboard], Any], keyboard: Keyboard) -> None:
    try:
        future.set_result(request(keyboard))
    except HotkeyError as error:
        future.set_exception(error)
        if isinstance(error, HotkeysUnavailable):
            raise
