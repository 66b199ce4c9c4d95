"""The work of the helper process: answer the app's requests, in one event loop.

The focused window is found while a text is being inserted: an insertion may take seconds, and the focus may move
during it.
"""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from typing import BinaryIO, Final, Protocol

from app.insertion.errors import InsertionUnavailable, ScreenGone
from app.insertion.helper.frames import (
    REQUESTS,
    FailedReply,
    FindRequest,
    FoundReply,
    InsertedReply,
    InsertRequest,
    OpenedReply,
    OpenRequest,
    PressingNotice,
    RefusedReply,
    ReplyChannel,
    Request,
    take_pipes,
)
from app.insertion.outcome import Insertion, Target
from app.insertion.plan import Rules
from app.x11.errors import X11Gone
from app.x11.grab_guard import Grabs
from runtime.framing import BrokenFrame
from runtime.tasks import Tasks, within

SCREEN_GONE: Final = 76
"""Exit status: the X server or the Wayland compositor is lost. The app starts another helper, which reconnects."""

_FINISH_S: Final = 1.0


class DesktopInserter(Protocol):
    """The insertion on one desktop. Calls of ``prepare`` and ``insert`` do not overlap.

    All but ``close`` raise ``ScreenGone``, or ``X11Gone``, if the connection to the desktop has ended.
    """

    @property
    def gone(self) -> asyncio.Event:
        """Set once the connection is known to have ended."""

    async def target(self) -> Target | None:
        """Return the focused window."""

    async def prepare(self, target: Target) -> None:
        """Do in advance what the next text for ``target`` would otherwise wait for."""

    async def insert(self, text: str, target: Target, rules: Rules) -> Insertion:
        """Insert ``text`` if ``target`` has the focus."""

    async def close(self) -> None:
        """Restore borrowed resources and end the connections."""


OpenInserter = Callable[[OpenRequest, Callable[[int], None]], Awaitable[DesktopInserter]]
"""Connects to the desktop. The inserter calls the second argument with a target's process before it presses keys.

Raises ``InsertionUnavailable``.
"""


def serve(
    grabs: Grabs | None, kept: int | None, send_by: Callable[[BinaryIO], ReplyChannel] = ReplyChannel
) -> None:
    """Answer requests from standard input until it ends, on X11 if there are ``grabs``, else on Wayland.

    ``kept``: the descriptor of the memory file for ``KeptContents``.
    """
    requests, replies = take_pipes()
    with requests, replies:
        asyncio.run(HelperService(send_by(replies), _opener(grabs, kept)).run(requests))


def _opener(grabs: Grabs | None, kept: int | None) -> OpenInserter:
    """Return the function that connects to the desktop. The libraries of the other desktop may be missing."""
    if grabs is not None:
        from app.insertion.x11.inserter import X11Inserter

        return partial(X11Inserter.open, grabs, kept)
    from app.insertion.wayland.assembly import open_inserter

    return partial(open_inserter, os.environ, kept)


class HelperService:
    """A server for the app's requests. ``open_inserter`` connects to the desktop."""

    def __init__(self, replies: ReplyChannel, open_inserter: OpenInserter) -> None:
        self._replies, self._open_inserter = replies, open_inserter
        self._tasks = Tasks("helper")
        self._turn = asyncio.Lock()

    async def run(self, requests: BinaryIO) -> None:
        """Answer requests until their stream ends or ``CloseRequest`` arrives.

        The app's end, or SIGTERM, does not end this process before it has restored the clipboard.
        """
        loop = asyncio.get_running_loop()
        stream = asyncio.StreamReader()
        transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(stream), requests)
        loop.add_signal_handler(signal.SIGTERM, stream.feed_eof)
        try:
            opening = await _next(stream)
            if isinstance(opening, OpenRequest):
                await self._serve(opening, stream)
        finally:
            transport.close()

    async def _serve(self, opening: OpenRequest, stream: asyncio.StreamReader) -> None:
        try:
            inserter = await self._open_inserter(
                opening, lambda process: self._replies.send(PressingNotice(process))
            )
        except InsertionUnavailable as error:
            self._replies.send(RefusedReply(str(error)))
            return
        self._tasks.start(_end_with(inserter), "gone")
        self._replies.send(OpenedReply())
        while isinstance(request := await _next(stream), FindRequest | InsertRequest):
            self._tasks.start(self._answer(request, inserter), "answer")
        async with within(_FINISH_S), self._turn:
            pass  # the texts in progress have arrived
        await self._tasks.close()
        await inserter.close()

    async def _answer(self, request: FindRequest | InsertRequest, inserter: DesktopInserter) -> None:
        number = request.number
        try:
            if isinstance(request, FindRequest):
                target = await inserter.target()
                self._replies.send(FoundReply(number, target))
                if target is not None and not self._turn.locked():
                    async with self._turn:  # off the critical path
                        await inserter.prepare(target)
                return
            async with self._turn:
                done = await inserter.insert(request.text, request.target, request.rules)
            self._replies.send(InsertedReply(number, done))
        except (ScreenGone, X11Gone):
            os._exit(SCREEN_GONE)
        except Exception as error:
            self._replies.send(FailedReply(number, repr(error)))
            raise  # logged with its traceback


async def _next(stream: asyncio.StreamReader) -> Request | None:
    with suppress(asyncio.IncompleteReadError, OSError, BrokenFrame):
        return await REQUESTS.receive(stream)
    return None


async def _end_with(inserter: DesktopInserter) -> None:
    """End this process once the desktop has gone."""
    await inserter.gone.wait()
    os._exit(SCREEN_GONE)
