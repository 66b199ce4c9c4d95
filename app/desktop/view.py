"""The abilities of the desktop and the lines for its configuration, for display, and actions on both. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from app.core.errors import Note
from app.desktop.abilities import Support
from app.hotkeys.compositor_lines import Compositor, NoLine


class LinesState(StrEnum):
    """States of the lines: only to copy, or also to write; copied by the user; written, or for other keys."""

    TO_COPY = "to-copy"
    COPIED = "copied"
    TO_WRITE = "to-write"
    WRITTEN = "written"
    OUTDATED = "outdated"


IN_PLACE: Final = frozenset({LinesState.COPIED, LinesState.WRITTEN})
"""States in which the configuration has the lines."""


@dataclass(frozen=True)
class KeyLines:
    """The lines that bind the hotkeys in the configuration of a compositor.

    Without a compositor that is known they are commands for shortcuts, whose keys the desktop's settings choose.
    ``missing``: actions without a line, with the reason. ``place``: the user's file; empty if there is none.
    ``change``: the difference that writing them makes. ``problem``: why the last change was refused.
    """

    compositor: Compositor | None
    lines: tuple[str, ...] = ()
    missing: Mapping[str, NoLine] = field(default_factory=dict)
    place: str = ""
    state: LinesState = LinesState.TO_COPY
    change: str = ""
    problem: Note | None = None


@dataclass(frozen=True)
class DesktopView:
    """The support of each ability, and the lines where the desktop gives programs no hotkeys."""

    supports: tuple[Support, ...] = ()
    lines: KeyLines | None = None


@dataclass(frozen=True)
class ReadDesktopAgain:
    """Learn again what this desktop supports, and how its configuration stands."""


@dataclass(frozen=True)
class WriteKeyLines:
    """Write the lines that bind the keys into the compositor's configuration, or remove them."""

    on: bool


DesktopAction = ReadDesktopAgain | WriteKeyLines
