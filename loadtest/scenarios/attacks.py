"""Repeated attacks with a hostile key on a gateway, in a process of its own.

Start: ``python -m loadtest.scenarios.attacks``.

The process reads its order from standard input, as one line of JSON, and writes the result when its time is over.
"""

import asyncio
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from enum import StrEnum
from typing import Final
from uuid import UUID, uuid4

import aiohttp
import msgspec
from msgspec import Struct

from client.connection import Address, GatewayConnection, connect
from client.errors import GatewayError
from loadtest.core.load_process import run_loop, running_module
from loadtest.speakers.speaker import without_numbers
from protocol.audio import SAMPLE_RATE
from protocol.recognition import Options
from protocol.session import (
    ClientMessage,
    Error,
    Failed,
    Hello,
    Queued,
    SegmentBegin,
    SegmentCancel,
    SegmentEnd,
    Welcome,
)
from runtime.logs import logging_to
from runtime.tasks import is_set_within, within

_ANSWER_S: Final = 30.0
_AGAIN_S: Final = 0.2
_QUEUED_S: Final = 5.0
_HEARTBEAT_S: Final = 60.0
_LONG_S: Final = 60
_FRAME: Final = 16_000
_END_S: Final = 60.0


class Attack(StrEnum):
    """Kind of abuse with a hostile key."""

    UNKNOWN_MODEL = "unknown-model"
    CANCELS = "cancels"
    RESUME = "resume"
    EMPTY = "empty"  # last, because its effects last for a minute


COUNTS: Final = {Attack.UNKNOWN_MODEL: 137, Attack.EMPTY: 5_000, Attack.CANCELS: 65_536, Attack.RESUME: 65_536}
"""Number of segments, or of cancels, per round."""


class AttackOrder(Struct, frozen=True):
    """Order for one process: ``connections`` at the same time, each of which repeats rounds for ``seconds``."""

    attack: Attack
    seconds: float
    url: str
    key: str
    certificate_sha256: str = ""
    connections: int = 1
    count: int = 0


class AttackResult(Struct):
    """Result of an attack: started rounds, sent messages, received welcomes, and objections by kind."""

    rounds: int = 0
    sent: int = 0
    welcomed: int = 0
    against: dict[str, int] = {}


async def attack(order: AttackOrder) -> AttackResult:
    """Run the attack in another process, so that it does not disturb the measurements in this one."""
    async with running_module("loadtest.scenarios.attacks", order) as (_, output):
        async with asyncio.timeout(order.seconds + _END_S):
            return msgspec.json.decode(await output.read(), type=AttackResult)


async def strike(order: AttackOrder) -> AttackResult:
    """Run the attack in this process."""
    struck, against = AttackResult(), Counter[str]()
    async with (
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http,
        asyncio.TaskGroup() as tasks,
    ):
        for number in range(order.connections):
            tasks.create_task(_Striker(order, http, struck, against).run(), name=f"attacks/{number}")
    struck.against = dict(against.most_common(20))
    return struck


class _Striker:
    """Attacker, who opens one connection after another."""

    def __init__(
        self, order: AttackOrder, http: aiohttp.ClientSession, struck: AttackResult, against: "Counter[str]"
    ) -> None:
        self._order = order
        self._http = http
        self._struck = struck
        self._against = against
        self._address = Address(order.url, order.key, certificate_sha256=order.certificate_sha256)
        self._session: UUID | None = None
        self._queued = asyncio.Event()

    async def run(self) -> None:
        async with within(self._order.seconds):
            while True:
                await self._round()

    async def _round(self) -> None:
        self._struck.rounds += 1
        resumes = self._session is not None
        try:
            connection = await connect(self._http, self._address, _ANSWER_S, _HEARTBEAT_S, resume=resumes)
        except GatewayError as error:
            self._against[without_numbers(str(error))] += 1
            await asyncio.sleep(_AGAIN_S)
            return
        reader = asyncio.create_task(self._listen(connection))
        try:
            await self._speak(connection, resumes)
            await asyncio.wait({reader}, timeout=_AGAIN_S)
        except GatewayError as error:
            self._against[without_numbers(str(error))] += 1
        finally:
            await asyncio.wait({reader}, timeout=_AGAIN_S)
            reader.cancel()
            await asyncio.gather(reader, return_exceptions=True)
            await connection.close(1.0)

    async def _speak(self, connection: GatewayConnection, resumes: bool) -> None:
        order = self._order
        session = self._session or uuid4()
        model = "no-such-model" if order.attack is Attack.UNKNOWN_MODEL else ""
        await self._say(connection, Hello(session, options=Options(model=model), resume=resumes))
        if not resumes:
            for message in messages(order.attack, order.count or COUNTS[order.attack]):
                await self._say(connection, message)
                if order.attack is Attack.UNKNOWN_MODEL and isinstance(message, SegmentEnd):
                    await self._until_queued()
        if order.attack is Attack.RESUME:
            self._session = session

    async def _say(self, connection: GatewayConnection, message: ClientMessage | tuple[int, int, bytes]) -> None:
        self._struck.sent += 1
        if isinstance(message, tuple):
            await connection.send_audio(*message, _ANSWER_S)
        else:
            await connection.send(message, _ANSWER_S)

    async def _until_queued(self) -> None:
        """Wait for the window, as a client does: the gateway closes connections that exceed it."""
        await is_set_within(self._queued, _QUEUED_S)
        self._queued.clear()

    async def _listen(self, connection: GatewayConnection) -> None:
        with suppress(GatewayError):
            while (message := await connection.receive(None)) is not None:
                self._struck.welcomed += isinstance(message, Welcome)
                if isinstance(message, Queued | Error):
                    self._queued.set()
                if isinstance(message, Error | Failed):
                    self._against[without_numbers(f"{message.message} ({message.code})")] += 1
        self._against[f"closed with {connection.close_code}"] += 1


def messages(kind: Attack, count: int) -> Iterator[ClientMessage | tuple[int, int, bytes]]:
    """Yield the messages of one round after the hello; audio as segment, offset and PCM."""
    audio = bytes(2 * _FRAME)
    for n in range(count):
        match kind:
            case Attack.UNKNOWN_MODEL:
                yield SegmentBegin(n)
                yield from ((n, offset, audio) for offset in range(0, _LONG_S * SAMPLE_RATE, _FRAME))
                yield SegmentEnd(n, _LONG_S * SAMPLE_RATE)
            case Attack.EMPTY:
                yield SegmentBegin(n)
                yield SegmentEnd(n, 0)
            case Attack.CANCELS | Attack.RESUME:
                yield SegmentCancel(n)


def main() -> None:
    """Run one process of an attack."""
    order = msgspec.json.decode(sys.stdin.buffer.readline(), type=AttackOrder)
    found: list[AttackResult] = []

    async def work() -> None:
        found.append(await strike(order))

    with logging_to("loadtest", None, level="ERROR"):
        run_loop(work())
    sys.stdout.buffer.write(msgspec.json.encode(found[0] if found else AttackResult()))


if __name__ == "__main__":
    main()
