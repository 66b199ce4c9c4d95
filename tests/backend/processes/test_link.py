"""A process's end of the link, with a test as supervisor."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiohttp import web

from backend.admission.quotas import Quota, QuotaMeter
from backend.admission.usage_elsewhere import KeyCounts
from backend.http.tls_listener import TlsListener
from backend.observability.other_processes import Counted, ProcessReport
from backend.processes.channel import Channel
from backend.processes.link import ProcessLink, connect_supervisor
from backend.processes.messages import (
    CannotRun,
    GatewayEnding,
    KeysInUse,
    MainState,
    OtherProcessFigures,
    ProcessGone,
    ProcessReady,
    ProcessReported,
    ProcessStart,
)
from tests.helpers.waiting import wait_until


@dataclass
class LinkedProcess:
    """A linked process, and its supervisor's ends."""

    link: ProcessLink
    channel: Channel
    gate: socket.socket
    lost: asyncio.Event

    async def next(self, kind: type) -> object:
        """Return the next message of this kind from the process."""
        async for message in self.channel.messages():
            if isinstance(message, kind):
                return message
        raise AssertionError("the process is gone")


@asynccontextmanager
async def linking(slot: int = 1) -> AsyncIterator[LinkedProcess]:
    pairs = [socket.socketpair() for _ in range(3)]
    channel = await Channel.over(pairs[0][0])
    channel.send(ProcessStart(slot, 2, b"", "", False, "http://here", 0, "/nowhere"))
    lost = asyncio.Event()
    control, plain, tls = (end.detach() for _, end in pairs)
    with pairs[1][0] as gate, pairs[2][0]:
        async with connect_supervisor((control, plain, tls, -1), lost.set) as link:
            yield LinkedProcess(link, channel, gate, lost)
        await channel.close()


async def test_slot_0_is_the_main_process() -> None:
    async with linking(0) as at:
        assert at.link.is_main
    async with linking(1) as at:
        assert not at.link.is_main


async def test_changes_of_keys_are_reported_together_in_the_next_turn() -> None:
    meter = QuotaMeter(Quota())
    async with linking() as at:
        at.link.count(meter, lambda: 3, ProcessReport)
        meter.request("a", 0.0)
        meter.count_connections("b", 1)
        received = await at.next(KeysInUse)
    assert received == KeysInUse(3, {"a": KeyCounts(requests=1), "b": KeyCounts(connections=1)})


async def test_usage_of_other_processes_counts_until_they_end() -> None:
    meter = QuotaMeter(Quota(per_minute=1, burst=2, streams=1))
    async with linking() as at:
        at.link.count(meter, lambda: 0, ProcessReport)
        at.channel.send(KeysInUse(4, {"k": KeyCounts(requests=2, streams=1)}, process=7))
        await wait_until(lambda: meter.elsewhere.connections == 4, "the usage of the other process is known")
        assert meter.stream("k") is not None and meter.request("k", 0.0) is not None
        at.channel.send(ProcessGone(7))
        await wait_until(lambda: meter.elsewhere.connections == 0, "its usage is forgotten")
        assert meter.stream("k") is None


async def test_states_of_the_main_process_and_of_the_gateway_are_known() -> None:
    others: list[OtherProcessFigures] = []
    async with linking() as at:
        at.link.on_others = others.append
        assert not (at.link.main_up.is_set() or at.link.ending)
        for message in (MainState(up=True), OtherProcessFigures({}, Counted(samples=1), {}), GatewayEnding()):
            at.channel.send(message)
        await wait_until(lambda: at.link.ending, "the gateway ends")
        assert at.link.main_up.is_set() and [one.past.samples for one in others] == [1]
        at.channel.send(MainState(up=False))
        await wait_until(lambda: not at.link.main_up.is_set(), "the main process is away")


async def test_figures_are_reported_regularly_and_at_the_end() -> None:
    samples = [1]
    async with linking() as at:
        report = lambda: ProcessReport(Counted(samples=samples[0]))  # noqa: E731 - one line is enough
        at.link.count(QuotaMeter(Quota()), lambda: 0, report)
        at.link.ready()
        at.link.cannot_run("why")
        assert await at.next(ProcessReady) == ProcessReady() and await at.next(CannotRun) == CannotRun("why")
        first = await at.next(ProcessReported)
        samples[0] = 2
        await at.link.close()
        last = await at.next(ProcessReported)
    assert (first, last) == (
        ProcessReported(ProcessReport(Counted(samples=1))),
        ProcessReported(ProcessReport(Counted(samples=2))),
    )


async def test_lost_supervisor_is_noticed() -> None:
    async with linking() as at:
        await at.channel.close()
        await at.lost.wait()


async def test_connections_that_are_handed_over_are_served() -> None:
    async def answer(request: web.Request) -> web.Response:
        return web.Response(text="served")

    app = web.Application()
    app.router.add_get("/", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        async with linking() as at:
            await at.link.listen(runner, TlsListener(), None)
            for _ in range(3):
                ours, theirs = socket.socketpair()
                with theirs:
                    socket.send_fds(at.gate, [b"c"], [theirs.fileno()])
                reader, writer = await asyncio.open_unix_connection(sock=ours)
                writer.write(b"GET / HTTP/1.0\r\n\r\n")
                assert (await reader.read()).endswith(b"served")
                writer.close()
            await at.link.leave()
    finally:
        await runner.cleanup()
