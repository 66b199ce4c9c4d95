"""The process that serves the user's clipboard once insertion has ended.

    python -P -m app.insertion.wayland.clipboard_keeper

On Wayland the contents of the clipboard exist only in the process that offers them. Each insertion makes our
helper that process. So when the helper ends, it starts this small one, as ``wl-copy`` does, and hands over: the
keeper connects and writes one byte; the helper sends the contents and closes the pipe; the keeper offers them, and
writes another byte.

The keeper belongs to the user's session, not to the app: it has its own process session and no pipe of the app. It
ends when another program copies, or with the compositor. The next text is such a copy, so that only one keeper
lasts. ``MOST_BYTES`` limits its memory for each selection.
"""

import asyncio
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Final

import msgspec

from app.insertion.clipboard import HISTORY_HINT, Copier, text_contents
from app.insertion.wayland.contents import Contents, ContentsSource
from app.wayland.connection import WaylandConnection
from app.wayland.errors import WaylandError
from app.wayland.interfaces import DATA_CONTROL_MANAGERS, SEAT
from runtime.programs import module_command
from runtime.tasks import within

COMMAND: Final = module_command("app.insertion.wayland.clipboard_keeper")
_START_S: Final = 4.0
_END_S: Final = 1.0
_READY: Final = b"r"
SET_REQUESTS: Final = {"clipboard": "set_selection", "primary": "set_primary_selection"}
"""Requests of data-control that own a selection, by its name."""


async def hand_over(environment: Mapping[str, str], contents: Callable[[], Mapping[str, Contents]]) -> bool:
    """Start a keeper and give it what ``contents`` returns once it can serve; return whether it does."""
    with suppress(TimeoutError, OSError):  # OSError: too many processes, for example
        keeper = await asyncio.create_subprocess_exec(
            *COMMAND,
            stdin=PIPE,
            stdout=PIPE,
            stderr=DEVNULL,
            env=environment,
            cwd="/",
            start_new_session=True,
        )
        assert keeper.stdin is not None and keeper.stdout is not None
        try:
            async with asyncio.timeout(_START_S):
                if await keeper.stdout.read(1) == _READY:
                    keeper.stdin.write(msgspec.msgpack.encode(contents()))
                    keeper.stdin.write_eof()
                    return await keeper.stdout.read() == _READY  # up to the end: it leaves its pipes
        finally:
            keeper.stdin.close()
            async with within(_END_S):
                await keeper.wait()  # the started process; the keeper is its child
            if keeper.returncode is None:
                keeper.kill()
                await keeper.wait()
    return False


class KeptCopier:
    """A ``Copier`` whose texts a keeper serves, where the compositor lets any program copy.

    Through a window, Wayland accepts a copy only while that window has the focus: not for the tray or a command.
    ``window``: copies where the compositor has no data-control.
    """

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
    return {"clipboard": {name: data for name, data in text_contents(text).items() if name != HISTORY_HINT}}


async def keep() -> None:
    """Serve what arrives on standard input until it is replaced. Raises ``WaylandError``."""
    async with await WaylandConnection.open(os.environ) as wayland:
        kind = next(kind for kind in DATA_CONTROL_MANAGERS if kind.name in wayland.globals)
        manager = wayland.bind(kind)
        device = manager.request("get_data_device", wayland.bind(SEAT))
        os.write(1, _READY)
        taken = await asyncio.to_thread(sys.stdin.buffer.read)
        left: set[str] = set()
        over = asyncio.Event()

        def lost(name: str) -> None:
            left.discard(name)
            if not left:
                over.set()

        for name, contents in msgspec.msgpack.decode(taken, type=dict[str, dict[str, bytes]]).items():
            source = ContentsSource(manager, contents)
            source.lost = lambda name=name: lost(name)  # type: ignore[misc]  # a default is not in its type
            left.add(name)
            device.request(SET_REQUESTS[name], source.object)
        await wayland.roundtrip()
        os.write(1, _READY)
        _leave_pipes()
        gone = asyncio.ensure_future(wayland.gone.wait())
        if left:
            await asyncio.wait([gone, asyncio.ensure_future(over.wait())], return_when=asyncio.FIRST_COMPLETED)


def _leave_pipes() -> None:
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nothing, descriptor)


def main() -> None:
    """Run in the background until another program copies or the compositor ends."""
    if os.fork():  # so that the helper need not wait for it, nor leave a dead process behind
        os._exit(0)
    with suppress(WaylandError, OSError, msgspec.DecodeError):
        asyncio.run(keep())


if __name__ == "__main__":
    main()
