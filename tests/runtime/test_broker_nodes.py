"""The finder of primaries, asked of servers of the test that say what a sentinel or a node would say."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from backend.http.certificates import own_certificate, server_context
from protocol.broker_url import BrokerKind, BrokerNode, BrokerUrl, parse_broker_url, slot_of
from runtime.broker_nodes import BrokerNodes, NoPrimary, SlotRange, read_slots

NAMED = b"*2\r\n$9\r\n127.0.0.1\r\n$4\r\n1234\r\n"
SLOTS = b"*1\r\n*3\r\n:0\r\n:16383\r\n*2\r\n$1\r\nh\r\n:5\r\n"
HALF = b"*1\r\n*3\r\n:0\r\n:99\r\n*2\r\n$1\r\nh\r\n:5\r\n"


class Saying:
    """A server that answers each command by ``reply``, and notes what it was told."""

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
async def saying(
    reply: bytes | Callable[[bytes], bytes], tls: ssl.SSLContext | None = None
) -> AsyncIterator[Saying]:
    said = Saying(reply if callable(reply) else lambda data: reply)
    server = await asyncio.start_server(said.serve, "127.0.0.1", 0, ssl=tls)
    said.node = BrokerNode(*server.sockets[0].getsockname()[:2])
    async with server:
        yield said


def sentinels(*nodes: BrokerNode, password: str = "") -> BrokerNodes:
    return BrokerNodes(BrokerUrl(BrokerKind.SENTINEL, nodes, "", password, "kiki"), limit_s=5)


def cluster(*nodes: BrokerNode) -> BrokerNodes:
    return BrokerNodes(BrokerUrl(BrokerKind.CLUSTER, nodes), limit_s=5)


async def test_sentinel_names_the_primary() -> None:
    async with saying(NAMED) as sentinel:
        assert await sentinels(sentinel.node).primary("any") == BrokerNode("127.0.0.1", 1234)
        assert b"GET-MASTER-ADDR-BY-NAME" in sentinel.received[0] and b"kiki" in sentinel.received[0]


async def test_node_names_the_primary_of_a_slot_and_the_other_nodes() -> None:
    async with saying(SLOTS) as node:
        nodes = cluster(node.node)
        assert await nodes.primary("{0}") == BrokerNode("h", 5)


async def test_silent_node_is_outrun_by_another() -> None:
    async with saying(b"") as silent, saying(NAMED) as sentinel:
        assert await sentinels(silent.node, sentinel.node).primary("any") == BrokerNode("127.0.0.1", 1234)


async def test_slot_without_node_is_no_primary() -> None:
    async with saying(HALF) as node:
        with pytest.raises(NoPrimary, match=f"slot {slot_of('{0}')}"):
            await cluster(node.node).primary("{0}")


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (b"*-1\r\n", "watches no primary called 'kiki'"),
        (b"-ERR unknown command 'SENTINEL'\r\n", "it is no sentinel"),
        (b"-IDONTKNOW\r\n", "IDONTKNOW"),
        (b"HTTP/1.1 400\r\n\r\n", "does not speak the broker's protocol"),
    ],
)
async def test_unexpected_answer_is_reported(reply: bytes, said: str) -> None:
    async with saying(reply) as sentinel:
        with pytest.raises(NoPrimary, match=said):
            await sentinels(sentinel.node).primary("any")


async def test_server_without_cluster_is_reported() -> None:
    async with saying(b"-ERR This instance has cluster support disabled\r\n") as node:
        with pytest.raises(NoPrimary, match="write redis://"):
            await cluster(node.node).primary("any")


async def test_password_is_said_only_when_asked_for() -> None:
    def strict(data: bytes) -> bytes:
        return b"+OK\r\n" if b"AUTH" in data else NAMED if len(sentinel.received) > 2 else b"-NOAUTH no\r\n"

    async with saying(strict) as sentinel:
        assert await sentinels(sentinel.node, password="secret").primary("any") == BrokerNode("127.0.0.1", 1234)
        assert [b"secret" in one for one in sentinel.received] == [False, True, False]


async def test_refused_password_is_an_error_of_permission() -> None:
    async with saying(b"-NOAUTH no\r\n") as sentinel:
        with pytest.raises(PermissionError, match="NOAUTH"):
            await sentinels(sentinel.node).primary("any")


async def test_connections_made_together_ask_once() -> None:
    async with saying(NAMED) as sentinel:
        nodes = sentinels(sentinel.node)
        await asyncio.gather(*(nodes.primary("any") for _ in range(20)))
        assert len(sentinel.received) == 1
        await nodes.primary("any")
        assert len(sentinel.received) == 2


async def test_tls_is_for_the_question_and_for_the_connection(tmp_path: Path) -> None:
    made = own_certificate(tmp_path)
    async with saying(b"+PONG\r\n", server_context(made)) as primary:
        where = b"%d" % primary.node.port
        named = b"*2\r\n$9\r\n127.0.0.1\r\n$%d\r\n%s\r\n" % (len(where), where)
        async with saying(named, server_context(made)) as sentinel:
            url = f"rediss+sentinel://127.0.0.1:{sentinel.node.port}/kiki?ssl_ca_certs={made.certificate}"
            with pytest.raises(NoPrimary, match="CERTIFICATE_VERIFY_FAILED"):  # its certificate has another name
                await BrokerNodes(parse_broker_url(url)).dial("any")
            nodes = BrokerNodes(parse_broker_url(url + "&ssl_check_hostname=no"))
            reader, writer = await nodes.dial("any")
            writer.write(b"PING\r\n")
            assert await reader.readline() == b"+PONG\r\n"
            writer.close()


def test_node_that_names_no_host_is_where_it_was_asked() -> None:
    reply = [[0, 9, [None, 7, b"id"]], [10, 19, [b"", 8, b"id"], [b"replica", 9, b"id"]]]
    assert read_slots(reply, BrokerNode("h", 1)) == [
        SlotRange(0, 9, BrokerNode("h", 7)),
        SlotRange(10, 19, BrokerNode("h", 8)),
    ]
