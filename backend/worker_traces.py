"""Consumers and streams that workers made through the tunnel, and their removal once they are gone."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import structlog

from backend.errors import BrokerError
from backend.scripts import load_scripts
from backend.worker_accounts import Administer
from backend.worker_calls import Conduct
from runtime import logger_names

log = structlog.get_logger(logger_names.BACKEND_WORKER_TRACES)

TIDY_S: Final = 5.0
MOST_NAMES: Final = 32
"""New consumer names of one device within ``_NAMES_S``. A worker has one, from its start to its end."""
_NAMES_S: Final = 60.0
_MOST_WAITING: Final = 1024


@dataclass
class _Trace:
    """One consumer: whose it is, how many connections have its name, and the streams that they named."""

    device: str
    connections: int = 0
    streams: set[bytes] = field(default_factory=set)


class WorkerTraces:
    """Of one gateway process. ``clock`` tells seconds; ``administer`` runs a command as the gateway."""

    def __init__(self, administer: Administer, clock: Callable[[], float] = time.monotonic) -> None:
        self._administer = administer
        self._clock = clock
        self._script = load_scripts()["remove_workers"].source.decode()
        self._traces: dict[bytes, _Trace] = {}
        self._named_at: defaultdict[str, dict[bytes, float]] = defaultdict(dict)
        self._one_at_a_time = asyncio.Lock()

    def conduct(self, device: str) -> Conduct:
        """Return what is known of a new connection of ``device``: nothing yet."""
        return Conduct(lambda name: self._claim(device, name))

    async def ended(self, conduct: Conduct) -> None:
        """A connection is gone, and the broker knows it: remove what it made, unless another one has its name."""
        trace = self._traces.get(conduct.consumer)
        if trace is None:  # it was no consumer, and may have made streams all the same
            await self._remove_from(conduct.streams, b"")
            return
        trace.streams |= conduct.streams
        trace.connections -= 1
        if not trace.connections:
            await self._tidy(conduct.consumer)

    async def run(self) -> None:
        """Look again at consumers whose entries others have to claim first, until cancelled."""
        while True:
            await asyncio.sleep(TIDY_S)
            await self.tidy()

    async def tidy(self) -> None:
        """Look at them once."""
        for name in [name for name, trace in self._traces.items() if not trace.connections]:
            await self._tidy(name)

    def _claim(self, device: str, name: bytes) -> bool:
        """Return whether a connection of ``device`` may have this name, which is then counted."""
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
                return  # it has come back
            trace.streams = await self._remove_from(trace.streams, name)
            if self._is_unused(trace) and (not trace.streams or len(self._traces) > _MOST_WAITING):
                del self._traces[name]

    @staticmethod
    def _is_unused(trace: _Trace) -> bool:
        """Return whether no connection has the name; one may have come while the broker was asked."""
        return not trace.connections

    async def _remove_from(self, streams: set[bytes], name: bytes) -> set[bytes]:
        """Return the streams that have entries pending for the consumer, or that cannot be reached."""
        try:
            return {one for one in streams if await self._administer("EVAL", self._script, "1", one, name)}
        except BrokerError as error:
            log.warning("worker.not_removed", consumer=name.decode("utf-8", "replace"), reason=str(error))
            return set(streams)
