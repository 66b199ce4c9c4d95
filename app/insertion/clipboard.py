"""What pasting needs of a clipboard, where Qt serves it (Windows, macOS). X11 has its own: ``x11_selection``."""

from typing import Protocol


class Clipboard(Protocol):
    """Lends itself to a text: ``keep``, ``offer``, press the key, ``read``, ``give_back``."""

    async def keep(self) -> bool:
        """Remember all that is in it. False: that is impossible, so that nothing may be offered."""

    async def offer(self, text: str) -> None:
        """Put ``text`` into it, marked as passing, so that histories of the clipboard leave it out."""

    def pressed(self) -> None:
        """The key is about to be pressed: only what is read from now on counts."""

    async def read(self, deadline_s: float) -> bool:
        """Whether it was read, as soon as it is or at the deadline."""

    async def give_back(self) -> None:
        """Put back what was there, unless something else has been put into it meanwhile."""


class Copier(Protocol):
    """A clipboard, or what stands for one."""

    async def copy(self, text: str) -> bool:
        """Leave ``text`` for the person to paste; False: that is impossible now."""


class WholeClipboard(Clipboard, Copier, Protocol):
    """Lends itself, and can be left with a text."""
