"""``fuzz``: messages that no client sends, by seed, while simulated people speak. Does the gateway keep working?

Each conversation is a pure function of seed and number (``scenarios.fuzzing``), except for its session id. A fault
names the number, with which the conversation can be repeated.
"""

import asyncio
import dataclasses
import os
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Final
from urllib.parse import urlsplit

import aiohttp
from msgspec import Struct

from client.connection import Address, Locate
from client.errors import GatewayError
from loadtest.core.gateway import READY, ask
from loadtest.core.raw_socket import CLOSE, PING, PONG, NotUpgraded, RawSocket, frame
from loadtest.measurement.figures import Figures
from loadtest.measurement.log_watch import LogWatch
from loadtest.measurement.processes import GATEWAY, ProcessUsage
from loadtest.measurement.promises import Promise, at_most, judge_bystanders
from loadtest.measurement.tally import TallyRecorder
from loadtest.scenarios.fuzzing.answers import Judged, MalformedAnswer
from loadtest.scenarios.fuzzing.conversation import Conversation, FuzzEnd, FuzzKind, conversation, sessions
from loadtest.scenarios.fuzzing.requests import FuzzedRoute, routes
from loadtest.scenarios.fuzzing.wires import Wire, dialect_conversation
from loadtest.scenarios.streams import Streams, run_streams
from protocol.rest import OPENAPI_PATH
from runtime.tasks import Tasks, within

_BATCH: Final = 32
_ANSWER_S: Final = 60.0
_BROKEN_S: Final = 0.2
_LISTEN_S: Final = 0.05
_BODY_S: Final = 1.0
_MOST_FAULTS: Final = 50
_MOST_BODY: Final = 1 << 20
_LOOK_S: Final = 1.0
_SERVER_ERROR: Final = 500
_ALLOWED: Final = frozenset({501, 503, 507})
_INTERNAL_CLOSE: Final = 1011
_MOST_P95_MS: Final = 3_000.0
_ROUND_S: Final = 5.0
_PATIENCE_S: Final = 60.0


class Fuzz(Struct, frozen=True):
    """Plan: conversations from number ``first`` on, ``connections`` at a time, until ``messages`` are sent.

    Meanwhile ``speakers`` speak. ``most_mb``: allowed growth of the gateway's memory. 50 faults end the run early.
    ``wire``: the protocol; ``port``: that of Wyoming.
    """

    messages: int = 100_000
    seed: int = 1
    first: int = 0
    connections: int = 16
    speakers: int = 2
    pace: float = 1.0
    most_mb: float = 256.0
    wire: Wire = Wire.OWN
    port: int = 10_300


@dataclass
class FuzzState:
    """Counts of a run. ``objections``: error codes, closes and statuses; ``faults``: misbehaviour of the gateway.

    ``alive``: the gateway still answers at the end.
    """

    log: LogWatch | None = None
    messages: int = 0
    conversations: int = 0
    kinds: "Counter[str]" = field(default_factory=Counter)
    objections: "Counter[str]" = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    alive: bool = False

    def fault(self, planned: Conversation, what: str) -> None:
        """Record a fault; only the first ones are kept."""
        if len(self.faults) < _MOST_FAULTS:
            self.faults.append(f"conversation {planned.number} ({planned.kind}): {what}")

    def note_status(self, planned: Conversation, status: int) -> None:
        """Record the status of an HTTP answer as an objection; unexpected server errors are faults."""
        self.objections[f"status {status}"] += 1
        if status >= _SERVER_ERROR and status not in _ALLOWED:
            self.fault(planned, f"status {status}")

    def counts(self) -> dict[str, float]:
        """Return the numbers that the progress display shows."""
        return {
            "messages": self.messages,
            "conversations": self.conversations,
            "objections": self.objections.total(),
            "faults": len(self.faults) + len(self.log.faults if self.log else ()),
        }


