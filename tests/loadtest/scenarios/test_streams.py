"""Paced speakers, whose connection losses cost only time."""

import time

import pytest
from aiohttp import web

from client.connection import Address, fixed_locator
from loadtest.measurement.tally import Tally, TallyRecorder
from loadtest.scenarios.streams import Streams, run_streams
from protocol.errors import CloseCode, ErrorCode
from protocol.session import Error
from tests.helpers.scripted_gateway import (
    Answers,
    Memory,
    Script,
    breaking_after,
    closing_with,
    oblige,
    say,
    scripted,
)


async def tally_of(*scripts: Script, refusing: Answers = (), seconds: float = 0.3) -> Tally:
    """Run one session, since a scripted gateway has one memory."""
    async with scripted(*scripts, refusing=refusing) as gateway:
        recorder = TallyRecorder(time.monotonic())
        plan = Streams(1, seconds, patience_s=5.0, pace=0.02)
        await run_streams(plan, fixed_locator(Address(gateway.url)), recorder)
    return recorder.tally


async def test_streams_run_is_flawless() -> None:
    tally = await tally_of(oblige, seconds=1.5)
    assert tally.flawless and tally.segments > 1
    assert (tally.sessions, tally.finished, tally.connects, tally.refusals) == (1, 1, 1, 0)
    assert len(tally.first_update_ms) == len(tally.session_lag_p95_ms) == 1
    assert all(ended.after_stop <= ended.lag for ended in tally.ended)


async def test_streams_resume_cut_connections() -> None:
    tally = await tally_of(breaking_after(5), breaking_after(30), oblige)
    assert tally.flawless, tally.complaints
    assert tally.connects == 3
    assert sum(tally.disconnects.values()) == 2


async def test_refusals_are_counted_with_their_retry_after() -> None:
    answers: Answers = ((503, {"Retry-After": "0"}), (429, {}))
    tally = await tally_of(oblige, refusing=answers)
    assert tally.flawless, tally.complaints
    assert {kind: refused.count for kind, refused in tally.refused.items()} == {
        "503 without a reason": 1,
        "429 without a reason": 1,
    }
    assert [refused.without_retry_after for refused in tally.refused.values()] == [0, 1]
    assert tally.early == 0


async def test_refusal_after_the_hello_is_counted() -> None:
    async def busy(socket: web.WebSocketResponse, memory: Memory) -> None:
        await socket.receive()
        await say(socket, Error(ErrorCode.BUSY, "the expected wait is 40 s"))
        await socket.close(code=CloseCode.TRY_AGAIN_LATER)

    tally = await tally_of(busy, oblige)
    assert tally.flawless, tally.complaints
    assert {kind: refused.count for kind, refused in tally.refused.items()} == {"1013 busy": 1}


@pytest.mark.parametrize("code", [CloseCode.TAKEN_OVER, CloseCode.UNAUTHORISED, CloseCode.POLICY_VIOLATION])
async def test_session_that_cannot_continue_is_counted_as_lost(code: CloseCode) -> None:
    tally = await tally_of(closing_with(code, after=1))
    assert (tally.lost_sessions, tally.finished) == (1, 0)
    assert tally.complaints and not tally.flawless
