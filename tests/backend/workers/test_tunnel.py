"""The tunnel over real sockets to a real broker: its data, its access control, and its end."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import uvloop
from redis.asyncio import Redis

from backend.broker.jobs import open_jobs
from backend.workers.commands import MOST_UNANSWERED, CommandGate, known_scripts
from backend.workers.tunnel import MOST_CONNECTIONS, _up
from protocol.broker import BROKER_PATH, CHUNK_BYTES, SHARD_FIELD
from protocol.devices import DeviceKind
from protocol.errors import CloseCode
from protocol.job import GROUP, Keys
from tests.helpers.lost_connection import lost_writer
from tests.helpers.tunnel import GATEWAY, OWNER_KEY, Tunnelled, command, tunnelling
from tests.helpers.valkey import Broker, running_broker
from tests.helpers.waiting import wait_until
from worker.broker.layout import ShardLayout
from worker.broker.scripts import load_scripts
from worker.broker.tunnel import Tunnel, carrier

ABNORMAL = 1006  # RFC 6455 7.1.5: closed without a close frame
PING = b"*1\r\n$4\r\nPING\r\n"


@pytest.fixture
async def gateway(broker: Broker, tmp_path: Path) -> AsyncIterator[Tunnelled]:
    """A tunnel to an empty Valkey."""
    async with tunnelling(broker.url, tmp_path) as gateway:
        yield gateway


@asynccontextmanager
async def open_tunnel(gateway: Tunnelled, key: str) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
    """Open one tunnel connection with this key."""
    headers = {"Authorization": f"Bearer {key}"}
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.ws_connect(gateway.url + BROKER_PATH) as socket,
    ):
        yield socket


async def refusal(gateway: Tunnelled, key: str) -> int:
    """Return the status with which this key is refused."""
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        async with open_tunnel(gateway, key):
            pass
    return refused.value.status


async def close_code_of(socket: aiohttp.ClientWebSocketResponse) -> int | None:
    """Read to the end; return the close code."""
    message = await socket.receive(timeout=30)
    while message.type is aiohttp.WSMsgType.BINARY:
        message = await socket.receive(timeout=30)
    return socket.close_code


async def worker_accounts(url: str) -> list[str]:
    """Return the worker accounts at the broker."""
    client: Any = Redis.from_url(url, protocol=2)
    async with client as redis:
        found = [name.decode() if isinstance(name, bytes) else name for name in await redis.acl_users()]
    return [name for name in found if name.startswith("kiki-worker-")]


async def until_no_accounts(broker: Broker) -> None:
    """Wait until no worker has an account at the broker."""

    async def gone() -> bool:
        return not await worker_accounts(broker.url)

    await wait_until(gone, "the accounts are gone")


async def test_worker_has_own_account_while_connected(broker: Broker, gateway: Tunnelled) -> None:
    device, key = await gateway.paired()
    async with open_tunnel(gateway, key) as socket:
        await socket.send_bytes(PING[:5])
        await socket.send_bytes(PING[5:] + PING)
        received = b""
        while len(received) < 14:
            received += await socket.receive_bytes(timeout=30)
        assert received == b"+PONG\r\n" * 2
        assert await worker_accounts(broker.url) == [f"kiki-worker-{GATEWAY}-{device}"]
    await until_no_accounts(broker)


async def test_tunnel_accepts_owner_and_refuses_clients_and_unknown_keys(gateway: Tunnelled) -> None:
    _, key = await gateway.paired(DeviceKind.CLIENT)
    assert await refusal(gateway, key) == 403
    assert await refusal(gateway, "another key") == 401
    async with open_tunnel(gateway, OWNER_KEY) as socket:
        await socket.send_bytes(PING)
        assert await socket.receive_bytes(timeout=30) == b"+PONG\r\n"


async def test_connection_ends_when_replies_cannot_be_passed_on(
    gateway: Tunnelled, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An open connection without replies would keep the worker waiting."""

    def fail(gate: CommandGate, data: bytes) -> None:
        raise RuntimeError("on purpose")

    monkeypatch.setattr(CommandGate, "count_replies", fail)
    async with open_tunnel(gateway, OWNER_KEY) as socket:
        await socket.send_bytes(PING)
        assert await close_code_of(socket) == ABNORMAL


