"""What hotkeys give, whatever the platform."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Protocol, Self


@dataclass(frozen=True)
class KeyEvent:
    """The key of ``action`` went down or up; a press and its release come in pairs, auto-repeat is left out.

    ``at_s``: monotonic seconds. ``chord``, of a release only: the key turned out to be part of a combination that
    was meant for another program (Right Ctrl, then C), which has got it: what the press began was not meant.
    """

    action: str
    pressed: bool
    at_s: float
    chord: bool = False


class Hotkeys(Protocol):
    """An async context manager: the keys are given back when it is left.

    A bound key does not reach the program that has the focus. While one is held, X11 sends every other key here
    too, fake ones included: insert no text until it is up.
    """

    async def __aenter__(self) -> Self: ...
    async def __aexit__(self, *_: object) -> None: ...

    def events(self) -> AsyncIterator[KeyEvent]:
        """For one reader, until the context is left. Raises ``HotkeysUnavailable`` when the keys are lost."""
        ...

    async def is_down(self, action: str) -> bool:
        """Whether its key is down now, as the keyboard says; false for an action without a key."""
        ...

    async def pass_on(self, action: str) -> None:
        """Send a short tap of its key to the program that has the focus; after it is released, if it is down."""
        ...

    async def bind(self, bindings: Mapping[str, str]) -> None:
        """These keys from now on and no others; an empty binding is none. On an error nothing has changed.

        Raises ``HotkeyTaken``, ``HotkeyUnknown`` or ``HotkeysUnavailable``.
        """
        ...

    async def renew(self) -> None:
        """Take the bound keys once more: the system may have let go of them while it slept.

        Raises ``HotkeysUnavailable``.
        """
        ...
