"""Hotkeys on X11: a keyboard in the thread of its connection posts its key events to the event loop."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Self, TypeVar

from app.hotkeys.errors import HotkeyError, HotkeysUnavailable
from app.hotkeys.events import Hotkeys, KeyEventQueue
from app.hotkeys.x11_keyboard import Keyboard
from app.x11.connection import XThread
from app.x11.errors import X11Error
from runtime import loggers
from runtime.event_names import LogEvent
from runtime.tasks import close_on_error

log = loggers.APP_HOTKEYS_X11_KEYBOARD

T = TypeVar("T")


class X11Hotkeys(Hotkeys):
    """Hotkeys of the X server ``display`` (default: DISPLAY). Entering raises ``HotkeysUnavailable``."""

    def __init__(self, display: str | None = None) -> None:
        self._display = display

    async def __aenter__(self) -> Self:
        self._events = events = KeyEventQueue()
        self._thread = XThread(self._display)
        self._thread.lost = lambda error: events.post(HotkeysUnavailable(str(error)))
        with _translate_errors():
            await self._thread.open()
            async with close_on_error(self._thread.close):
                self._keyboard = await self._thread.call(lambda connection: Keyboard(connection, events.post))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._thread.close()
        self._events.post(None)

    async def is_down(self, action: str) -> bool:
        """Return whether the action's key is down, like ``Hotkeys.is_down``."""
        return await self._ask(lambda keyboard: keyboard.is_down(action))

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

    async def _ask(self, request: Callable[[Keyboard], T]) -> T:
        with _translate_errors():
            return await self._thread.call(lambda _: request(self._keyboard))


@contextmanager
def _translate_errors() -> Iterator[None]:
    try:
        yield
    except X11Error as error:
        raise HotkeysUnavailable(str(error)) from error
    except HotkeyError:
        raise
    except Exception as error:  # dictation continues without hotkeys
        log.exception(LogEvent.HOTKEYS_FAILED)
        raise HotkeysUnavailable(f"{type(error).__name__}: see the log") from error
