"""Large sessions resumed on a real gateway: complete, and without delay for other sessions."""

import asyncio
import gc
import signal
import sys
import time
from typing import Any
from uuid import UUID

import pytest
from redis.asyncio import Redis

from backend.core.errors import SessionDamaged
from backend.gateway import Gateway
from backend.history.records import SessionOwner
from backend.sessions.adoption import MOST_FLYING, Adoption, go_through, perform_some
from backend.sessions.connection import ClientConnection
from backend.sessions.ledger import MOST_SEGMENTS, STEP, Steps
from backend.sessions.segments import Acknowledge, Output
from backend.sessions.session import GatewaySession
from backend.sessions.session_slot import SessionSlot
from protocol.errors import ErrorCode, ProtocolError, TakenOver
from protocol.job import Keys, Result, encode_notice
from protocol.recognition import Options
from protocol.session import (
    LIMITS,
    Done,
    Failed,
    Final,
    Finish,
    HeldSegments,
    MoreHeld,
    Received,
    SegmentCancel,
    Welcome,
)
from runtime.tasks import cancel_and_wait
from tests.backend.conftest import KEY
from tests.backend.wire import Wire, connected
from tests.helpers.valkey import Broker
from tests.helpers.waiting import wait_until

STREAM = Keys().jobs("interactive")


class Turns:
    """Counter of turns of the event loop; ``longest_s`` is the longest turn."""

    def __init__(self) -> None:
        self.count, self.longest_s = 0, 0.0

    async def __aenter__(self) -> "Turns":
        gc.freeze()  # as a gateway does: exempt imported modules from garbage collection
        self._task = asyncio.create_task(self._watch())
        await asyncio.sleep(0)
        return self

    async def __aexit__(self, *_: object) -> None:
        await cancel_and_wait([self._task])

    async def _watch(self) -> None:
        last = time.perf_counter()
        while True:
            await asyncio.sleep(0)
            now = time.perf_counter()
            self.count, self.longest_s, last = self.count + 1, max(self.longest_s, now - last), now


async def large_session(gateway: Gateway, broker: Broker, value: str, segments: int, field: str = "end") -> Wire:
    """Create a session with ``segments`` in the broker, whose client is gone."""
    async with connected(gateway.url, KEY) as wire:
        known = wire.session
    await wait_until(lambda: gateway.hub.hosted[str(known)].connection is None, "the connection is gone")
    client: Any = Redis.from_url(broker.url)
    async with client as redis:
        for first in range(0, segments, 4096):
            fields = {f"{field}:{n}": value for n in range(first, min(segments, first + 4096))}
            await redis.hset(Keys().session(str(known)), mapping=fields)
    return Wire(gateway.url, KEY, known)


