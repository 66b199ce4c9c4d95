"""The work of the helper process on Wayland: answer the app's requests, in one event loop.

The focused window is found while a text is being inserted: an insertion may take seconds, and the focus may move
during it.
"""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import BinaryIO

from app.insertion.errors import InsertionUnavailable, ScreenGone
from app.insertion.helper.exit_status import SCREEN_GONE
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
from app.insertion.ibus.inserter import IBusInserter
from app.insertion.wayland.assembly import IBusParts, assemble
from app.insertion.wayland.clipboard import kept_contents
from app.insertion.wayland.parts import InsertionParts
from app.insertion.wayland.paster import UNKNOWN_PROCESS, WaylandPaster
from runtime.framing import BrokenFrame
from runtime.tasks import Tasks

Assemble = Callable[[OpenRequest], Awaitable[InsertionParts | IBusParts]]


async def serve(
    kept: int | None, environment: Mapping[str, str], send_by: Callable[[BinaryIO], ReplyChannel] = ReplyChannel
) -> None:
    """Answer requests from standard input until it ends, or SIGTERM."""
    requests, replies = take_pipes()

    async def parts(opening: OpenRequest) -> InsertionParts | IBusParts:
        return await assemble(environment, opening, kept_contents(kept))

    with requests, replies:
        await WaylandService(send_by(replies), parts).run(requests)


class WaylandService:
    """A server for the app's requests. ``assemble`` returns the parts of this desktop."""

    def __init__(self, replies: ReplyChannel, assemble: Assemble) -> None:
        self._replies, self._assemble = replies, assemble
        self._tasks = Tasks("helper")
        self._turn = asyncio.Lock()

    async def run(self, requests: BinaryIO) -> None:
        """Answer requests until their stream ends or ``CloseRequest`` arrives.

        The app's end does not end this process before it has restored the clipboard.
        """
        loop = asyncio.get_running_loop()
        stream = asyncio.StreamReader()
        transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(stream), requests)
        loop.add_signal_handler(signal.SIGTERM, stream.feed_eof)
        try:
            opening = await _next(stream)
            if isinstance(opening, OpenRequest):
                await self._open(opening, stream)
        finally:
            transport.close()

    async def _open(self, opening: OpenRequest, stream: asyncio.StreamReader) -> None:
        try:
            parts = await self._assemble(opening)
        except InsertionUnavailable as error:
            self._replies.send(RefusedReply(str(error)))
            return
        paster = self._paster(parts, opening)
        self._tasks.start(_end_with(parts), "gone")
        self._replies.send(OpenedReply())
        while isinstance(request := await _next(stream), FindRequest | InsertRequest):
            self._tasks.start(self._answer(request, parts, paster), "answer")
        await self._tasks.close()  # a text in progress is held by the app
        await paster.close()

    def _paster(self, parts: InsertionParts | IBusParts, opening: OpenRequest) -> WaylandPaster | IBusInserter:
        if isinstance(parts, InsertionParts):
            return WaylandPaster(parts, self._pressing, opening.patience_s, late=bool(opening.late))
        parts.inserter.pressing = lambda target: self._pressing(target.process or UNKNOWN_PROCESS)
        return parts.inserter

    async def _answer(
        self,
        request: FindRequest | InsertRequest,
        parts: InsertionParts | IBusParts,
        paster: WaylandPaster | IBusInserter,
    ) -> None:
        number = request.number
        try:
            if isinstance(request, FindRequest):
                target = await parts.focus.target()
                self._replies.send(FoundReply(number, target))
                if target is not None and isinstance(paster, WaylandPaster) and not self._turn.locked():
                    async with self._turn:  # off the critical path
                        await paster.prepare(target)
                return
            async with self._turn:
                done = await paster.insert(request.text, request.target, request.rules)
            self._replies.send(InsertedReply(number, done))
        except ScreenGone:
            os._exit(SCREEN_GONE)  # the app starts another helper, which connects again
        except Exception as error:
            self._replies.send(FailedReply(number, repr(error)))
            raise  # logged with its traceback

    def _pressing(self, process: int) -> None:
        self._replies.send(PressingNotice(process))


async def _next(stream: asyncio.StreamReader) -> Request | None:
    with suppress(asyncio.IncompleteReadError, OSError, BrokenFrame):
        return await REQUESTS.receive(stream)
    return None


async def _end_with(parts: InsertionParts | IBusParts) -> None:
    """End this process once the desktop has gone: the app starts another one, which connects again."""
    await parts.gone.wait()
    os._exit(SCREEN_GONE)
