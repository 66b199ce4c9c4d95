"""The work of the helper process: answer the app's requests, with two threads that talk to the X server.

One thread inserts. The other finds the focused window: an insertion may take seconds, and the focus may move
during it.
"""

import asyncio
import os
import traceback
from collections.abc import Callable
from concurrent.futures import Future, wait
from functools import partial
from typing import Any, BinaryIO, Final

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
    Reply,
    ReplyChannel,
    take_pipes,
)
from app.insertion.outcome import Target
from app.insertion.x11.clipboard import KeptSelections, kept_contents
from app.insertion.x11.connection import X11Connection, XThread
from app.insertion.x11.grab_guard import Grabs
from app.insertion.x11.screen import X11Screen
from app.insertion.x11.strategies import X11Strategies

_CLOSE_DEADLINE_S: Final = 3.0


def serve(grabs: Grabs, kept: int | None, send_by: Callable[[BinaryIO], ReplyChannel] = ReplyChannel) -> None:
    """Answer requests from standard input until it ends."""
    requests, replies = take_pipes()
    first = REQUESTS.read(requests)
    if isinstance(first, OpenRequest):
        X11Service(first, send_by(replies), grabs, kept_contents(kept)).run(requests)


class X11Service:
    """A server for the app's requests. ``kept``: clipboard contents that an earlier process lent."""

    def __init__(self, opening: OpenRequest, replies: ReplyChannel, grabs: Grabs, kept: KeptSelections) -> None:
        self._opening, self._replies, self._kept = opening, replies, kept
        self._looks, self._works = XThread(opening.display), XThread(opening.display, grabs)
        self._preparing: Future[None] | None = None

    def run(self, requests: BinaryIO) -> None:
        """Answer requests until their stream ends or ``CloseRequest`` arrives."""
        try:
            asyncio.run(self._open())
            self._screen = self._looks.submit(partial(X11Screen, ours=self._opening.app)).result()
            self._strategies = self._works.submit(self._new_strategies).result()
        except InsertionUnavailable as error:
            self._replies.send(RefusedReply(str(error)))
        else:
            self._replies.send(OpenedReply())
            self._serve(requests)
        finally:
            asyncio.run(self._close())

    async def _open(self) -> None:
        await self._looks.open()
        await self._works.open()

    async def _close(self) -> None:
        await self._looks.close()
        await self._works.close()

    def _serve(self, requests: BinaryIO) -> None:
        while isinstance(request := REQUESTS.read(requests), FindRequest | InsertRequest):
            self._answer(request)
        closed = self._works.submit(lambda _: self._strategies.close())
        wait([closed], _CLOSE_DEADLINE_S)

    def _answer(self, request: FindRequest | InsertRequest) -> None:
        """Let one of the threads do the work and reply."""
        number = request.number
        if isinstance(request, FindRequest):
            found = self._looks.submit(lambda _: self._screen.target())
            self._reply(found, number, lambda target: self._found(number, target))
        else:
            done = self._works.submit(
                lambda _: self._strategies.insert(request.text, request.target, request.rules)
            )
            self._reply(done, number, lambda insertion: InsertedReply(number, insertion))

    def _reply(self, future: "Future[Any]", number: int, make: Callable[[Any], Reply]) -> None:
        def done(ended: "Future[Any]") -> None:
            error = ended.exception()
            if isinstance(error, ScreenGone):
                os._exit(SCREEN_GONE)  # the app starts another helper, which reconnects
            if error is not None:
                traceback.print_exception(error)
            self._replies.send(make(ended.result()) if error is None else FailedReply(number, repr(error)))

        future.add_done_callback(done)

    def _found(self, number: int, target: Target | None) -> FoundReply:
        """Return the reply to ``FindRequest``, and start reading the clipboard, off the critical path."""
        if target is not None and (self._preparing is None or self._preparing.done()):
            self._preparing = self._works.submit(lambda _: self._strategies.prepare(target))
        return FoundReply(number, target)

    def _new_strategies(self, connection: X11Connection) -> X11Strategies:
        made = X11Strategies(connection, self._opening.patience_s, self._kept)
        made.screen.pressing = lambda process: self._replies.send(PressingNotice(process))
        made.clipboard.recover(self._opening.late)
        return made
