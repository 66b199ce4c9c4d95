"""Simulate speakers who speak while a test disturbs the chain, and check their sessions."""

import asyncio
import sys
from collections.abc import Callable, Sequence
from uuid import UUID

from client.connection import Locate
from client.settings import ClientSettings
from loadtest.measurement.tally import Tally
from loadtest.scenarios.sessions import SessionPlan, run_sessions
from loadtest.speakers.speaker import new_session
from protocol.job import shard_of


def session_in(shard: int, shards: int) -> UUID:
    """Return the id of a new session in one of ``shards`` shards."""
    while shard_of(str(session := new_session()), shards) != shard:
        pass
    return session


async def speak(
    locate: Locate,
    client: ClientSettings,
    seed: int,
    seconds: float,
    enough: asyncio.Event,
    identify: Callable[[], UUID] = new_session,
) -> list[Tally]:
    """Run sessions of ``seconds`` each until ``enough``, and wait for all their results."""
    tallies: list[Tally] = []
    while not enough.is_set():
        plan = SessionPlan(1, seconds, seed=1000 * seed + len(tallies))
        tallies.append(await run_sessions(plan, locate, client, identify))
    return tallies


def check(people: Sequence["asyncio.Task[list[Tally]]"], after: str) -> None:
    """Print the results, and assert that no segment was lost, doubled or changed."""
    tallies = [tally for one in people for tally in one.result()]
    right, segments = sum(one.right for one in tallies), sum(one.segments for one in tallies)
    sys.stdout.write(f"{after}: {right} of {segments} digests right in {len(tallies)} sessions, ")
    sys.stdout.write(f"{sum(one.twice for one in tallies)} twice\n")
    assert all(one.flawless for one in tallies), [one.complaints for one in tallies if not one.flawless]
