"""Key events, the interface of hotkeys on every platform, and the queue from their thread to the event loop."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, Protocol, Self, runtime_checkable

from app.hotkeys.errors import HotkeysUnavailable
from runtime import loggers
from runtime.event_names import LogEvent


@dataclass(frozen=True)
class KeyEvent:
    """A press or release of the key of ``action``. They alternate, and auto-repeat is filtered out.

    ``at_s``: monotonic seconds. ``chord``, only in a release: the key was part of a combination for another
    program (Right Ctrl, then C). That program got the combination, so the press was not meant for this app.
    """

    action: str
    pressed: bool
    at_s: float
    chord: bool = False


class Hotkeys(Protocol):
    """An async context manager that holds the keys and releases them at its end.

    The focused program does not get a bound key. While one is held, X11 also sends every other key here, including
    simulated ones: insert no text until it is released.
    """

    async def __aenter__(self) -> Self: ...
    async def __aexit__(self, *_: object) -> None: ...

    def events(self) -> AsyncIterator[KeyEvent]:
        """Yield events to one reader, until the context is left.

        Raises ``HotkeysUnavailable`` when the keys are lost. After ``HotkeysLost`` it may be called again.
        """
        ...

    async def is_down(self, action: str) -> bool:
        """Return whether the action's key is down now; False for an action without a key."""
        ...

    async def pass_on(self, action: str) -> None:
        """Send a short tap of the action's key to the focused program, after the key is released."""
        ...

    async def bind(self, bindings: Mapping[str, str]) -> None:
        """Bind exactly these keys; an empty binding means no key. On an error, nothing changes.

        Raises ``HotkeyTaken``, ``HotkeyUnknown`` or ``HotkeysUnavailable``.
        """
        ...

    async def renew(self) -> None:
        """Bind the same keys again: the system may have released them during sleep.

        Raises ``HotkeysUnavailable``.
        """
        ...


@runtime_checkable
class AssignedHotkeys(Protocol):
    """Hotkeys whose keys the desktop assigns. ``changed`` is called when it assigns other keys."""

    changed: Callable[[], None]

    @property
    def assigned(self) -> Mapping[str, str]:
        """The keys that the desktop assigned, by action, in our notation where possible."""
        ...

    def reserve(self, bindings: Mapping[str, str]) -> None:
        """Set all keys that may be bound later, so that the user is asked only once."""
        ...

    def assume_released(self, action: str) -> None:
        """Report a key as released whose release the desktop does not report."""
        ...


log = loggers.APP_HOTKEYS_EVENT_QUEUE

MOST_QUEUED: Final = 1_000
"""Newer events are dropped above this limit. Readers also query the keyboard, so they recover."""


class KeyEventQueue:
    """A queue created in the loop that reads it. ``None`` or an error ends it and is never dropped."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._events: asyncio.Queue[KeyEvent | HotkeysUnavailable | None] = asyncio.Queue()

    def post(self, event: KeyEvent | HotkeysUnavailable | None) -> None:
        """Add an event, from any thread."""
        with suppress(RuntimeError):  # the loop has ended: drop the event
            self._loop.call_soon_threadsafe(self.put, event)

    def put(self, event: KeyEvent | HotkeysUnavailable | None) -> None:
        """Add an event, from the loop."""
        if isinstance(event, KeyEvent) and self._events.qsize() >= MOST_QUEUED:
            log.warning(LogEvent.HOTKEYS_EVENT_DROPPED)
            return
        self._events.put_nowait(event)

    async def events(self) -> AsyncIterator[KeyEvent]:
        """Yield the events, like ``Hotkeys.events``."""
        while (event := await self._events.get()) is not None:
            if isinstance(event, HotkeysUnavailable):
                raise event
            yield event
