"""Resending a take with more segments than a session may have: several sessions, one after the other."""

from pathlib import Path

from aiohttp import web
from rich.console import Console

from app.journal.disk import AUDIO, EVENTS
from app.journal.journal import Journal
from app.journal.take import Take, TakeState
from app.transcription.progress import ProgressDisplay
from app.transcription.resending import Resender
from backend.sessions.ledger import MOST_SEGMENTS as MOST_OF_A_GATEWAY
from client.connection import fixed_locator
from client.session_series import MOST_SEGMENTS
from tests.app.transcription.test_resending import AT_ONCE, ID, address_of, check, cut, takes, talk, whole
from tests.helpers.scripted_gateway import Gateway, Memory, oblige, scripted

__all__ = ["takes", "talk", "whole"]  # fixtures


def test_a_gateway_accepts_as_many_segments_as_the_client_sends() -> None:
    assert MOST_SEGMENTS == MOST_OF_A_GATEWAY


async def resend(root: Path, gateway: Gateway, models: Path) -> Take:
    vad = models / "fsmn-vad"
    resender = Resender(fixed_locator(address_of(gateway)), vad, AT_ONCE, most_segments=2)
    with Journal.reopen(root, ID) as journal:
        await resender.resend(journal, ProgressDisplay(Console(quiet=True), "test"))
        return journal.take


async def accept_two(socket: web.WebSocketResponse, memory: Memory) -> None:
    """Behave as a gateway that has not heard of the session, and that accepts two segments in it."""
    memory.audio, memory.texts, memory.received = {}, {}, []
    await oblige(socket, memory)
    assert set(memory.audio) | set(memory.texts) <= {0, 1}


def sessions(gateway: Gateway) -> int:
    return len({hello.session for hello in gateway.memory.hellos})


async def test_segments_beyond_the_limit_of_a_session_are_sent_in_others(takes: Path, models: Path) -> None:
    async with scripted(accept_two) as gateway:
        take = await resend(takes, gateway, models)
        check(takes, take, {0: "known"})
        assert gateway.memory.hellos[0].session == ID
        assert sessions(gateway) == (len(take.segments) + 1) // 2 > 1
        assert take.state((takes / str(ID) / AUDIO).stat().st_size // 2) is TakeState.DONE


async def test_audio_without_boundaries_is_cut_into_several_sessions(takes: Path, models: Path) -> None:
    lines = (takes / str(ID) / EVENTS).read_bytes().splitlines(keepends=True)
    begun = [number for number, line in enumerate(lines) if b'"begin"' in line]
    cut(takes, EVENTS, sum(map(len, lines[: begun[1]])))
    async with scripted(accept_two) as gateway:
        take = await resend(takes, gateway, models)
        check(takes, take, {0: "known"})
        assert sessions(gateway) == (len(take.segments) + 1) // 2 > 1
