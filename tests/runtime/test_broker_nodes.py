"""Finder of primaries, with servers that send the replies of a Sentinel or of a cluster node."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from backend.http.certificates import own_certificate, server_context
from protocol.broker_url import BrokerKind, BrokerNode, BrokerUrl, parse_broker_url, slot_of
from runtime.broker_nodes import BrokerNodes, NoPrimary, SlotRange, read_slots

PRIMARY = b"*2\r\n$9\r\n127.0.0.1\r\n$4\r\n1234\r\n"


def slots(first: int, last: int, node: BrokerNode) -> bytes:
    """Return the reply to CLUSTER SLOTS of a cluster with one node."""
    place = f"*2\r\n${len(node.host)}\r\n{node.host}\r\n:{node.port}\r\n"
    return f"*1\r\n*3\r\n:{first}\r\n:{last}\r\n{place}".encode()


class ReplyServer:
    """Server that answers each command by ``reply``, and records the commands."""

    def __init__(self, reply: Callable[[bytes], bytes]) -> None:
        self.received: list[bytes] = []
        self._reply = reply
        self.node = BrokerNode("", 0)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(4096):
            self.received.append(data)
            writer.write(self._reply(data))
        writer.close()


@asynccontextmanager
async def reply_server(
    reply: bytes | Callable[[bytes], bytes], tls: ssl.SSLContext | None = None
) -> AsyncIterator[ReplyServer]:
    scripted = ReplyServer(reply if callable(reply) else lambda data: reply)
    server = await asyncio.start_server(scripted.serve, "127.0.0.1", 0, ssl=tls)
    scripted.node = BrokerNode(*server.sockets[0].getsockname()[:2])
    async with server:
        yield scripted


def sentinels(*nodes: BrokerNode, password: str = "") -> BrokerNodes:
    return BrokerNodes(BrokerUrl(BrokerKind.SENTINEL, nodes, "", password, "kiki"), limit_s=5)


def cluster(*nodes: BrokerNode) -> BrokerNodes:
    return BrokerNodes(BrokerUrl(BrokerKind.CLUSTER, nodes), limit_s=5)


async def test_sentinel_names_the_primary() -> None:
    async with reply_server(PRIMARY) as sentinel:
        assert await sentinels(sentinel.node).primary("any") == BrokerNode("127.0.0.1", 1234)
        assert b"GET-MASTER-ADDR-BY-NAME" in sentinel.received[0] and b"kiki" in sentinel.received[0]


async def test_cluster_node_names_the_primary_of_a_slot() -> None:
    async with reply_server(slots(0, 16_383, BrokerNode("h", 5))) as node:
        assert await cluster(node.node).primary("{0}") == BrokerNode("h", 5)


async def test_nodes_that_a_cluster_names_answer_when_the_first_has_gone() -> None:
    async with reply_server(slots(0, 16_383, BrokerNode("h", 5))) as other:
        async with reply_server(slots(0, 16_383, other.node)) as first:
            nodes = cluster(first.node)
            assert await nodes.primary("{0}") == other.node
        assert await nodes.primary("{0}") == BrokerNode("h", 5)


async def test_silent_node_does_not_delay_the_answer_of_another() -> None:
    async with reply_server(b"") as silent, reply_server(PRIMARY) as sentinel:
        assert await sentinels(silent.node, sentinel.node).primary("any") == BrokerNode("127.0.0.1", 1234)


async def test_slot_without_node_raises_no_primary() -> None:
    async with reply_server(slots(0, 99, BrokerNode("h", 5))) as node:
        with pytest.raises(NoPrimary, match=f"slot {slot_of('{0}')}"):
            await cluster(node.node).primary("{0}")


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        (b"*-1\r\n", "watches no primary called 'kiki'"),
        (b"-ERR unknown command 'SENTINEL'\r\n", "it is no sentinel"),
        (b"-IDONTKNOW\r\n", "IDONTKNOW"),
        (b"HTTP/1.1 400\r\n\r\n", "does not speak the broker's protocol"),
    ],
)
async def test_unexpected_reply_raises_no_primary_with_its_reason(reply: bytes, message: str) -> None:
    async with reply_server(reply) as sentinel:
        with pytest.raises(NoPrimary, match=message):
            await sentinels(sentinel.node).primary("any")


async def test_server_without_cluster_support_raises_error_with_advice() -> None:
    async with reply_server(b"-ERR This instance has cluster support disabled\r\n") as node:
        with pytest.raises(NoPrimary, match="write redis://"):
            await cluster(node.node).primary("any")


async def test_password_is_sent_only_after_the_server_demands_it() -> None:
    def strict(data: bytes) -> bytes:
        return b"+OK\r\n" if b"AUTH" in data else PRIMARY if len(sentinel.received) > 2 else b"-NOAUTH no\r\n"

    async with reply_server(strict) as sentinel:
        assert await sentinels(sentinel.node, password="secret").primary("any") == BrokerNode("127.0.0.1", 1234)
        assert [b"secret" in command for command in sentinel.received] == [False, True, False]


async def test_missing_password_raises_permission_error() -> None:
    async with reply_server(b"-NOAUTH no\r\n") as sentinel:
        with pytest.raises(PermissionError, match="NOAUTH"):
            await sentinels(sentinel.node).primary("any")


async def test_simultaneous_connections_share_one_query() -> None:
    async with reply_server(PRIMARY) as sentinel:
        nodes = sentinels(sentinel.node)
        await asyncio.gather(*(nodes.primary("any") for _ in range(20)))
        assert len(sentinel.received) == 1
        await nodes.primary("any")
        assert len(sentinel.received) == 2


async def test_tls_protects_both_the_query_and_the_connection(tmp_path: Path) -> None:
    certificate = own_certificate(tmp_path)
    async with reply_server(b"+PONG\r\n", server_context(certificate)) as primary:
        where = b"%d" % primary.node.port
        named = b"*2\r\n$9\r\n127.0.0.1\r\n$%d\r\n%s\r\n" % (len(where), where)
        async with reply_server(named, server_context(certificate)) as sentinel:
            url = f"rediss+sentinel://127.0.0.1:{sentinel.node.port}/kiki?ssl_ca_certs={certificate.certificate}"
            with pytest.raises(NoPrimary, match="CERTIFICATE_VERIFY_FAILED"):  # its certificate has another name
                await BrokerNodes(parse_broker_url(url)).dial("any")
            nodes = BrokerNodes(parse_broker_url(url + "&ssl_check_hostname=no"))
            reader, writer = await nodes.dial("any")
            writer.write(b"PING\r\n")
            assert await reader.readline() == b"+PONG\r\n"
            writer.close()


def test_node_without_host_is_at_the_replying_host() -> None:
    reply = [[0, 9, [None, 7, b"id"]], [10, 19, [b"", 8, b"id"], [b"replica", 9, b"id"]]]
    assert read_slots(reply, BrokerNode("h", 1)) == [
        SlotRange(0, 9, BrokerNode("h", 7)),
        SlotRange(10, 19, BrokerNode("h", 8)),
    ]
