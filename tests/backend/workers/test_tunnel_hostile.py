"""A paired worker that tries to fill the broker through the tunnel: memory stays bounded."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from functools import partial
from hashlib import sha1
from itertools import count
from pathlib import Path
from typing import Any, Final

import aiohttp
import pytest
from redis.asyncio import Redis

from protocol.broker import BROKER_PATH, CHUNK_BYTES
from protocol.job import GROUP, Keys, encode_notice
from runtime.tasks import cancel_and_wait
from tests.helpers.tunnel import Tunnelled, command, tunnelling
from tests.helpers.valkey import running_broker
from tests.helpers.waiting import wait_until
from tests.worker.scripts import KEYS, GatewaySide, failure, job, result
from worker.broker.scripts import load_scripts

MEBI: Final = 1 << 20
MEMORY: Final = 64 * MEBI
EMBEDDED: Final = (
    *("--maxmemory", str(MEMORY), "--maxmemory-policy", "noeviction"),
    *("--maxmemory-clients", "25%", "--client-query-buffer-limit", "32mb"),
)
"""Options of the embedded broker, with a quarter of its memory."""
JOBS: Final = KEYS.jobs("interactive").encode()
SAMPLES: Final = 48_000
HONEST: Final = 360
"""Number of waiting jobs of 3 s, which fill over half of the memory."""
WORKERS: Final = GROUP.encode()
LEAST: Final = 20
"""Connections that the smallest attack makes."""


def call(name: str, keys: list[bytes], *arguments: bytes) -> bytes:
    """Encode a call of a worker's script."""
    return command(
        b"EVALSHA", sha1(load_scripts()[name].encode()).hexdigest().encode(), b"%d" % len(keys), *keys, *arguments
    )


class Hostile:
    """An attacker with one key. ``peak``: the highest memory use seen; ``made``: its connections."""

    def __init__(self, gateway: Tunnelled, redis: Any, http: aiohttp.ClientSession, entries: list[bytes]) -> None:
        self.entries = entries
        self.redis = redis
        self.gateway = gateway
        self.names = count()
        self.peak = self.made = 0
        self._http = http

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
        async with self._http.ws_connect(self.gateway.url + BROKER_PATH, compress=0, max_msg_size=0) as socket:
            self.made += 1
            yield socket

    async def says(self, *commands: bytes, answers: int = 1) -> bytes:
        """Send commands on a new connection; return the replies until it is closed or has ``answers`` of them."""
        heard = b""
        async with self.connected() as socket:
            with suppress(ConnectionError):
                for command in commands:
                    for at in range(0, len(command), CHUNK_BYTES):
                        await socket.send_bytes(command[at : at + CHUNK_BYTES])
            for _ in range(answers):
                message = await socket.receive(timeout=30)
                if message.type is not aiohttp.WSMsgType.BINARY:
                    break
                heard += message.data
        return heard

    async def watch(self) -> None:
        while True:
            self.peak = max(self.peak, (await self.redis.info("memory"))["used_memory"])
            await asyncio.sleep(0.01)


async def long_names(hostile: Hostile) -> None:
    for number in range(20):
        name = b"%d" % number + bytes(59_000)
        await hostile.says(command(b"XREADGROUP", b"GROUP", WORKERS, name, b"STREAMS", JOBS, b">"))


async def many_names(hostile: Hostile) -> None:
    for _ in range(20):
        name = b"n" * 200 + b"%d" % next(hostile.names)
        await hostile.says(command(b"XREADGROUP", b"GROUP", WORKERS, name, b"STREAMS", JOBS, b">"))


async def many_streams(hostile: Hostile) -> None:
    for _ in range(20):
        streams = [KEYS.jobs("bulk", "m" * 200 + str(next(hostile.names))).encode() for _ in range(8)]
        await hostile.says(call("groups", streams))


async def large_statuses(hostile: Hostile) -> None:
    for _ in range(20):
        name = b"%d" % next(hostile.names)
        status = json.dumps({"at_ms": 0, "worker": "x" * 16_000}, separators=(",", ":")).encode()
        await hostile.says(call("heartbeat", [b"kiki:workers"], name, status))


async def has_read_all(redis: Any) -> bool:
    """Return whether the broker has no command left in the buffer of any connection."""
    return all(client["qbuf"] == "0" for client in await redis.client_list() if client["cmd"] != "client|list")


async def unread_answers(hostile: Hostile) -> None:
    """Read and borrow jobs on many connections without reading the replies, until the broker has all commands."""
    async with AsyncExitStack() as stack:
        for _ in range(24):
            socket = await stack.enter_async_context(hostile.connected())
            with suppress(ConnectionError):
                for _ in range(40):
                    await socket.send_bytes(call("borrow", [JOBS], hostile.entries[0]))
                await socket.send_bytes(
                    command(b"XREADGROUP", b"GROUP", WORKERS, b"w", b"COUNT", b"100000", b"STREAMS", JOBS, b">")
                )
        await wait_until(partial(has_read_all, hostile.redis), "the broker has read all commands")


