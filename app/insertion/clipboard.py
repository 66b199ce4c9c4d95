"""The clipboard operations that pasting needs.

X11 has its own implementation: ``x11/clipboard.py``.
"""

from typing import Protocol


class Clipboard(Protocol):
    """A clipboard that can be lent to a text: ``keep``, ``offer``, press the key, ``read``, ``give_back``.

    ``primary``: the selected text (PRIMARY) is lent too, where there is one.
    """

    async def keep(self, *, primary: bool = False) -> bool:
        """Save all contents. Return False if that is impossible; then nothing may be offered."""

    async def offer(self, text: str, *, primary: bool = False) -> bool:
        """Put ``text`` on the clipboard, so that histories skip it; return False if that is impossible now."""

    def pressed(self) -> None:
        """Note that the key is about to be pressed: only later reads count."""

    async def read(self, deadline_s: float) -> bool:
        """Wait until the text is read, at most until the deadline; return whether it was."""

    async def give_back(self) -> None:
        """Restore the saved contents, unless another program has copied something meanwhile."""


class LentClipboard(Clipboard, Protocol):
    """A clipboard that must be closed, because this process serves it."""

    async def close(self) -> None:
        """Restore the saved contents at once. Safe to call twice."""


class Copier(Protocol):
    """A clipboard, or a substitute, that accepts a text for the user."""

    async def copy(self, text: str) -> bool:
        """Leave ``text`` for the user to paste. Return False if that is impossible now."""


class WholeClipboard(Clipboard, Copier, Protocol):
    """A clipboard that can be lent to a text and can also keep one."""