@pytest.mark.parametrize("pieces", [True, False], ids=["pieces", "one message"])
async def test_large_session_is_resumed_completely_in_many_turns(
    gateway: Gateway, broker: Broker, pieces: bool
) -> None:
    async with await large_session(gateway, broker, "cancelled 0", MOST_SEGMENTS) as wire, Turns() as turns:
        welcome = await wire.hello(resume=True, pieces=pieces)
        held: list[HeldSegments] = [welcome.segments]
        while pieces and not (isinstance(wire.seen[-1], MoreHeld) and not wire.seen[-1].more):
            held.append((await wire.expect(MoreHeld)).segments)
    assert [n for one in held for n in one.ended] == list(range(MOST_SEGMENTS))
    assert [type(one) for one in wire.seen][: len(held)] == [Welcome, *[MoreHeld] * (len(held) - 1)]
    assert (len(held), welcome.more) == ((MOST_SEGMENTS // STEP, True) if pieces else (1, False))
    assert turns.count > 2 * MOST_SEGMENTS // STEP, "others had their turns"
    sys.stdout.write(f"{MOST_SEGMENTS} segments: {turns.count} turns, longest {1000 * turns.longest_s:.1f} ms\n")


async def test_unreadable_result_in_the_broker_fails_its_segment_only(gateway: Gateway, broker: Broker) -> None:
    """A refused session would be refused on each resume, and the other texts of the recording with it."""
    async with await large_session(gateway, broker, "final 0", 2) as wire:
        client: Any = Redis.from_url(broker.url)
        async with client as redis:
            unreadable = b'{"type":"result","session":"s","segment":0,"text":"\\ud800"}'
            good = encode_notice(Result(str(wire.session), 1, "kia ora"))
            await redis.hset(Keys().session(str(wire.session)), mapping={"result:0": unreadable, "result:1": good})
        await wire.hello(resume=True)
        failed = await wire.expect(Failed)
        assert (failed.segment, failed.code, failed.retryable) == (0, ErrorCode.INTERNAL, False)
        assert (await wire.expect(Final)).text == "kia ora"
        for segment in range(2):
            await wire.say(Received(segment))
        await wire.say(Finish(2))
        assert (await wire.expect(Done)).segments == 2, "the connection goes on"


async def test_client_is_read_only_as_fast_as_broker_answers(gateway: Gateway, broker: Broker) -> None:
    many = 4 * MOST_FLYING
    async with await large_session(gateway, broker, f"0 1-0 {STREAM}", many, "job") as wire:
        welcome = await wire.hello(resume=True)
        assert len(welcome.segments.queued) == many
        hosted = gateway.hub.hosted[str(wire.session)]
        broker.process.send_signal(signal.SIGSTOP)
        try:
            for number in range(many):
                await wire.say(SegmentCancel(number))
            await wait_until(lambda: hosted.flying >= MOST_FLYING, "nothing more is read")
            async with Turns() as turns:
                await wait_until(lambda: turns.count > 1000, "others have their turns")
            assert hosted.flying == MOST_FLYING
            assert len(hosted.session.live) == many - MOST_FLYING
        finally:
            broker.process.send_signal(signal.SIGCONT)
        await wait_until(lambda: not (hosted.session.live or hosted.flying), "the rest is read and done")


# -- in steps ------------------------------------------------------------------------------------------------


class IgnoringSocket:
    """Socket that ignores everything."""

    def send(self, text: str) -> None: ...

    def ping(self) -> None: ...

    def close(self, code: int, reason: str) -> None: ...

    def drain(self) -> None: ...


def connection() -> ClientConnection:
    return ClientConnection(IgnoringSocket(), 1_000, 1.0)


def hosted() -> SessionSlot:
    return SessionSlot(GatewaySession(UUID(int=1), Options(), LIMITS), SessionOwner("o"))


def steps(number: int) -> Steps:
    for _ in range(number):
        yield
    return [Acknowledge(number)]


async def test_session_is_adopted_only_for_newest_connection() -> None:
    adoption, one, first, second = Adoption(), hosted(), connection(), connection()
    one.bind(first)
    adopting = asyncio.create_task(adoption.run(one, first, steps(100)))
    await asyncio.sleep(0)
    one.bind(second)
    with pytest.raises(TakenOver):
        await adopting
    assert await adoption.run(one, second, steps(100)) == [Acknowledge(100)]
    with pytest.raises(TakenOver):
        await perform_some(one, first, [Acknowledge(0)] * 2 * STEP, lambda some: None)


async def test_messages_during_adoption_are_sent_after_it() -> None:
    one, mine = hosted(), connection()
    one.bind(mine)
    one.send(MoreHeld(HeldSegments()))
    one.start_sending(mine)
    performed: list[Output] = []
    await perform_some(one, mine, [Acknowledge(n) for n in range(2 * STEP + 1)], performed.extend)
    assert performed == [Acknowledge(n) for n in range(2 * STEP + 1)]
    assert one.late == [MoreHeld(HeldSegments())]
    one.catch_up()
    assert one.late is None


async def test_steps_without_task_yield_to_the_loop() -> None:
    done: list[list[Output]] = []
    failures: list[ProtocolError] = []
    async with Turns() as turns:
        go_through(steps(50), done.append, failures.append)
        await wait_until(lambda: done, "the steps are taken")
        assert turns.count >= 50
    assert done == [[Acknowledge(50)]] and not failures


async def test_error_of_a_step_is_passed_on() -> None:
    def damaged() -> Steps:
        yield
        raise SessionDamaged("a field")

    done: list[list[Output]] = []
    failures: list[ProtocolError] = []
    go_through(damaged(), done.append, failures.append)
    await wait_until(lambda: failures, "the error is passed on")
    assert isinstance(failures[0], SessionDamaged) and not done