async def test_shard_number_that_is_not_decimal_is_refused(gateway: Tunnelled) -> None:
    headers = {"Authorization": f"Bearer {OWNER_KEY}"}
    url = f"{gateway.url}{BROKER_PATH}?{SHARD_FIELD}=²"
    async with aiohttp.ClientSession() as http, http.get(url, headers=headers) as reply:
        assert reply.status == 404


async def test_error_names_the_missing_upgrade(gateway: Tunnelled) -> None:
    headers = {"Authorization": f"Bearer {OWNER_KEY}"}
    async with aiohttp.ClientSession() as http, http.get(f"{gateway.url}{BROKER_PATH}", headers=headers) as reply:
        assert reply.status == 400 and "upgrade to a WebSocket" in (await reply.json())["error"]["message"]


@pytest.mark.parametrize(
    "words", [(b"AUTH", b"default", b"x"), (b"RESET",), (b"FLUSHALL",), (b"EVAL", b"return 1", b"0")]
)
async def test_forbidden_command_ends_connection(gateway: Tunnelled, words: tuple[bytes, ...]) -> None:
    _, key = await gateway.paired()
    async with open_tunnel(gateway, key) as socket:
        await socket.send_bytes(command(*words))
        assert await close_code_of(socket) == CloseCode.POLICY_VIOLATION


async def test_commands_after_blocking_read_are_limited(broker: Broker, gateway: Tunnelled) -> None:
    client: Any = Redis.from_url(broker.url, protocol=2)
    async with client as redis:
        stream = Keys().jobs("interactive", "m")
        await redis.xgroup_create(stream, GROUP, "0", mkstream=True)
        waits = command(*f"XREADGROUP GROUP {GROUP} w BLOCK 0 STREAMS {stream} >".encode().split())
        _, key = await gateway.paired()
        async with open_tunnel(gateway, key) as socket:
            with suppress(ConnectionError):  # the connection may end while this is sent
                for _ in range(MOST_UNANSWERED + 1):
                    await socket.send_bytes(waits)
            assert await close_code_of(socket) == CloseCode.POLICY_VIOLATION


async def test_traces_of_revoked_worker_are_removed_at_once(broker: Broker, gateway: Tunnelled) -> None:
    client: Any = Redis.from_url(broker.url, protocol=2)
    async with client as redis:
        streams = [Keys().jobs("interactive", f"model-{n}").encode() for n in range(4)]
        groups = next(digest for digest, name in known_scripts().items() if name == "groups")
        await redis.script_load(load_scripts()["groups"])
        device, key = await gateway.paired()
        async with open_tunnel(gateway, key) as first, open_tunnel(gateway, key) as second:
            for number, socket in enumerate((first, second)):
                mine = streams[2 * number :][:2]
                await socket.send_bytes(command(b"EVALSHA", groups, b"2", *mine))
                assert await socket.receive_bytes(timeout=30) == b":1\r\n"
                name = b"w%d" % number
                await socket.send_bytes(
                    command(
                        b"XREADGROUP",
                        b"GROUP",
                        GROUP.encode(),
                        name,
                        b"BLOCK",
                        b"0",
                        b"STREAMS",
                        *mine,
                        b">",
                        b">",
                    )
                )

            async def all_there() -> bool:
                found = [len(await redis.xinfo_consumers(stream, GROUP)) for stream in streams]
                return found == [1] * 4

            await wait_until(all_there, "each has its consumers")
            await gateway.roster.revoke(device)
            await close_code_of(first)

            async def nothing_left() -> bool:
                return not await redis.exists(*streams)

            await wait_until(nothing_left, "consumers and streams are gone")


async def test_consumer_name_belongs_to_one_device_at_a_time(gateway: Tunnelled) -> None:
    stream = Keys().jobs("interactive").encode()
    waits = command(b"XREADGROUP", b"GROUP", GROUP.encode(), b"w", b"BLOCK", b"0", b"STREAMS", stream, b">")
    _, mine = await gateway.paired()
    _, anothers = await gateway.paired()
    async with open_tunnel(gateway, mine) as first, open_tunnel(gateway, anothers) as second:
        await first.send_bytes(waits)
        assert (await first.receive_bytes(timeout=30)).startswith(b"-NOGROUP")
        await second.send_bytes(waits)
        assert await close_code_of(second) == CloseCode.POLICY_VIOLATION


