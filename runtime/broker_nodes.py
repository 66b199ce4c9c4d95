"""Finder of the current primary: it asks Sentinels, or the nodes of a Redis Cluster.

Each connection asks again, so after a failover it is enough to reconnect.
"""

import asyncio
import random
import ssl
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Any, Final, NamedTuple, TypeVar

from hiredis import HiredisError, Reader, pack_command

from protocol.broker_url import BrokerKind, BrokerNode, BrokerTls, BrokerUrl, slot_of
from runtime.tasks import cancel_and_wait, loop_time

ASK_S: Final = 1.0
_NODES_ASKED: Final = 3
"""Nodes asked at once. They are drawn anew each time, so a node that missed a failover does not block for ever."""
_MOST_KNOWN: Final = 64
_READ_BYTES: Final = 64 * 1024
_DENIED: Final = ("NOAUTH", "WRONGPASS", "NOPERM")
_ADVICE: Final = {
    "cluster support disabled": "it belongs to no cluster: write redis://HOST:PORT",
    "unknown command": "it is no sentinel: name the sentinels, or write redis://HOST:PORT",
}
T = TypeVar("T")


class NoPrimary(OSError):
    """Absence of a primary: no asked server knows one at this moment."""


class SlotRange(NamedTuple):
    """Slots of a cluster, both ends included, and the node that has them."""

    first: int
    last: int
    primary: BrokerNode


class BrokerNodes:
    """Finder for one address. Connections that a process opens at the same time share one query.

    Raises ``ValueError`` if a file for TLS cannot be used.
    """

    def __init__(self, url: BrokerUrl, limit_s: float = ASK_S) -> None:
        self._url = url
        self._tls = client_context(url.tls) if url.tls else None
        self._limit_s = limit_s
        self._known = url.nodes
        self._slots: Sequence[SlotRange] = ()
        self._refreshed_at = float("-inf")
        self._refresh_lock = asyncio.Lock()

    async def primary(self, key: str) -> BrokerNode:
        """Return the node that takes commands on ``key`` now.

        Raises ``NoPrimary``, or ``PermissionError`` if the user or the password is refused.
        """
        called_at = loop_time()
        async with self._refresh_lock:
            if self._refreshed_at < called_at:
                await self._refresh()
                self._refreshed_at = loop_time()
        slot = slot_of(key)
        for first, last, primary in self._slots:
            if first <= slot <= last:
                return primary
        raise NoPrimary(f"no node of the cluster has slot {slot} now")

    async def dial(self, key: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Connect to the primary of ``key``. Raises ``OSError``."""
        return await asyncio.open_connection(*await self.primary(key), ssl=self._tls)

    async def _refresh(self) -> None:
        if self._url.kind is BrokerKind.SENTINEL:
            self._slots = await self._first(self._ask_sentinel)
            return
        self._slots = await self._first(self._ask_cluster)
        learned = (slots.primary for slots in self._slots)
        self._known = tuple(dict.fromkeys((*self._url.nodes, *learned)))[:_MOST_KNOWN]

    async def _first(self, ask: Callable[[BrokerNode], Awaitable[T]]) -> T:
        """Return the first answer of some nodes. Raises ``NoPrimary`` or ``PermissionError`` with all reasons."""
        reasons: dict[BrokerNode, OSError] = {}

        async def answer(node: BrokerNode) -> T | None:
            try:
                return await ask(node)
            except OSError as error:
                reasons[node] = error
                return None

        nodes = random.sample(self._known, min(_NODES_ASKED, len(self._known)))
        tasks = [asyncio.ensure_future(answer(node)) for node in nodes]
        try:
            with suppress(TimeoutError):
                for found in asyncio.as_completed(tasks, timeout=self._limit_s):
                    if (answered := await found) is not None:
                        return answered
        finally:
            await cancel_and_wait(tasks)
        explanation = "; ".join(f"{node.host}:{node.port}: {reasons.get(node, 'no answer')}" for node in nodes)
        if any(isinstance(reason, PermissionError) for reason in reasons.values()):
            raise PermissionError(explanation)
        raise NoPrimary(explanation)

    async def _ask_sentinel(self, sentinel: BrokerNode) -> Sequence[SlotRange]:
        named = await self._ask(sentinel, "SENTINEL", "GET-MASTER-ADDR-BY-NAME", self._url.master)
        if named is None:
            raise NoPrimary(f"it watches no primary called {self._url.master!r}")
        host, port = named
        return [SlotRange(0, 1 << 14, BrokerNode(host.decode(), int(port)))]

    async def _ask_cluster(self, node: BrokerNode) -> Sequence[SlotRange]:
        return read_slots(await self._ask(node, "CLUSTER", "SLOTS"), node)

    async def _ask(self, node: BrokerNode, *command: str) -> Any:
        """Return the reply to one command. Raises ``OSError``."""
        reader, writer = await asyncio.open_connection(*node, ssl=self._tls)
        try:
            replies = Reader()
            reply = await _reply(reader, writer, replies, command)
            if isinstance(reply, HiredisError) and str(reply).startswith("NOAUTH") and self._url.password:
                login = [word for word in (self._url.user, self._url.password) if word]
                reply = await _reply(reader, writer, replies, ["AUTH", *login])
                if not isinstance(reply, HiredisError):
                    reply = await _reply(reader, writer, replies, command)
            if isinstance(reply, HiredisError):
                raise (PermissionError if str(reply).startswith(_DENIED) else NoPrimary)(_with_advice(str(reply)))
            return reply
        except HiredisError as error:
            raise NoPrimary(f"it does not speak the broker's protocol: {error}") from error
        finally:
            writer.close()


def client_context(tls: BrokerTls) -> ssl.SSLContext:
    """Return the context of TLS connections to a broker. Raises ``ValueError``."""
    try:
        context = ssl.create_default_context(cafile=tls.authorities or None)
        if tls.certificate:
            context.load_cert_chain(tls.certificate, tls.private_key or None, password=lambda: b"")
    except OSError as error:
        names = ", ".join(filter(None, tls[:3]))
        raise ValueError(
            f"{names}: no PEM files of certificates and their key that can be read: {error}"
        ) from error
    context.check_hostname = not tls.any_name
    return context


def _with_advice(error: str) -> str:
    return next((f"{error}; {advice}" for part, advice in _ADVICE.items() if part in error.lower()), error)


async def _reply(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, replies: Reader, command: Sequence[str]
) -> Any:
    words: Any = tuple(command)  # hiredis's type stubs accept only tuples of one
    writer.write(pack_command(words))
    while (reply := replies.gets()) is False:
        if not (data := await reader.read(_READ_BYTES)):
            raise ConnectionError("the connection was closed")
        replies.feed(data)
    return reply


def read_slots(reply: Sequence[Any], replied: BrokerNode) -> list[SlotRange]:
    """Parse a reply of CLUSTER SLOTS. A node without a host is at the host that replied."""
    return [
        SlotRange(
            int(first), int(last), BrokerNode(host.decode() if host and host != b"?" else replied.host, int(port))
        )
        for first, last, (host, port, *_), *_ in reply
    ]
