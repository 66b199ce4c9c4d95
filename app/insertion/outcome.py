"""The outcome of an insertion, and the interfaces of inserters and of sources of the focus."""

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from app.core.area import Area


class InsertionResult(StrEnum):
    """The outcome of an insertion. ``typed`` and ``pasted``: the target has the text.

    ``copied``: the text is on the clipboard for the user to paste. ``held``: the target does not have it, or
    that is unknown.
    """

    TYPED = "typed"
    PASTED = "pasted"
    COPIED = "copied"
    HELD = "held"


class HoldReason(StrEnum):
    """The reason why a text is held. Its value is a key of the translated texts."""

    NO_TARGET = "no-target"
    TARGET_UNKNOWN = "target-unknown"
    FOCUS_MOVED = "focus-moved"
    MODIFIERS_HELD = "modifiers-held"  # or a key that types the text
    NOT_ALLOWED = "not-allowed"  # the user has not allowed this app to press keys, or not yet
    LAYOUT_CHANGED = "layout-changed"  # the new keyboard layout lacks letters of the text
    KEYBOARD_GRABBED = "keyboard-grabbed"  # by a menu, a locked screen, or a shortcut still held down
    CLIPBOARD_BUSY = "clipboard-busy"  # its contents cannot be saved, or another program copied
    NOT_READ = "not-read"  # the target did not request the text
    FOREIGN_SCRIPT = "foreign-script"  # none of the user's languages is written like this
    PROGRAM_RULE = "program-rule"  # a rule forbids insertion into this program
    PASSWORD = "password"  # the field hides what is typed
    COMPOSING = "composing"  # a word is unfinished in the user's input method
    NO_FIELD = "no-field"  # a button or another element that takes no text has the focus
    UNRECORDED = "unrecorded"  # the start of the insertion could not be written to the disk
    PARTLY_TYPED = "partly-typed"  # the focus moved while typing
    INTERRUPTED = "interrupted"  # the helper process ended before a key was pressed
    UNCERTAIN = "uncertain"  # failed after a key, or the program hangs: the text may have arrived, or still may


@dataclass(frozen=True)
class Insertion:
    """The result of an insertion. ``reason``: a ``HoldReason``, empty when inserted.

    ``rest``: the missing part of a partly typed text. ``edited``: that text, if it was an edit by the user.
    ``clicks``: the number of the latest click by then, if the desktop counts them.
    """

    how: InsertionResult
    reason: str = ""
    rest: str = ""
    edited: str = ""
    clicks: int = field(default=0, compare=False)


@dataclass(frozen=True)
class Target:
    """A window that can receive text. ``program``: its own name, or empty. ``own``: it belongs to this app.

    ``area``: its place in screen pixels, if the system reports it. ``process``: its process, if known. X reuses
    the number of a closed window for another one. ``clicked``: the number of the latest click in it, 0 if unknown.
    """

    window: int
    program: str = ""
    terminal: bool = False
    own: bool = field(default=False, compare=False)
    area: Area | None = field(default=None, compare=False)
    process: int = 0
    clicked: int = field(default=0, compare=False)


@dataclass(frozen=True)
class TextPlace:
    """The place of the focused text in system pixels: its ``field``, and its ``caret`` (text cursor) if known."""

    field: Area
    caret: Area | None = None


FindText = Callable[[Target], Awaitable[TextPlace | None]]
"""Returns the place of the focused text of a window, if the desktop reports it in time. Raises nothing."""


async def find_nothing(target: Target) -> TextPlace | None:
    """Return ``None``: this desktop does not report where texts are."""
    return None


class FocusKind(StrEnum):
    """Kind of the focused element. ``no-field``: it certainly takes no text."""

    FIELD = "field"
    PASSWORD = "password"
    NO_FIELD = "no-field"


@dataclass(frozen=True)
class TextSurroundings:
    """Facts about the focused element.

    ``before``: the last characters before the caret, if known. ``after``: the character after it; empty: there is
    none, or it is unknown. They never leave this computer, are never logged, and are only kept until the insertion
    that they are for.
    """

    kind: FocusKind
    before: str | None = field(default=None, repr=False)
    after: str = field(default="", repr=False)


ReadAround = Callable[[Target], Awaitable[TextSurroundings | None]]
"""Returns what surrounds the caret of a window, if the desktop reports it in time. Raises nothing."""


async def read_nothing(target: Target) -> TextSurroundings | None:
    """Return ``None``: this desktop reports nothing of the focused element."""
    return None


def first_number() -> int:
    """Return a random number from which a source of the focus numbers windows itself, far below 2**63.

    A target outlives the helper process that found it: the next helper must not give its number to another window.
    """
    return secrets.randbits(62)


class Focus(Protocol):
    """A source of the focused window."""

    async def target(self) -> Target | None:
        """Return the focused window, or ``None`` if no window has the focus or it is unknown. Raises nothing."""

    async def close(self) -> None:
        """End the connection. Safe to call twice."""


async def has_focus(focus: Focus, target: Target) -> bool:
    """Return whether this window still has the focus."""
    now = await focus.target()
    return now is not None and (now.window, now.process) == (target.window, target.process)


class Inserter(Protocol):
    """An object that inserts texts one after another, in the order of the calls."""

    async def target(self) -> Target | None:
        """Return the focused window, or ``None`` if no window has the focus or the system does not reveal it."""

    async def insert(self, text: str, target: Target | None) -> Insertion:
        """Insert ``text`` if ``target`` has the focus. Raises nothing for situations that a user can cause."""

    async def close(self) -> None:
        """Restore borrowed resources. Safe to call twice."""


def held_insertion(reason: HoldReason, rest: str = "") -> Insertion:
    """Return the result for a text that was not inserted."""
    return Insertion(InsertionResult.HELD, reason.value, rest)


class HeldInserter:
    """An ``Inserter`` that holds every text. ``reason``: why, for logs and diagnostics."""

    def __init__(self, reason: str = "") -> None:
        self.reason = reason

    async def target(self) -> Target | None:
        """Return ``None``: the focused window is unknown."""
        return None

    async def insert(self, text: str, target: Target | None) -> Insertion:
        """Hold the text for the user."""
        return held_insertion(HoldReason.TARGET_UNKNOWN)

    async def close(self) -> None:
        """Do nothing: the inserter owns no resources."""
