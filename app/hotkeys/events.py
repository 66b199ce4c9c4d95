"""Key events and presses of hotkeys, the interface of hotkeys on every platform, and the queue to the loop."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, Protocol, Self, runtime_checkable

from app.hotkeys.binding import parse
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


class Hotkeys:
    """An async context manager that holds the keys and releases them at its end.

    This class serves desktops without support: it accepts bindings, which have no effect. Every platform has a
    subclass. The focused program does not get a bound key. While one is held, X11 also sends every other key here,
    including simulated ones: insert no text until it is released.
    """

    async def __aenter__(self) -> Self:
        self._events = KeyEventQueue()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._events.post(None)

    def events(self) -> AsyncIterator[KeyEvent]:
        """Yield events to one reader, until the context is left.

        Raises ``HotkeysUnavailable`` when the keys are lost. After ``HotkeysLost`` it may be called again.
        """
        return self._events.events()

    async def is_down(self, action: str) -> bool:
        """Return whether the action's key is down now; False for an action without a key."""
        return False

    async def pass_on(self, action: str) -> None:
        """Send a short tap of the action's key to the focused program, after the key is released.

        Do nothing where no key is withheld from programs.
        """

    async def bind(self, bindings: Mapping[str, str]) -> None:
        """Bind exactly these keys; an empty binding means no key. On an error, nothing changes.

        Raises ``HotkeyTaken``, ``HotkeyUnknown`` or ``HotkeysUnavailable``.
        """
        for text in filter(None, bindings.values()):
            parse(text)

    async def renew(self) -> None:
        """Bind the same keys again: the system may have released them during sleep.

        Raises ``HotkeysUnavailable``. Do nothing where keys are never released.
        """


@runtime_checkable
class AssignedHotkeys(Protocol):
    """Hotkeys whose keys the desktop assigns. ``changed`` is called when it assigns other keys."""

    changed: Callable[[], None]

    @property
    def assigned(self) -> Mapping[str, str]:
        """The keys that the desktop assigned, by action, in our notation where possible."""

    def reserve(self, bindings: Mapping[str, str]) -> None:
        """Set all keys that may be bound later, so that the user is asked only once."""

    def assume_released(self, action: str) -> None:
        """Report a key as released whose release the desktop does not report."""


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


CHORD_S: Final = 1.0
"""After this time, a held lone modifier counts as a hotkey, even if another key is pressed."""


@dataclass(frozen=True)
class Grab:
    """A bound key by its code. ``modifiers``: bits that must be down with it, and no others.

    ``own``: the bits that the key itself sets while it is down (only a lone modifier does).
    """

    action: str
    code: int
    modifiers: int = 0
    own: int = 0


@dataclass(frozen=True)
class Decision:
    """The events of a key. ``through``: let the focused program have it, on systems that ask about each key."""

    events: tuple[KeyEvent, ...] = ()
    through: bool = False


@dataclass(frozen=True)
class _Down:
    grab: Grab
    since_s: float


class Presses:
    """A state machine fed with every key press and release. For each action, press and release alternate."""

    def __init__(self) -> None:
        self._grabs: dict[tuple[int, int], Grab] = {}
        self._down: dict[int, _Down] = {}

    @property
    def down(self) -> tuple[int, ...]:
        """The codes of the hotkeys that are held."""
        return tuple(self._down)

    def bind(self, grabs: Iterable[Grab]) -> None:
        """Replace the bound keys. A key that is held keeps its action until it is released."""
        self._grabs = {(grab.code, grab.modifiers): grab for grab in grabs}

    def pressed(self, code: int, modifiers: int, at_s: float) -> Decision:
        """Handle a key press. ``modifiers``: those down before it, without locks."""
        if code in self._down:
            return Decision()  # auto-repeat
        grab = self._grabs.get((code, modifiers)) or self._grabs.get((code, modifiers & ~self._held_bits()))
        if grab:
            if any(down.grab.action == grab.action for down in self._down.values()):
                return Decision()  # a second key of the same action, such as the numeric pad's Enter
            self._down[code] = _Down(grab, at_s)
            return Decision((KeyEvent(grab.action, pressed=True, at_s=at_s),))
        lone = [code for code, down in self._down.items() if down.grab.own and at_s - down.since_s <= CHORD_S]
        if not lone:
            return Decision()
        ended = tuple(
            KeyEvent(self._down.pop(code).grab.action, pressed=False, at_s=at_s, chord=True) for code in lone
        )
        return Decision(ended, through=True)

    def held_codes(self, action: str) -> list[int]:
        """Return the codes of held keys of an action, even if it has been bound to another key since."""
        return [code for code, down in self._down.items() if down.grab.action == action]

    def is_withheld(self, code: int) -> bool:
        """Return whether this key is held and withheld from programs; lone modifiers are not withheld."""
        return code in self._down and not self._down[code].grab.own

    def released(self, code: int, at_s: float) -> Decision:
        """Handle a release, whether it came as an event or was detected late."""
        down = self._down.pop(code, None)
        return Decision((KeyEvent(down.grab.action, pressed=False, at_s=at_s),) if down else ())

    def _held_bits(self) -> int:
        """Return the modifier bits of held hotkeys, so that Esc cancels while Right Ctrl or Ctrl+Alt+D is held."""
        bits = 0
        for down in self._down.values():
            bits |= down.grab.modifiers | down.grab.own
        return bits
