"""Live speech in the broker: pieces for streaming workers, and the reports of those workers."""

from collections.abc import Awaitable, Callable
from typing import Any, Final

from backend.broker.records import flat, is_queued, read_status
from backend.broker.writer import Command
from protocol.job import LIVE_GONE_MS, LIVE_STALE_MS, Job, Keys
from protocol.monitor import WorkerStatus

_MOST_ENTRIES: Final = 256
"""Limit of pieces in one stream. Each has a few seconds at most, so that all fit into the memory for partials."""


def piece_command(keys: Keys, job: Job, inbox: str, model: str) -> Command:
    """Return the command that sends a piece to the worker ``inbox``, or to any with ``model``.

    Its result is true if a worker reads the stream.
    """
    stream = keys.inbox(inbox) if inbox else keys.live(model)
    # Names no stream of jobs, so that the script counts none.
    arguments = (1, _MOST_ENTRIES, LIVE_STALE_MS, *flat(job))
    return Command("hypothesise", [stream], arguments, is_queued, len(job.pcm), optional=True)


async def streaming_workers(run_script: Callable[..., Awaitable[Any]], keys: Keys) -> tuple[WorkerStatus, ...]:
    """Return the status of every streaming worker that still reports it. Raises ``BrokerError``."""
    statuses = await run_script("streamers", (keys.streamers,), (LIVE_GONE_MS,))
    return tuple(known for status in statuses if (known := read_status(status)))
