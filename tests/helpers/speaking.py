"""Simulate speakers who speak while a test disturbs the chain, and check their sessions."""

import asyncio
import sys
from collections.abc import Callable, Sequence
from uuid import UUID

from client.connection import Locate
from client.gateway import ClientSettings
from loadtest.scenarios.sessions import SessionPlan, Summary, run_sessions
from loadtest.speakers.speaker import new_session
from protocol.job import shard_of


def session_in(shard: int, shards: int) -> UUID:
    """Return the id of a new session in one of so many shards."""
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
) -> list[Summary]:
    """Run sessions of ``seconds`` each until ``enough``, and wait for all their results."""
    summaries: list[Summary] = []
    while not enough.is_set():
        plan = SessionPlan(1, seconds, seed=1000 * seed + len(summaries))
        summaries.append(await run_sessions(plan, locate, client, identify))
    return summaries


def check(people: Sequence["asyncio.Task[list[Summary]]"], after: str) -> None:
    """Print the results, and assert that no segment was lost, doubled or changed."""
    summaries = [summary for one in people for summary in one.result()]
    right, segments = sum(one.right for one in summaries), sum(one.segments for one in summaries)
    sys.stdout.write(f"{after}: {right} of {segments} digests right in {len(summaries)} sessions, ")
    sys.stdout.write(f"{sum(one.twice for one in summaries)} twice\n")
    assert all(one.flawless for one in summaries), [one.complaints for one in summaries if not one.flawless]
