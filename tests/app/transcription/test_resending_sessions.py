"""Resending a take whose session at the gateway is another device's, or lacks results: in another session."""

from collections.abc import Callable
from dataclasses import replace
from math import inf
from pathlib import Path
from uuid import UUID

import pytest
from aiohttp import web
from rich.console import Console

from app.journal.journal import Journal
from app.journal.take import TakeState
from app.transcription.progress import ProgressDisplay
from app.transcription.resending import Resender
from client.connection import Address, fixed_locator
from client.errors import SessionOfAnother
from client.settings import ClientSettings
from loadtest.core.checksum import checksum
from protocol.errors import CloseCode, ErrorCode
from protocol.recognition import Options
from protocol.session import Error, Failed, HeldSegments, Hello, Welcome, decode_client
from tests.app.journal.files import tone
from tests.helpers.scripted_gateway import Gateway, Memory, hear, oblige, say, scripted

ID = UUID(int=78)
AT_ONCE = ClientSettings(retry=lambda failures, chance, asked: 0.05, quiet_s=inf, owed_s=0.5)
FIRST, SECOND = tone(0, 8_000), tone(8_000, 8_000)
TEXTS = [checksum(FIRST.tobytes()), checksum(SECOND.tobytes())]


@pytest.fixture
def take(tmp_path: Path) -> Callable[[], Journal]:
    """A take of two segments without a text."""
    with Journal.create(tmp_path, ID, Options(language="en"), 0.0) as journal:
        for number, samples in enumerate((FIRST, SECOND)):
            journal.append(samples)
            journal.begin(number, 8_000 * number)
            journal.end(number, 8_000)
        journal.finish()
    return lambda: Journal.reopen(tmp_path, ID)


async def resend(gateway: Gateway, journal: Journal, models: Path) -> list[str]:
    resender = Resender(fixed_locator(Address(gateway.url)), models / "fsmn-vad", replace(AT_ONCE))
    transcript = await resender.resend(journal, ProgressDisplay(Console(quiet=True), "test"))
    assert journal.take.state(journal.samples) in (TakeState.DONE, TakeState.FAILED)
    return [segment.text for segment in transcript.segments]


async def forbid(socket: web.WebSocketResponse, memory: Memory) -> None:
    """Refuse a session, as that of another key."""
    hello = decode_client(await socket.receive_str())
    assert isinstance(hello, Hello)
    memory.hellos.append(hello)
    await say(socket, Error(ErrorCode.FORBIDDEN, "this session belongs to another key"))
    await socket.close(code=CloseCode.FORBIDDEN)


async def know_nothing(socket: web.WebSocketResponse, memory: Memory) -> None:
    """Behave as a normal gateway, for a session that is new to it."""
    memory.audio, memory.texts, memory.received = {}, {}, []
    await oblige(socket, memory)


async def test_take_of_a_device_that_was_paired_again_is_sent_in_another_session(
    take: Callable[[], Journal], models: Path
) -> None:
    async with scripted(forbid, oblige) as gateway:
        with take() as journal:
            assert await resend(gateway, journal, models) == TEXTS
        own, other = (hello.session for hello in gateway.memory.hellos)
        assert own == ID != other
        assert gateway.memory.received == [0, 1]


async def test_gateway_that_forbids_each_session_ends_the_recovery(
    take: Callable[[], Journal], models: Path
) -> None:
    async with scripted(forbid) as gateway:
        with take() as journal, pytest.raises(SessionOfAnother, match="another key"):
            await resend(gateway, journal, models)
        sessions = [hello.session for hello in gateway.memory.hellos]
        with take() as journal, pytest.raises(SessionOfAnother):
            await resend(gateway, journal, models)
        assert [hello.session for hello in gateway.memory.hellos] == 2 * sessions, "a later recovery resumes them"
        assert len(set(sessions)) == len(sessions) == 4


async def test_segment_whose_result_was_confirmed_and_lost_here_is_sent_in_another_session(
    take: Callable[[], Journal], models: Path
) -> None:
    """The disk lost the line with the text, or a backup was restored."""
    async with scripted(oblige, know_nothing) as gateway:
        gateway.memory.texts = {0: TEXTS[0], 1: "confirmed"}
        gateway.memory.received = [1]
        with take() as journal:
            assert await resend(gateway, journal, models) == TEXTS
        assert list(gateway.memory.audio) == [1], "the first text came from the gateway"


async def test_segment_that_the_owner_removed_is_recognised_when_its_user_asks_again(
    take: Callable[[], Journal], models: Path
) -> None:
    async def removed(socket: web.WebSocketResponse, memory: Memory) -> None:
        hello = decode_client(await socket.receive_str())
        assert isinstance(hello, Hello)
        await say(socket, Welcome(ID, "scripted", True, segments=HeldSegments(ended=(0, 1))))
        await say(socket, *(Failed(number, ErrorCode.BUSY, "removed") for number in range(2)))
        while await hear(socket, memory):
            pass

    async with scripted(removed) as gateway:
        with take() as journal:
            for number in range(2):
                journal.settle(number, Failed(number, ErrorCode.BUSY, "removed"))
            assert await resend(gateway, journal, models) == TEXTS