async def end_all(hostile: Hostile, length: int, fail: bool = False) -> None:
    """End all waiting jobs with long texts, or as dead letters."""
    entries = hostile.entries
    backlog, figures = Keys().backlog.encode(), KEYS.history_keys[1].encode()
    take = call("take", [JOBS], WORKERS, b"w", b"%d" % len(entries))
    for at in range(0, len(entries), 4):
        commands = []
        for number, entry in enumerate(entries[at : at + 4], at):
            of = job(number, SAMPLES)
            keys = [KEYS.session(of.session).encode(), JOBS, backlog, figures]
            ids = (entry, b"%d" % number, b"0", b"%d" % SAMPLES)
            if fail:
                notice = encode_notice(failure(of)).replace(b'"no"', b'"' + b"x" * length + b'"')
                commands.append(call("fail", [*keys, Keys().sweep.encode()], *ids, notice, b"w", b"1"))
            else:
                commands.append(call("finish", keys, *ids, encode_notice(result(of, "x" * length))))
        await hostile.says(take, *commands, answers=5)


Attack = Callable[[Hostile], Awaitable[None]]
ATTACKS: Final[dict[str, Attack]] = {
    "long names": long_names,
    "many streams": many_streams,
    "unread answers": unread_answers,
    "large results": partial(end_all, length=60_000),
    "dead letters": partial(end_all, length=3_500, fail=True),
}
SIMILAR: Final[dict[str, Attack]] = {
    "many names": many_names,
    "large statuses": large_statuses,
    "oversized results": partial(end_all, length=900_000),
    "oversized letters": partial(end_all, length=90_000, fail=True),
}


@contextmanager
def quiet() -> Iterator[None]:
    """Suppress errors caused by refusals of the broker."""
    with suppress(aiohttp.ClientError, ConnectionError, TimeoutError):
        yield


@asynccontextmanager
async def attacked(folder: Path) -> AsyncIterator[tuple[Hostile, Any]]:
    """Run a broker with honest jobs in it and one hostile worker."""
    with running_broker(None, *EMBEDDED) as broker:
        async with (
            Redis.from_url(broker.url, protocol=2) as redis,
            tunnelling(broker.url, folder) as gateway,
        ):
            side = GatewaySide(redis)
            await side.attach()
            await side.redis.xgroup_create(JOBS, GROUP, "0-0", mkstream=True)
            entries = [
                (await side.submit(job(number, SAMPLES), JOBS.decode())).encode() for number in range(HONEST)
            ]
            for script in load_scripts().values():
                await side.redis.script_load(script)
            device, key = await gateway.paired()
            headers = {"Authorization": f"Bearer {key}"}
            async with aiohttp.ClientSession(headers=headers) as http:
                yield Hostile(gateway, redis, http, entries), device


async def peak_memory(folder: Path, name: str, attack: Attack) -> int:
    """Run an attack; return the peak memory in percent. Revoking the key must remove all traces."""
    async with attacked(folder) as (hostile, device):
        before: int = (await hostile.redis.info("memory"))["used_memory"]
        watching = asyncio.create_task(hostile.watch())
        try:
            with quiet():
                await attack(hostile)
        finally:
            await cancel_and_wait([watching])
        peak: int = max(hostile.peak, (await hostile.redis.info("memory"))["used_memory"])
        await hostile.gateway.roster.revoke(device)

        async def nothing_left() -> bool:
            pending = {one["consumer"] for one in await hostile.redis.xpending_range(JOBS, GROUP, "-", "+", 1000)}
            consumers = {info["name"] for info in await hostile.redis.xinfo_consumers(JOBS, GROUP)}
            others = [key async for key in hostile.redis.scan_iter("kiki:{0}:jobs:bulk:*")]
            return consumers <= pending | {b"returned"} and not others

        await wait_until(nothing_left, "its traces are gone")
        assert hostile.made >= LEAST, "the attack was refused before it began"
        report = f"{name}: {100 * before // MEMORY} % before, at most {100 * peak // MEMORY} % of maxmemory"
        sys.stdout.write(report + "\n")
        return 100 * peak // MEMORY


@pytest.mark.parametrize(
    "name", [*ATTACKS, *(pytest.param(name, marks=pytest.mark.proof(minutes=1)) for name in SIMILAR)]
)
async def test_memory_stays_within_limit_under_attack(name: str, tmp_path: Path) -> None:
    assert await peak_memory(tmp_path, name, (ATTACKS | SIMILAR)[name]) < 100
