"""Copy a text for the user where the compositor lets any program copy.

Through a window, Wayland accepts a copy only while that window has the focus: not for the tray or a command.
"""

from collections.abc import Mapping
from contextlib import suppress
from typing import Final

from app.insertion.clipboard import HISTORY_HINT, Copier
from app.insertion.wayland.clipboard_keeper import hand_over
from app.insertion.wayland.contents import Contents, text_contents
from app.wayland.connection import WaylandConnection
from app.wayland.errors import WaylandError
from app.wayland.interfaces import DATA_CONTROL_MANAGERS

_SELECTION: Final = "clipboard"


class KeptCopier:
    """A ``Copier`` whose texts a keeper serves. ``window``: copies where the compositor has no data-control."""

    def __init__(self, environment: Mapping[str, str], window: Copier | None) -> None:
        self._environment, self._window = environment, window

    async def copy(self, text: str) -> bool:
        """Leave ``text`` for the user to paste. Return False if that is impossible now."""
        if await self._is_open_to_all() and await hand_over(self._environment, lambda: _copied(text)):
            return True
        return self._window is not None and await self._window.copy(text)

    async def _is_open_to_all(self) -> bool:
        with suppress(WaylandError):
            async with await WaylandConnection.open(self._environment) as wayland:
                return any(kind.name in wayland.globals for kind in DATA_CONTROL_MANAGERS)
        return False


def _copied(text: str) -> Mapping[str, Contents]:
    """Return a text as the user's own copy, which histories keep."""
    return {_SELECTION: {name: data for name, data in text_contents(text).items() if name != HISTORY_HINT}}
