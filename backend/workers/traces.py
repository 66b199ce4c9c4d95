"""Removal of the consumers and streams that disconnected workers created through the tunnel."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable, Set
from dataclasses import dataclass, field
from typing import Final

from backend.broker.scripts import load_scripts
from backend.core.errors import BrokerError
from backend.workers.accounts import Administer
from backend.workers.calls import ConnectionState
from runtime import loggers
from runtime.event_names import LogEvent

log = loggers.BACKEND_WORKER_TRACES

TIDY_S: Final = 5.0
MOST_NAMES: Final = 32
"""Limit of new consumer names per device within ``_NAMES_S``. A worker keeps one name for its lifetime."""
_NAMES_S: Final = 60.0
_MOST_WAITING: Final = 1024


@dataclass
class _Trace:
    """A consumer: its device, the number of connections with its name, and the streams they named."""

    device: str
    connections: int = 0
    streams: set[bytes] = field(default_factory=set)


class WorkerTraces:
    """Consumers of one gateway process. ``clock`` returns seconds; ``administer`` runs commands as the gateway."""

    def __init__(self, administer: Administer, clock: Callable[[], float] = time.monotonic) -> None:
        self._administer = administer
        self._clock = clock
        self._script = load_scripts()["remove_workers"].source.decode()
        self._traces: dict[bytes, _Trace] = {}
        self._named_at: defaultdict[str, dict[bytes, float]] = defaultdict(dict)
        self._one_at_a_time = asyncio.Lock()

    def connection_state(self, device: str, clients: Set[int] = frozenset()) -> ConnectionState:
        """Return the initial state of a new connection of ``device``; ``clients``: the broker's ids of all."""
        return ConnectionState(lambda name: self._claim(device, name), clients)

    async def remove_traces(self, connection_state: ConnectionState) -> None:
        """Remove the traces of a closed connection in the broker, unless another connection has its name."""
        trace = self._traces.get(connection_state.consumer)
        if trace is None:  # not a consumer, but it may have created streams
            await self._remove_from(connection_state.streams, b"")
            return
        trace.streams |= connection_state.streams
        trace.connections -= 1
        if not trace.connections:
            await self._tidy(connection_state.consumer)

    async def run(self) -> None:
        """Retry consumers whose pending entries other workers must claim first, until cancelled."""
        while True:
            await asyncio.sleep(TIDY_S)
            await self.tidy()

    async def tidy(self) -> None:
        """Retry all consumers without connections once."""
        for name in [name for name, trace in self._traces.items() if not trace.connections]:
            await self._tidy(name)

    def _claim(self, device: str, name: bytes) -> bool:
        """Return whether a connection of ``device`` may use this name, and count the connection if so."""
        trace = self._traces.get(name)
        if trace is None:
            if not self._may_name(device, name):
                return False
            trace = self._traces[name] = _Trace(device)
        if trace.device != device:
            return False
        trace.connections += 1
        return True

    def _may_name(self, device: str, name: bytes) -> bool:
        now = self._clock()
        named = {one: at for one, at in self._named_at[device].items() if now - at < _NAMES_S}
        allowed = name in named or len(named) < MOST_NAMES
        self._named_at[device] = named | ({name: now} if allowed else {})
        return allowed

    async def _tidy(self, name: bytes) -> None:
        async with self._one_at_a_time:
            trace = self._traces.get(name)
            if trace is None or trace.connections:
                return  # a connection has this name again
            trace.streams = await self._remove_from(trace.streams, name)
            if self._is_unused(trace) and (not trace.streams or len(self._traces) > _MOST_WAITING):
                del self._traces[name]

    @staticmethod
    def _is_unused(trace: _Trace) -> bool:
        """Return whether no connection has the name; one may have claimed it during the removal."""
        return not trace.connections

    async def _remove_from(self, streams: set[bytes], name: bytes) -> set[bytes]:
        """Remove a consumer; return the streams with pending entries or without an answer."""
        try:
            return {one for one in streams if await self._administer("EVAL", self._script, "1", one, name)}
        except BrokerError as error:
            log.warning(LogEvent.WORKER_NOT_REMOVED, consumer=name.decode("utf-8", "replace"), reason=str(error))
            return set(streams)