async def test_text_or_large_message_ends_connection(gateway: Tunnelled) -> None:
    _, key = await gateway.paired()
    async with open_tunnel(gateway, key) as socket:
        await socket.send_str("PING")
        assert await close_code_of(socket) == CloseCode.UNSUPPORTED_DATA
    async with open_tunnel(gateway, key) as socket:
        await socket.send_bytes(bytes(CHUNK_BYTES + 1))
        assert await close_code_of(socket) == CloseCode.MESSAGE_TOO_BIG


async def test_revoked_device_loses_tunnel_at_once(broker: Broker, gateway: Tunnelled) -> None:
    device, key = await gateway.paired()
    async with open_tunnel(gateway, key) as first, open_tunnel(gateway, key) as second:
        await gateway.roster.revoke(device)
        assert {await close_code_of(first), await close_code_of(second)} == {ABNORMAL}
        await until_no_accounts(broker)
    assert await refusal(gateway, key) == 401


async def test_connections_per_device_are_limited(gateway: Tunnelled) -> None:
    _, key = await gateway.paired()
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {key}"}) as session:
        sockets = [await session.ws_connect(gateway.url + BROKER_PATH) for _ in range(MOST_CONNECTIONS)]
        assert await refusal(gateway, key) == 429
        await asyncio.gather(*(socket.close() for socket in sockets))


async def test_lost_broker_ends_connection_and_refuses_new_ones(tmp_path: Path) -> None:
    with running_broker() as broker:
        async with tunnelling(broker.url, tmp_path) as gateway:
            async with open_tunnel(gateway, OWNER_KEY) as socket:
                broker.process.kill()
                assert await close_code_of(socket) == CloseCode.GOING_AWAY
            assert await refusal(gateway, OWNER_KEY) == 503


async def test_closing_gateway_ends_tunnel_with_going_away(gateway: Tunnelled) -> None:
    async with open_tunnel(gateway, OWNER_KEY) as socket:
        gateway.tunnel.close()
        assert await close_code_of(socket) == CloseCode.GOING_AWAY
        assert await refusal(gateway, OWNER_KEY) == 503


@pytest.mark.parametrize("shard", ["1", "x", "-1", "99999"])
async def test_connection_to_no_shard_is_refused(gateway: Tunnelled, shard: str) -> None:
    _, key = await gateway.paired()
    async with (
        aiohttp.ClientSession(headers={"Authorization": f"Bearer {key}"}) as session,
        session.get(f"{gateway.url.replace('ws', 'http', 1)}{BROKER_PATH}?{SHARD_FIELD}={shard}") as answer,
    ):
        assert answer.status == 404


async def test_worker_learns_how_many_shards_there_are(tmp_path: Path) -> None:
    with running_broker() as broker:
        async with open_jobs(broker.url, "first", shards=3), tunnelling(broker.url, tmp_path) as gateway:
            _, key = await gateway.paired()
            async with Tunnel(carrier(gateway.url, key)) as tunnel:
                assert await tunnel.layout() == ShardLayout(3, alone=False)
                reader, writer = await tunnel.dial(2)
                writer.write(PING)
                assert await reader.readline() == b"+PONG\r\n"
                writer.close()
            assert len(await worker_accounts(broker.url)) <= 2  # an account for each shard, on the same server


async def test_worker_of_one_server_gets_no_number_of_shards(gateway: Tunnelled) -> None:
    _, key = await gateway.paired()
    async with Tunnel(carrier(gateway.url, key)) as tunnel:
        assert await tunnel.layout() == ShardLayout()


def test_broker_lost_during_a_write_ends_the_tunnel_quietly() -> None:
    """uvloop, which the gateway uses, raises ``RuntimeError`` for a write to a lost connection."""

    async def commands() -> AsyncIterator[aiohttp.WSMessage]:
        yield aiohttp.WSMessage(aiohttp.WSMsgType.BINARY, PING, None)

    async def carry() -> None:
        socket: Any = commands()
        async with lost_writer() as writer:
            await _up(socket, writer, CommandGate(known_scripts()))

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(carry())
