"""Idle connections: what they cost, who is lost, and what is promised about them."""

import asyncio
import socket
import struct
import time

import pytest

from client.connection import Address, Locate, fixed_locator
from loadtest.measurement.figures import figures
from loadtest.measurement.processes import GATEWAY, ProcessUsage
from loadtest.measurement.promises import none_broken
from loadtest.measurement.tally import Tally, TallyRecorder
from loadtest.scenarios.idle import Idle, IdleState, judge, memory_per_connection, run_idle
from tests.loadtest.measurement.test_tally import ended

SPOKEN = figures(Tally(segments=1, right=1, ended=[ended(1.0)]), 2.0, (), (0.0, 9.0))
SMALL = Idle(20, 5, 0.3, ramp_s=0.2, settle_s=0.2, drip_s=0.1, speakers=2, speak_s=3.0, pace=0.05)


def state(**values: int) -> IdleState:
    """Return the state after measurements from 0 to 10 s and from 20 to 30 s."""
    found = IdleState(TallyRecorder(0.0), before=(0.0, 10.0), during=(20.0, 30.0))
    for name, value in values.items():
        setattr(found, name, value)
    return found


def usages(percent: float, mb: float) -> list[ProcessUsage]:
    """Return samples of a gateway that is empty at first."""
    return [
        ProcessUsage(at_s, {GATEWAY: percent if at_s > 10 else 0.5}, {GATEWAY: mb if at_s > 10 else 100.0})
        for at_s in (1.0, 9.0, 15.0, 21.0, 29.0)
    ]


async def test_silent_sessions_stay_and_people_speak_beside_them(locate: Locate) -> None:
    seen = IdleState(TallyRecorder(time.monotonic()))
    await run_idle(SMALL, locate, seen)
    assert (seen.silent, seen.lost) == (20, 0), seen.complaints
    assert seen.before[1] <= seen.during[0] < seen.during[1]
    tally = seen.recorder.tally
    assert tally.flawless and tally.segments >= 2 and not tally.refusals, tally.complaints


async def test_sessions_that_are_not_let_in_are_lost() -> None:
    seen = IdleState(TallyRecorder(time.monotonic()))
    plan = Idle(2, 1, 0.1, ramp_s=0.0, settle_s=0.0, drip_s=0.1, speakers=0)
    await run_idle(plan, fixed_locator(Address("http://127.0.0.1:9")), seen)
    assert (seen.silent, seen.lost) == (0, 2) and seen.complaints
    assert seen.counts()["lorises cut off"] >= 1


async def test_sessions_that_are_reset_are_lost() -> None:
    async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 101 Switching Protocols\r\n\r\n")
        await reader.read(1)
        end: socket.socket = writer.get_extra_info("socket")
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()

    async with await asyncio.start_server(reset, "127.0.0.1") as server:
        port = server.sockets[0].getsockname()[1]
        seen = IdleState(TallyRecorder(time.monotonic()))
        plan = Idle(3, 0, 0.1, ramp_s=0.0, settle_s=0.2, speakers=0)
        await run_idle(plan, fixed_locator(Address(f"http://127.0.0.1:{port}")), seen)
    assert (seen.silent, seen.lost) == (0, 3), seen.complaints


def test_promises_are_kept_by_a_frugal_gateway() -> None:
    assert memory_per_connection(Idle(1_000, 24), state(), usages(1.0, 132.0)) == 32.0
    promises = tuple(judge(Idle(1_000, 24), SPOKEN, state(silent=1_000), usages(1.0, 132.0)))
    assert all(promise.kept for promise in promises)


@pytest.mark.parametrize(
    ("percent", "mb", "lost", "broken"),
    [(2.5, 110.0, 0, "CPU"), (1.0, 300.0, 0, "memory"), (1.0, 110.0, 1, "silent session")],
)
def test_promise_is_broken_by_waste_or_loss(percent: float, mb: float, lost: int, broken: str) -> None:
    promises = judge(Idle(1_000, 200), SPOKEN, state(lost=lost), usages(percent, mb))
    (found,) = (promise for promise in promises if promise.kept is False)
    assert broken in found.name


def test_promises_about_a_remote_gateway_are_not_measured() -> None:
    promises = tuple(judge(Idle(), SPOKEN, state(), ()))
    assert [promise.kept for promise in promises] == [True, None, None, True]
    assert none_broken(promises)
