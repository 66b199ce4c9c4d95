"""``idle``: sessions that send no audio, and connections that never complete their request (slow loris).

Memory is measured without and with them, and CPU while nothing else happens. Then some people speak, too.
"""

import asyncio
import statistics
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final
from uuid import uuid4

from msgspec import Struct

from client.connection import Locate
from client.errors import GatewayError
from loadtest.core.raw_socket import CLOSE, PING, PONG, TEXT, NotUpgraded, RawSocket, frame, handshake
from loadtest.measurement.figures import Figures
from loadtest.measurement.processes import GATEWAY, ProcessUsage
from loadtest.measurement.promises import Promise, at_most, judge_bystanders
from loadtest.measurement.tally import TallyRecorder
from loadtest.scenarios.streams import Streams, raise_file_limit, run_streams
from protocol.session import Hello, encode
from runtime.tasks import Tasks

_KB_PER_MB: Final = 1024.0
_MOST_P95_MS: Final = 2_000.0
_BEGUN: Final = b"GET /v1/stream HTTP/1.1\r\nHost: gateway\r\nX-Slow: "
_DRIP: Final = b"a"
_UPGRADE_S: Final = 30.0


class Idle(Struct, frozen=True):
    """Plan: ``silent`` sessions and ``lorises`` arrive within ``ramp_s``, and are measured for ``seconds``.

    ``settle_s``: duration of the measurement without them, and time from the ramp to the one with them. Each loris
    sends one byte every ``drip_s``, and reconnects after that time if the gateway ends its connection. Then
    ``speakers`` speak for ``speak_s``. ``most_percent``: allowed CPU of the gateway, in percent of one core;
    ``most_kb``: allowed memory per connection.
    """

    silent: int = 1_000
    lorises: int = 200
    seconds: float = 60.0
    ramp_s: float = 10.0
    settle_s: float = 5.0
    drip_s: float = 5.0
    speakers: int = 5
    speak_s: float = 15.0
    pace: float = 1.0
    seed: int = 1
    most_percent: float = 2.0
    most_kb: float = 64.0


@dataclass
class IdleState:
    """State of an idle run. ``before`` and ``during``: begin and end of the two measurements, in seconds.

    ``lost``: silent sessions that ended or could not begin. ``cut_off``: how often a loris was refused or ended.
    """

    recorder: TallyRecorder
    silent: int = 0
    dripping: int = 0
    lost: int = 0
    cut_off: int = 0
    before: tuple[float, float] = (0.0, 0.0)
    during: tuple[float, float] = (0.0, 0.0)
    complaints: list[str] = field(default_factory=list)
    settled: asyncio.Event = field(default_factory=asyncio.Event)

    def counts(self) -> dict[str, float]:
        """Return the numbers that the progress display shows."""
        return {"silent sessions": self.silent, "slow lorises": self.dripping, "lorises cut off": self.cut_off}

    def note_settled(self, plan: Idle) -> None:
        """Set ``settled`` once each silent session is connected or lost."""
        if self.silent + self.lost >= plan.silent:
            self.settled.set()

    def now(self) -> float:
        """Return the seconds since the start of the run."""
        return time.monotonic() - self.recorder.zero


async def run_idle(plan: Idle, locate: Locate, state: IdleState) -> None:
    """Measure without and with all connections, then also run speakers."""
    raise_file_limit()
    state.before = await _wait_quietly(plan.settle_s, state)
    async with Tasks("idle") as tasks:
        for number in range(plan.silent):
            tasks.start(_keep_silent(plan, locate, state, plan.ramp_s * number / plan.silent), f"silent-{number}")
        for number in range(plan.lorises):
            tasks.start(_drip(plan, locate, state, plan.ramp_s * number / plan.lorises), f"loris-{number}")
        await asyncio.sleep(plan.ramp_s)
        await state.settled.wait()
        await asyncio.sleep(plan.settle_s)
        state.during = await _wait_quietly(plan.seconds, state)
        speaking = Streams(plan.speakers, plan.speak_s + state.now(), seed=plan.seed, pace=plan.pace)
        await run_streams(speaking, locate, state.recorder)


async def _wait_quietly(seconds: float, state: IdleState) -> tuple[float, float]:
    begin = state.now()
    await asyncio.sleep(seconds)
    return begin, state.now()


async def _keep_silent(plan: Idle, locate: Locate, state: IdleState, after_s: float) -> None:
    await asyncio.sleep(after_s)
    admitted = False
    try:
        address = locate()
        socket = await RawSocket.open(address)
        try:
            async with asyncio.timeout(_UPGRADE_S):
                await socket.upgrade(handshake(address))
            await socket.send(frame(TEXT, encode(Hello(uuid4())).encode()))
            admitted = True
            state.silent += 1
            state.note_settled(plan)
            await _answer_pings(socket)
        finally:
            await socket.close()
    except (GatewayError, NotUpgraded, OSError) as error:
        state.complaints.append(str(error))
    state.silent -= admitted
    state.lost += 1
    state.note_settled(plan)


async def _answer_pings(socket: RawSocket) -> None:
    """Answer pings until the gateway ends the connection."""
    while (received := await socket.receive()) is not None and received.opcode != CLOSE:
        if received.opcode == PING:
            await socket.send(frame(PONG, received.payload))


async def _drip(plan: Idle, locate: Locate, state: IdleState, after_s: float) -> None:
    await asyncio.sleep(after_s)
    while True:
        try:
            socket = await RawSocket.open(locate())
            try:
                state.dripping += 1
                await _drip_once(plan, socket)
            finally:
                state.dripping -= 1
                await socket.close()
        except (GatewayError, OSError):
            pass
        state.cut_off += 1
        await asyncio.sleep(plan.drip_s)


async def _drip_once(plan: Idle, socket: RawSocket) -> None:
    """Send a request without an end, until the gateway ends the connection."""
    await socket.send(_BEGUN)
    while True:
        try:
            async with asyncio.timeout(plan.drip_s):
                await socket.status()
                return
        except TimeoutError:
            await socket.send(_DRIP)


def judge(plan: Idle, figures: Figures, state: IdleState, usages: Sequence[ProcessUsage]) -> Iterator[Promise]:
    """Yield the promises: all sessions stay, little CPU and memory, and speakers are not affected."""
    found = f"{state.silent} connected, {state.lost} lost {'; '.join(sorted(set(state.complaints))[:3])}".strip()
    yield Promise("every silent session stays connected", state.lost == 0, found)
    cpu = _mean(usages, state.during, "cpu_percent")
    yield at_most("CPU of the gateway, of one core", cpu, plan.most_percent, "%")
    yield at_most("memory per connection", memory_per_connection(plan, state, usages), plan.most_kb, "KB")
    yield judge_bystanders(figures, _MOST_P95_MS)


def memory_per_connection(plan: Idle, state: IdleState, usages: Sequence[ProcessUsage]) -> float | None:
    """Return the memory that a connection adds to the gateway, in KB; ``None`` if it runs elsewhere."""
    before, during = (_mean(usages, when, "memory_mb") for when in (state.before, state.during))
    if before is None or during is None:
        return None
    return round((during - before) * _KB_PER_MB / (plan.silent + plan.lorises), 1)


def _mean(usages: Sequence[ProcessUsage], when: tuple[float, float], field: str) -> float | None:
    """Return the mean of the gateway's samples in this time; ``None`` without samples."""
    during = [getattr(usage, field) for usage in usages if when[0] < usage.at_s <= when[1]]
    values = [sample[GATEWAY] for sample in during if GATEWAY in sample]
    return round(statistics.fmean(values), 2) if values else None
