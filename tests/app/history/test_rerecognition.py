"""Repeated recognition uses the exact audio on disk and leaves the take unchanged."""

import asyncio
from pathlib import Path

import pytest
from aiohttp import web

from app.history.errors import NotRerun
from app.history.rerecognition import Rerunner
from app.history.view import RerunOptions
from app.journal.errors import TakeBusy
from app.journal.library import Library, TakeSnapshot
from client.connection import Address, fixed_locator
from client.errors import GatewayError, Unreachable
from client.settings import ClientSettings
from loadtest.core.checksum import checksum
from protocol.errors import ErrorCode
from protocol.session import Done, Failed, Final, Finish, SegmentEnd, decode_client
from tests.app.history.takes import SEGMENT, record, session
from tests.app.journal.files import tone
from tests.helpers.scripted_gateway import Gateway, Memory, Script, oblige, say, scripted, welcome
from tests.helpers.waiting import wait_until

AT_ONCE = ClientSettings(first_contact_s=0.0, give_up_s=0.0)


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library(tmp_path)


def rerunner(gateway: Gateway) -> Rerunner:
    return Rerunner(fixed_locator(Address(gateway.url)), AT_ONCE)


def contents(found: TakeSnapshot) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in found.folder.iterdir()}


def answering(*texts: str) -> Script:
    """Script a gateway with a text per segment; an empty text fails the segment."""

    async def script(socket: web.WebSocketResponse, memory: Memory) -> None:
        await welcome(socket, memory)
        async for message in socket:
            match decode_client(message.data) if isinstance(message.data, str) else None:
                case SegmentEnd(number) if texts[number]:
                    await say(socket, Final(number, texts[number], "zh", model=f"model {texts[number]}"))
                case SegmentEnd(number):
                    await say(socket, Failed(number, ErrorCode.ENGINE_FAILED, "no"))
                case Finish(segments):
                    await say(socket, Done(segments, ""))

    return script


async def test_rerun_recognises_original_segments(library: Library) -> None:
    record(library, 1, "one", None, "three")
    found, told = library.find(session(1)), list[tuple[int, int]]()
    before = contents(found)
    async with scripted(oblige) as gateway:
        options = RerunOptions(model="other")
        run = await rerunner(gateway).rerun(found, options, lambda ended, pieces: told.append((ended, pieces)))
        (hello,) = gateway.memory.hellos
    assert run.text == " ".join(checksum(tone(n * SEGMENT, SEGMENT).tobytes()) for n in range(3))
    assert (run.vad, run.missing, run.options) == (True, 0, hello.options)
    assert (hello.options.model, hello.options.priority, hello.options.partials) == ("other", "bulk", False)
    assert hello.session != found.session
    assert told == [(1, 3), (2, 3), (3, 3)]
    assert contents(found) == before


async def test_rerun_without_vad_uses_one_piece(library: Library) -> None:
    record(library, 1, "one", "two")
    async with scripted(oblige) as gateway:
        run = await rerunner(gateway).rerun(library.find(session(1)), RerunOptions(vad=False))
    assert run.text == checksum(tone(0, 2 * SEGMENT).tobytes())
    assert not run.vad


async def test_rerun_counts_failures_and_names_model(library: Library) -> None:
    record(library, 1, "one", "two", "three")
    async with scripted(answering("好", "", "好")) as gateway:
        run = await rerunner(gateway).rerun(library.find(session(1)), RerunOptions())
    assert (run.text, run.missing, run.model) == ("好好", 1, "model 好")


async def test_rerun_applies_replacement_rules(library: Library) -> None:
    record(library, 1, "one", "two")
    async with scripted(answering("好", "坏")) as gateway:
        rerunner = Rerunner(
            fixed_locator(Address(gateway.url)), AT_ONCE, rewrite=lambda text: text.replace("坏", "不好")
        )
        run = await rerunner.rerun(library.find(session(1)), RerunOptions())
    assert run.text == "好不好"


async def test_rerun_raises_when_there_is_no_text(library: Library) -> None:
    record(library, 1, "one", "two")
    async with scripted(answering("", "")) as gateway:
        with pytest.raises(NotRerun, match="engine_failed"):
            await rerunner(gateway).rerun(library.find(session(1)), RerunOptions())
        record(library, 2)
        with pytest.raises(NotRerun, match="recording is empty"):
            await rerunner(gateway).rerun(library.find(session(2)), RerunOptions())


async def test_rerun_refuses_take_in_use(library: Library) -> None:
    record(library, 1, "one")
    async with scripted(oblige) as gateway:
        with library.reopen(session(1)), pytest.raises(TakeBusy):
            await rerunner(gateway).rerun(library.find(session(1)), RerunOptions())
        assert gateway.connections == 0


async def test_rerun_raises_when_gateway_is_unreachable(library: Library) -> None:
    record(library, 1, "one")
    with pytest.raises(Unreachable):
        await Rerunner(fixed_locator(Address("http://127.0.0.1:9")), AT_ONCE).rerun(
            library.find(session(1)), RerunOptions()
        )


async def test_rerun_raises_when_take_is_deleted_meanwhile(library: Library) -> None:
    record(library, 1, "one")
    found = library.find(session(1))

    async def deleting(socket: web.WebSocketResponse, memory: Memory) -> None:
        library.delete(session(1))
        await oblige(socket, memory)

    async with scripted(deleting) as gateway:
        with pytest.raises(GatewayError, match="was deleted"):
            await rerunner(gateway).rerun(found, RerunOptions())


async def test_cancelled_rerun_withdraws_unrecognised_pieces(library: Library) -> None:
    record(library, 1, "one", "two")

    async def slow(socket: web.WebSocketResponse, memory: Memory) -> None:
        await oblige(socket, memory, texts=1)

    async with scripted(slow) as gateway:
        running = asyncio.create_task(rerunner(gateway).rerun(library.find(session(1)), RerunOptions()))
        await wait_until(lambda: gateway.memory.received == [0], "one of two is recognised")
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        assert gateway.memory.received == [0, 1] and gateway.memory.texts[1] == ""