async def run_fuzz(plan: Fuzz, locate: Locate, recorder: TallyRecorder, state: FuzzState, key: str = "") -> None:
    """Hold all conversations with ``key`` while the speakers speak; then check that the gateway still answers."""

    def attacked() -> Address:
        return dataclasses.replace(locate(), key=key) if key else locate()

    async with aiohttp.ClientSession() as http:
        known = routes(await ask(http, locate(), OPENAPI_PATH))
        over = asyncio.Event()
        async with Tasks("fuzz") as tasks, asyncio.TaskGroup() as running:
            tasks.start(_read_log(state), "log")
            running.create_task(_speak(plan, locate, recorder, over), name="fuzz/speakers")
            await _send_all(plan, attacked, known, state)
            over.set()
        if state.log:
            state.log.read_new()
        state.alive = bool(await ask(http, locate(), READY))


async def _speak(plan: Fuzz, locate: Locate, recorder: TallyRecorder, over: asyncio.Event) -> None:
    """Run speakers until ``over``, in short sessions, so that new ones are admitted all the time."""
    for round_ in count():
        seconds = time.monotonic() - recorder.zero + _ROUND_S
        streams = Streams(plan.speakers, seconds, seed=plan.seed + round_, patience_s=_PATIENCE_S, pace=plan.pace)
        await run_streams(streams, locate, recorder)
        if over.is_set():
            return


async def _read_log(state: FuzzState) -> None:
    while state.log is not None:
        await asyncio.sleep(_LOOK_S)
        await asyncio.to_thread(state.log.read_new)


async def _send_all(plan: Fuzz, locate: Locate, known: Sequence[FuzzedRoute], state: FuzzState) -> None:
    session_of, numbers = sessions(os.urandom(8)), count(plan.first)

    def place(number: int) -> tuple[Address, Conversation]:
        address = locate()
        if plan.wire is Wire.OWN:
            return address, conversation(plan.seed, number, session_of, address, known)
        if plan.wire is Wire.WYOMING:
            address = Address(f"http://{urlsplit(address.url).hostname}:{plan.port}")
        return address, dialect_conversation(plan.wire, plan.seed, number, address)

    async def member() -> None:
        while state.messages < plan.messages and len(state.faults) < _MOST_FAULTS:
            address, planned = place(next(numbers))
            state.kinds[planned.kind] += 1
            try:
                await converse(planned, address, state)
            except GatewayError as error:
                state.fault(planned, str(error))
                await asyncio.sleep(_BROKEN_S)
            state.conversations += 1

    async with asyncio.TaskGroup() as members:
        for number in range(plan.connections):
            members.create_task(member(), name=f"fuzz/{number}")


async def converse(planned: Conversation, address: Address, state: FuzzState) -> None:
    """Hold one conversation; record objections and faults. Raises ``GatewayError`` if it cannot connect."""
    socket = await RawSocket.open(address)
    try:
        async with asyncio.timeout(_ANSWER_S):
            await _Exchange(planned, socket, state).run()
    except TimeoutError:
        if planned.kind not in (FuzzKind.FRAMES, FuzzKind.HANDSHAKE):  # these may wait for bytes that never come
            state.fault(planned, "the gateway neither answered nor ended the connection")
    except NotUpgraded as error:
        state.note_status(planned, error.status)
    except OSError:
        state.objections["reset"] += 1
    finally:
        socket.abort()
        await socket.close()


