"""What became of a text, and what inserts it."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol


class How(StrEnum):
    """``typed`` and ``pasted``: the target has it. ``copied``: it is on the clipboard, for the person to paste.

    ``held``: nobody has it, or nobody knows.
    """

    TYPED = "typed"
    PASTED = "pasted"
    COPIED = "copied"
    HELD = "held"


class Reason(StrEnum):
    """Why a text is held: keys of the texts in each language."""

    NO_TARGET = "no-target"
    TARGET_UNKNOWN = "target-unknown"
    FOCUS_MOVED = "focus-moved"
    MODIFIERS_HELD = "modifiers-held"
    KEYBOARD_GRABBED = "keyboard-grabbed"  # a menu, a locked screen, a shortcut that is still held down
    CLIPBOARD_BUSY = "clipboard-busy"  # what is in it cannot be kept, or another program took it
    NOT_READ = "not-read"  # the target did not ask for it
    PROGRAM_RULE = "program-rule"  # a rule says: never insert into this program
    PARTLY_TYPED = "partly-typed"  # the focus moved meanwhile
    INTERRUPTED = "interrupted"  # the helper process ended before a key was pressed
    UNCERTAIN = "uncertain"  # the helper process ended after that: the text may have arrived


@dataclass(frozen=True)
class Insertion:
    """``reason``: a ``Reason``, empty when inserted. ``rest``: of a partly typed text, what is missing."""

    how: How
    reason: str = ""
    rest: str = ""


@dataclass(frozen=True)
class Target:
    """A window. ``program``: what it calls itself, empty if it does not say. ``own``: it is one of ours.

    ``middle``: a point in it, in the screen's own pixels, where the system tells. ``process``: whose it is, where
    that is known: X gives the number of a window that is gone to another one.
    """

    window: int
    program: str = ""
    terminal: bool = False
    own: bool = field(default=False, compare=False)
    middle: tuple[int, int] | None = field(default=None, compare=False)
    process: int = 0


class Inserter(Protocol):
    """Inserts texts, one after the other, in the order in which it was asked."""

    async def target(self) -> Target | None:
        """The window that has the focus now; None: none has, or the system does not tell."""

    async def insert(self, text: str, target: Target | None) -> Insertion:
        """Insert ``text`` if ``target`` has the focus. Raises nothing for what a user can cause."""

    async def close(self) -> None:
        """Give back what was borrowed. Safe to call twice."""


def held(reason: Reason, rest: str = "") -> Insertion:
    """Not inserted."""
    return Insertion(How.HELD, reason.value, rest)
