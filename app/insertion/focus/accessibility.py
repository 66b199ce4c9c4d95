"""The focused window as programs report it over the accessibility bus, for desktops that do not report it.

Programs without accessibility stay unknown. Each program answers for itself: while the focus moves, two programs
may report an active window, or none. The focus is then unknown.
"""

import asyncio
from collections.abc import Mapping
from contextlib import AsyncExitStack, suppress
from hashlib import blake2b
from typing import Final, Self

import psutil

from app.bus.errors import BusError
from app.insertion.accessibility.elements import Element, Elements, open_elements
from app.insertion.errors import FocusUnknown
from app.insertion.outcome import Target
from app.insertion.plan import is_terminal

_WITHIN_S: Final = 1.0


class AccessibleFocus:
    """A ``Focus`` by accessibility. Windows of the process ``app`` are our own."""

    def __init__(self, environment: Mapping[str, str], app: int) -> None:
        self._environment, self._app = environment, app
        self._connection = AsyncExitStack()
        self._elements: Elements | None = None

    @classmethod
    async def open(cls, environment: Mapping[str, str], app: int = 0) -> Self:
        """Connect to the accessibility bus. Raises ``FocusUnknown``."""
        focus = cls(environment, app)
        try:
            await focus._open_elements()
        except BusError as error:
            raise FocusUnknown(f"this desktop has no accessibility bus: install at-spi2-core ({error})") from error
        return focus

    async def target(self) -> Target | None:
        """Return the only active window, or ``None`` without one or without an answer in time."""
        try:
            async with asyncio.timeout(_WITHIN_S):
                elements = await self._open_elements()
                programs = await elements.programs()
                windows = await elements.active(programs)
                return await self._target_of(elements, programs, windows[0]) if len(windows) == 1 else None
        except (BusError, TimeoutError):
            return None

    async def close(self) -> None:
        """End the connection. Safe to call twice."""
        self._elements = None
        await self._connection.aclose()

    async def _open_elements(self) -> Elements:
        """Return the open connection; open another one if it has ended."""
        if self._elements is None or self._elements.gone:
            await self.close()
            self._elements = await self._connection.enter_async_context(open_elements(self._environment))
        return self._elements

    async def _target_of(self, elements: Elements, programs: Mapping[Element, int], window: Element) -> Target:
        process = next((its for one, its in programs.items() if one.program == window.program), 0)
        name = program_of(await elements.program_name(window), process)
        own = bool(self._app) and process == self._app
        return Target(number_of(window), name, is_terminal(name), own, process=process)


def program_of(name: str, process: int) -> str:
    """Return a program's name; for a terminal, that of its file: its own name may be a mere "Console"."""
    with suppress(psutil.Error):
        if process and is_terminal(file := psutil.Process(process).name()):
            return file
    return name


def number_of(window: Element) -> int:
    """Return a number for a window, always the same. Pure."""
    return int.from_bytes(blake2b(f"{window.program} {window.path}".encode(), digest_size=8).digest()) >> 1
