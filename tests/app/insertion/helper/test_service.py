"""The service in the loop of the test, with simulated parts; requests arrive through pipes, as from the app."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from app.insertion.errors import ScreenMissing
from app.insertion.helper.frames import (
    REPLIES,
    REQUESTS,
    CloseRequest,
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
    Request,
)
from app.insertion.helper.service import HelperService
from app.insertion.outcome import Insertion, InsertionResult
from app.insertion.plan import PasteKeys, Rules
from app.insertion.wayland.paster import InsertionParts, WaylandPaster
from tests.app.insertion.test_clipboard import FakeClipboard
from tests.app.insertion.wayland.test_paster import EDITOR, FakeFocus, FakeKeyboard

OPENING = OpenRequest(None, 1.0, 1)
PASTED = Insertion(InsertionResult.PASTED)


class SlowKeyboard(FakeKeyboard):
    """A keyboard that presses once ``may`` is set."""

    def __init__(self) -> None:
        super().__init__([])
        self.may = asyncio.Event()

    async def press(self, keys: PasteKeys) -> None:
        await self.may.wait()
        await super().press(keys)


class Asked:
    """The app's side of the pipes, and the parts."""

    def __init__(self, requests: int, replies: asyncio.StreamReader) -> None:
        self.keyboard = SlowKeyboard()
        self.refuses = False
        self._requests, self._replies = requests, replies

    def send(self, request: Request) -> None:
        os.write(self._requests, REQUESTS.pack(request))

    async def answer(self) -> Reply:
        return await REPLIES.receive(self._replies)

    async def open(self, opening: OpenRequest, pressing: Callable[[int], None]) -> WaylandPaster:
        if self.refuses:
            raise ScreenMissing("no screen")
        parts = InsertionParts(FakeFocus([EDITOR]), self.keyboard, FakeClipboard(), asyncio.Event())
        return WaylandPaster(parts, pressing)


@asynccontextmanager
async def service() -> AsyncIterator[Asked]:
    (requests, ask), (answers, replies) = os.pipe(), os.pipe()
    stream = asyncio.StreamReader()
    protocol = asyncio.StreamReaderProtocol(stream)
    heard = os.fdopen(answers, "rb")
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, heard)
    asked = Asked(ask, stream)
    with os.fdopen(requests, "rb") as taken, os.fdopen(replies, "wb") as told:
        serving = asyncio.create_task(HelperService(ReplyChannel(told), asked.open).run(taken))
        try:
            yield asked
        finally:
            os.close(ask)
            await serving
            transport.close()


async def test_focus_is_found_while_a_text_is_being_inserted() -> None:
    async with service() as asked:
        asked.send(OPENING)
        assert await asked.answer() == OpenedReply()
        asked.send(InsertRequest(1, "text", EDITOR, Rules()))
        assert await asked.answer() == PressingNotice(EDITOR.process)
        asked.send(InsertRequest(2, "next", EDITOR, Rules()))
        asked.send(FindRequest(3))
        assert await asked.answer() == FoundReply(3, EDITOR)
        asked.keyboard.may.set()
        assert await asked.answer() == InsertedReply(1, PASTED)
        assert await asked.answer() == PressingNotice(EDITOR.process)
        assert await asked.answer() == InsertedReply(2, PASTED)
        asked.send(CloseRequest())


async def test_refusal_is_reported() -> None:
    async with service() as asked:
        asked.refuses = True
        asked.send(OPENING)
        assert await asked.answer() == RefusedReply("no screen")


async def test_service_continues_after_a_failed_request() -> None:
    async with service() as asked:
        asked.send(OPENING)
        assert await asked.answer() == OpenedReply()
        asked.keyboard.may.set()
        asked.keyboard.done = None  # type: ignore[assignment]  # a defect
        asked.send(InsertRequest(1, "text", EDITOR, Rules()))
        assert await asked.answer() == PressingNotice(EDITOR.process)
        failed = await asked.answer()
        assert isinstance(failed, FailedReply) and failed.number == 1
        asked.send(FindRequest(2))
        assert await asked.answer() == FoundReply(2, EDITOR)


async def test_text_in_progress_arrives_before_the_service_ends() -> None:
    async with service() as asked:
        asked.send(OPENING)
        assert await asked.answer() == OpenedReply()
        asked.send(InsertRequest(1, "text", EDITOR, Rules()))
        assert await asked.answer() == PressingNotice(EDITOR.process)
        asked.send(CloseRequest())
        asked.keyboard.may.set()
        assert await asked.answer() == InsertedReply(1, PASTED)