@dataclass
class _Exchange:
    """Conversation over an open connection."""

    planned: Conversation
    socket: RawSocket
    state: FuzzState

    async def run(self) -> None:
        if self.planned.kind is FuzzKind.REQUEST:
            await self._ask()
        else:
            await self._talk()

    async def _ask(self) -> None:
        self.state.messages += 1
        await self.socket.send(self.planned.opening)
        self.state.note_status(self.planned, await self.socket.status())
        async with within(_BODY_S):  # an export of a whole history may take long
            await self.socket.rest(_MOST_BODY)

    async def _talk(self) -> None:
        """Send all messages, over plain TCP if there is no opening, and read meanwhile; then end as planned."""
        planned, socket = self.planned, self.socket
        if planned.opening:
            self.state.messages += 1
            await socket.upgrade(planned.opening)
        reads = self._read_frames() if planned.opening else self._read_bytes()
        reading = asyncio.create_task(reads, name=f"fuzz/read-{planned.number}")
        try:
            with suppress(OSError):  # the gateway ended the connection before it had received everything
                await self._send_messages()
                if planned.end is FuzzEnd.RESET:
                    return
                if planned.end is FuzzEnd.LISTEN:  # a gateway answers nothing after a close
                    await asyncio.wait({reading}, timeout=_LISTEN_S)
                await (socket.send(frame(CLOSE, b"\x03\xe8")) if planned.opening else socket.end())
            async with asyncio.timeout(_BROKEN_S if planned.kind is FuzzKind.FRAMES and planned.opening else None):
                await asyncio.shield(reading)
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)

    async def _send_messages(self) -> None:
        for at in range(0, len(self.planned.messages), _BATCH):
            batch = self.planned.messages[at : at + _BATCH]
            self.state.messages += len(batch)
            await self.socket.send(b"".join(message.encode() for message in batch))

    async def _read_bytes(self) -> None:
        """Read until the gateway has ended the connection; judge all answers together."""
        self._judge(await self.socket.rest(_MOST_BODY))

    async def _read_frames(self) -> None:
        """Read until the gateway has closed the connection; judge each message."""
        with suppress(OSError):
            while (received := await self.socket.receive()) is not None:
                if received.opcode == PING:
                    await self.socket.send(frame(PONG, received.payload))
                elif received.opcode == CLOSE:
                    self._note_close(int.from_bytes(received.payload[:2], "big"))
                    return
                elif received.opcode != PONG:
                    self._judge(received.payload)
        self.state.objections["ended without a close"] += 1

    def _note_close(self, code: int) -> None:
        self.state.objections[f"closed with {code}"] += 1
        if code == _INTERNAL_CLOSE:
            self.state.fault(self.planned, f"closed with {code}")

    def _judge(self, payload: bytes) -> None:
        try:
            judged = self.planned.judge(payload)
        except MalformedAnswer as error:
            judged = Judged(fault=str(error))
        if judged.objection:
            self.state.objections[judged.objection] += 1
        if judged.fault:
            self.state.fault(self.planned, judged.fault)


def judge(plan: Fuzz, figures: Figures, state: FuzzState, usages: Sequence[ProcessUsage]) -> Iterator[Promise]:
    """Yield the promises: alive, no internal errors, no errors in logs, bounded memory, unaffected speakers."""
    found = f"{state.messages:,} messages in {state.conversations:,} conversations"
    values: dict[str, Any] = dict(state.kinds) | {f"objection: {name}": n for name, n in state.objections.items()}
    yield Promise(f"at least {plan.messages:,} messages are sent", state.messages >= plan.messages, found, values)
    yield Promise("the gateway is alive at the end", state.alive, "yes" if state.alive else "no answer")
    faults = "; ".join(state.faults[:5]) or "none"
    yield Promise("no internal error, no malformed answer, no hanging connection", not state.faults, faults)
    yield _logs(state.log)
    memory = [usage.memory_mb[GATEWAY] for usage in usages if usage.memory_mb.get(GATEWAY)]
    growth = round(max(memory) - memory[0], 1) if memory else None
    yield at_most("growth of the gateway's memory", growth, plan.most_mb, "MB")
    yield judge_bystanders(figures, _MOST_P95_MS)


def _logs(log: LogWatch | None) -> Promise:
    name = "no error and no traceback in the logs"
    if log is None:
        return Promise(name, None, "not read: the gateway runs on another computer")
    found = "; ".join(sorted(set(log.faults))[:5]) or f"none in {log.lines:,} lines"
    return Promise(name, not log.faults, found)
