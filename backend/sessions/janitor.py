"""Periodic cleaning of the queues: obsolete entries are removed, and each key's share is counted.

An entry is obsolete when its session is gone or its key was revoked. Sessions that no client can resume are
deleted too once their gateway is gone.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Set
from typing import Final

from backend.admission.admission import cost
from backend.admission.offered_models import Offers
from backend.broker.jobs import Jobs
from backend.broker.queues import PARTIALS, Queues, StreamEntry
from backend.core.errors import BrokerError
from backend.sessions.hub import Hub
from protocol.errors import ErrorCode
from protocol.job import TRANSIENT_GONE_MS
from runtime import loggers
from runtime.event_names import LogEvent

log = loggers.BACKEND_JANITOR

LOOK_S: Final = 0.5
ROUND_S: Final = 10.0
_REVOKED: Final = "the key of this session was revoked: pair the device again"
_GONE: Final = "the session is gone"


class Janitor:
    """Periodic cleaner of one gateway's broker. ``revoked`` returns the ids of revoked keys."""

    def __init__(self, jobs: Jobs, hub: Hub, revoked: Callable[[], Set[str]]) -> None:
        self._queues, self._jobs = Queues(jobs), jobs
        self._hub = hub
        self._revoked = revoked
        self._started = time.monotonic()
        self.rounds = 0
        self._unread = False

    async def run(self) -> None:
        """Clean at intervals until cancelled, and at once when a key is revoked."""
        known: Set[str] = frozenset()
        next_at = 0.0
        while True:
            revoked = frozenset(self._revoked())
            if revoked - known or time.monotonic() >= next_at:
                known, again = revoked, await self._round(revoked)
                next_at = time.monotonic() + (LOOK_S if again else ROUND_S)
            await asyncio.sleep(LOOK_S)

    async def _round(self, revoked: Set[str]) -> bool:
        """Clean once. Return whether entries were dropped; late ones may follow, so the next round comes soon."""
        for identity, hosted in tuple(self._hub.hosted.items()):
            if hosted.about.owner in revoked:
                self._hub.leave(identity, hosted)
        try:
            ages = await self._queues.tidy()
            self._hub.intake.offers = Offers(ages, time.monotonic() - self._started)
            dropped = await self._drop_useless(revoked)
            await self._discard_left()
        except BrokerError as error:
            if not self._unread:  # once per outage
                log.warning(LogEvent.QUEUE_UNREAD, error=str(error))
            self._unread = True
            return False
        self._unread = False
        self.rounds += 1
        if dropped:
            log.info(LogEvent.QUEUE_DROPPED, entries=dropped.total(), **dropped)
        return bool(dropped)

    async def _discard_left(self) -> None:
        """Delete transient sessions whose gateway was killed, and note those of this one."""
        own = [identity for identity, hosted in self._hub.hosted.items() if hosted.transient]
        left = await self._jobs.renew_transient(own)
        await asyncio.gather(*(self._jobs.discard(one, TRANSIENT_GONE_MS) for one in left))
        if left:
            log.info(LogEvent.SESSION_DISCARDED, sessions=len(left))

    async def _drop_useless(self, revoked: Set[str]) -> Counter[str]:
        queued, dropped = Counter[str](), Counter[str]()
        async for entry in self._queues.entries():
            if entry.owner and entry.owner not in revoked:
                queued[entry.owner] += 0 if entry.priority == PARTIALS else cost(entry.samples)
            elif await self._drop(entry):
                dropped["revoked" if entry.owner else "without_session"] += 1
        self._hub.intake.set_queued(queued)
        return dropped

    async def _drop(self, entry: StreamEntry) -> bool:
        code, why = (ErrorCode.UNAUTHORISED, _REVOKED) if entry.owner else (ErrorCode.NOT_FOUND, _GONE)
        return await self._queues.drop(entry, code, why)
