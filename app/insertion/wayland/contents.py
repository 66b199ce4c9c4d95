"""Contents of a selection (clipboard or selected text): read from an offer, or served by a source."""

import asyncio
import os
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from app.insertion.clipboard import HISTORY_HINT, NO_CONTENTS
from app.wayland.connection import WaylandObject
from app.wayland.errors import CompositorGone
from runtime.tasks import Tasks, within

MOST_BYTES: Final = 64 * 2**20
MOST_FORMATS: Final = 64
READ_DEADLINE_S: Final = 2.0
_MOST_READERS: Final = 32
_WRITE_S: Final = 30.0

Contents = Mapping[str, bytes]
"""Contents by format (a media type), in the owner's order. Empty: nothing is copied."""


async def read_contents(
    offer: WaylandObject,
    formats: Sequence[str],
    deadline_s: float = READ_DEADLINE_S,
    most_bytes: int = MOST_BYTES,
) -> Contents | None:
    """Return the contents in all formats, or ``None`` if the owner exceeds the limits or another one copies.

    Raises ``CompositorGone``.
    """
    wanted = [name for name in dict.fromkeys(formats) if name not in NO_CONTENTS]
    if len(wanted) > MOST_FORMATS:
        return None
    found: dict[str, bytes] = {}
    left = most_bytes
    async with within(deadline_s, TooMuch):
        for name in wanted:
            if offer.destroyed:
                return None
            reading, writing = os.pipe2(os.O_CLOEXEC)
            offer.request("receive", name, writing)
            found[name] = await read_all(reading, left)
            left -= len(found[name])
        return found
    return None


def is_text(name: str) -> bool:
    """Return whether a format of ``text_contents`` carries the text."""
    return name != HISTORY_HINT


class ContentsSource:
    """A source of contents, which serves each request by itself.

    ``asked``: called with the format and the pipe of a request; returns what to call once it is written, if
    anything. ``lost``: called when another source has replaced this one.
    """

    def __init__(self, manager: WaylandObject, contents: Contents) -> None:
        self.contents = contents
        self.asked: Callable[[str, int], Callable[[], None] | None] = lambda name, pipe: None
        self.lost: Callable[[], None] = lambda: None
        self.object = manager.request("create_data_source")
        for name in contents:
            self.object.request("offer", name)
        self.object.on("send", self._send)
        self.object.on("cancelled", self._end_source)
        self._writing = Tasks("clipboard readers")
        self._count = 0

    async def close(self) -> None:
        """Stop writing to readers. Safe to call twice."""
        await self._writing.close()

    def _send(self, name: str, pipe: int) -> None:
        data = self.contents.get(name)
        if data is None or self._count >= _MOST_READERS:
            os.close(pipe)
            return
        self._count += 1
        self._writing.start(self._write(data, pipe, self.asked(name, pipe)), "write")

    async def _write(self, data: bytes, pipe: int, written: Callable[[], None] | None) -> None:
        try:
            if await write_all(pipe, data) and written is not None:
                written()
        finally:
            self._count -= 1

    def _end_source(self) -> None:
        with suppress(CompositorGone):
            self.object.destroy()
        self.lost()


_AT_ONCE = 65_536


class TooMuch(Exception):
    """An error: a program sent more than the caller takes."""


async def read_all(pipe: int, most: int) -> bytes:
    """Return everything up to the end of the pipe, and close it. Raises ``TooMuch``."""
    loop = asyncio.get_running_loop()
    data = bytearray()
    try:
        os.set_blocking(pipe, False)
        while True:
            await _ready(lambda done: loop.add_reader(pipe, done), lambda: loop.remove_reader(pipe))
            piece = os.read(pipe, _AT_ONCE)
            if not piece:
                return bytes(data)
            data += piece
            if len(data) > most:
                raise TooMuch
    finally:
        os.close(pipe)


async def write_all(pipe: int, data: bytes) -> bool:
    """Write everything, and close the pipe; return whether the reader took it in time."""
    loop = asyncio.get_running_loop()
    left = memoryview(data)
    try:
        async with asyncio.timeout(_WRITE_S):
            os.set_blocking(pipe, False)
            while left:
                try:
                    left = left[os.write(pipe, left) :]
                except BlockingIOError:
                    await _ready(lambda done: loop.add_writer(pipe, done), lambda: loop.remove_writer(pipe))
    except (BrokenPipeError, TimeoutError):
        return False
    finally:
        os.close(pipe)
    return True


async def _ready(watch: Callable[[Callable[[], None]], None], leave: Callable[[], object]) -> None:
    ready = asyncio.Event()
    watch(ready.set)
    try:
        await ready.wait()
    finally:
        leave()


_PROCESSES: Final = Path("/proc")
_MOST_PROCESSES: Final = 256


def is_read_elsewhere(pipe: int, process: int, compositor: int) -> bool:
    """Return True if certainly none of ``process``, the compositor and their descendants reads ``pipe``.

    Data-control names no reader of the clipboard. But the reader holds the other end of the pipe, and Linux lists
    the open files of the user's processes (proc(5)). The compositor reads for X programs.
    """
    try:
        name = f"pipe:[{os.fstat(pipe).st_ino}]"
        return not any(_reads(each, name) for root in (process, compositor) for each in _family(root))
    except OSError:
        return False  # a process has ended, or hides its files


def _family(process: int) -> Iterator[int]:
    """Yield the process and its descendants. Raises ``OSError`` if that is impossible."""
    left = [process]
    for _ in range(_MOST_PROCESSES):
        if not left:
            return
        yield (each := left.pop())
        for task in os.listdir(_PROCESSES / str(each) / "task"):
            children = _PROCESSES / str(each) / "task" / task / "children"
            left.extend(map(int, children.read_text("ascii").split()))
    raise OSError("too many processes")


def _reads(process: int, name: str) -> bool:
    """Return whether a process has the reading end of the pipe with this name open. Raises ``OSError``."""
    with os.scandir(_PROCESSES / str(process) / "fd") as entries:
        for entry in entries:
            with suppress(FileNotFoundError):  # closed since it was listed
                if os.readlink(entry.path) == name and entry.stat(follow_symlinks=False).st_mode & stat.S_IRUSR:
                    return True
    return False
