"""Herd of clients that are cut and return."""

import asyncio
import time

from client.connection import Address, fixed_locator
from client.events import Connected, Disconnected
from loadtest.measurement.tally import TallyRecorder
from loadtest.scenarios.herd import Herd, HerdState, run_herd
from loadtest.speakers.tap import SharedConnector
from tests.helpers.scripted_gateway import oblige, scripted

HERE = Connected("g", True)


async def test_only_connected_clients_are_cut_and_counted_as_back() -> None:
    state = HerdState(TallyRecorder(0.0))
    here, gone, waiting = (state.add_client() for _ in range(3))
    state.record(here, HERE)
    state.record(gone, HERE)
    state.record(gone, Disconnected("", 0.0))
    tap = SharedConnector(state.recorder)
    state.cut(tap)
    await tap.close()
    assert state.reconnection().returned == 0 and state.reconnection().p100_s is None
    for member in (here, gone, waiting):
        state.record(member, HERE)
    back = state.reconnection()
    assert (back.ready, back.returned, back.waiting) == (1, 1, 2)
    assert back.p100_s is not None


async def test_cut_client_returns_and_finishes_its_segment() -> None:
    """Only one client, since a scripted gateway has one memory; many are in ``tests/end_to_end/test_load.py``."""
    async with scripted(oblige) as gateway:
        state = HerdState(TallyRecorder(time.monotonic()))
        await run_herd(
            Herd(1, 0.0, spread_s=0.05, patience_s=5.0, pace=0.05), fixed_locator(Address(gateway.url)), state
        )
        assert gateway.connections == 2
        assert [hello.resume for hello in gateway.memory.hellos] == [False, True]
    assert state.recorder.tally.flawless and state.recorder.tally.right == 2
    assert (state.reconnection().ready, state.reconnection().returned) == (1, 1)


async def test_herd_does_not_wait_forever_for_refused_clients() -> None:
    state = HerdState(TallyRecorder(time.monotonic()))
    plan = Herd(1, 0.0, settle_s=0.1, patience_s=0.5, pace=0.05)
    await asyncio.wait_for(run_herd(plan, fixed_locator(Address("http://127.0.0.1:9")), state), 30)
    assert state.recorder.tally.lost_sessions == 1
    assert state.reconnection().ready == 0
