"""The broker's layout: the number of shards over which its data is split. The broker stores it once."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, NamedTuple, TypeVar

from backend.broker.connections import CONNECT_S, Connections
from backend.broker.errors import translate_errors
from backend.broker.server_info import check_is_meant, checked_version
from backend.core.errors import BrokerFailed, BrokerMismatch, BrokerUnreachable
from protocol.broker_url import BrokerKind
from protocol.job import MOST_SHARDS, SHARDS_KEY, Keys
from protocol.monitor import BrokerTrouble

_PAUSE_S: Final = 0.05
T = TypeVar("T")


class BrokerLayout(NamedTuple):
    """Number of shards, whether they are in a cluster, and the broker's version."""

    shards: int
    cluster: bool
    version: str

    def each(self) -> tuple[Keys, ...]:
        """Return the keys of each shard."""
        alone = self.shards == 1 and not self.cluster
        return tuple(Keys(shard, alone) for shard in range(self.shards))


async def agreed_layout(connections: Connections, where: str, wanted: int | None) -> BrokerLayout:
    """Wait for the broker at ``where``, check its version, and read the layout; the first gateway stores it.

    ``wanted``: the configured number of shards, if any. Raises ``BrokerError``.
    """
    async with connections.client(SHARDS_KEY) as client:

        async def ask() -> tuple[Mapping[str, Any], bytes]:
            info = await client.info("server")
            check_is_meant(info, connections.kind)
            stored: Any = await client.get(SHARDS_KEY)
            if stored is None:
                await client.set(SHARDS_KEY, wanted or 1, nx=True)
                stored = await client.get(SHARDS_KEY)
            return info, stored

        info, stored = await _answer(ask, where)
        version = checked_version(info)
    return BrokerLayout(_agreed_shards(stored, wanted), connections.kind is BrokerKind.CLUSTER, version)


def _agreed_shards(stored: bytes, wanted: int | None) -> int:
    shards = int(stored) if stored.isdigit() and len(stored) <= 4 else 0
    if not 0 < shards <= MOST_SHARDS:
        raise BrokerMismatch(f"the broker's {SHARDS_KEY} is no number of shards: is it a broker of kikipounamu?")
    if wanted not in (None, shards):
        raise BrokerMismatch(
            f"this broker's data is split over {shards} shards, this gateway is to use {wanted}: start it with "
            f"--shards {shards}; or, with empty queues, end all gateways and workers and delete {SHARDS_KEY}"
        )
    return shards


async def _answer(ask: Callable[[], Awaitable[T]], where: str) -> T:
    """Ask until the broker answers.

    Raises ``BrokerUnreachable`` after 5 s, or ``BrokerFailed`` if asking again is pointless.
    """
    trouble = reason = ""
    try:
        async with asyncio.timeout(CONNECT_S):
            while True:
                try:
                    with translate_errors():
                        return await ask()
                except BrokerUnreachable as error:
                    trouble, reason = error.trouble, str(error)
                if trouble == BrokerTrouble.DENIED:
                    refused = f"the broker at {where} refuses the user or the password of its address"
                    raise BrokerFailed(refused, trouble)
                await asyncio.sleep(_PAUSE_S)
    except TimeoutError as error:
        message = f"no broker answers at {where} within {CONNECT_S:g} s: is it running? {reason}".strip()
        if trouble == BrokerTrouble.LOADING:
            message = f"the broker at {where} still loads what it kept: wait for it, then try again"
        if trouble == BrokerTrouble.REPLICA:
            message = f"the broker at {where} is a replica: name its primary, or the sentinels that watch it"
        raise BrokerUnreachable(message, trouble) from error
