"""The interfaces of the parts of which an inserter for Wayland is made."""

import asyncio
from dataclasses import dataclass
from typing import Protocol

from app.insertion.clipboard import LentClipboard
from app.insertion.outcome import Target
from app.insertion.programs import PasteKeys


class Focus(Protocol):
    """A source of the focused window."""

    async def target(self) -> Target | None:
        """Return the focused window, or ``None`` if no window has the focus or it is unknown. Raises nothing."""

    async def close(self) -> None:
        """End the connection. Safe to call twice."""


class PasteKeyboard(Protocol):
    """A keyboard that presses the keys that paste."""

    async def press(self, keys: PasteKeys) -> None:
        """Press and release the keys, without a rest of them held. Raises ``InsertionUnavailable``."""

    async def close(self) -> None:
        """Release everything. Safe to call twice."""


@dataclass(frozen=True)
class InsertionParts:
    """The parts that suit a desktop. ``gone``: set once the desktop's connection has ended.

    ``keeps_early``: the clipboard may be saved whenever the focus is asked for. The user notices nothing of it.
    """

    focus: Focus
    keyboard: PasteKeyboard
    clipboard: LentClipboard
    gone: asyncio.Event
    keeps_early: bool = False
