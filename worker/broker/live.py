"""The broker's side of live text, for a streaming worker. Nothing of it stays in the broker for over a second.

The worker has a stream of its own, for sessions whose state it has, and reads streams that it shares with other
workers of its model. All of them end when it stops renewing them.
"""

from collections.abc import Sequence
from typing import Any, Final

from protocol.audio import BYTES_PER_SAMPLE
from protocol.errors import MalformedMessage
from protocol.job import (
    LIVE_GONE_MS,
    LIVE_STALE_MS,
    Job,
    JobKind,
    LiveAnswer,
    decode_job,
    encode_notice,
    encode_status,
)
from protocol.monitor import WorkerStatus
from worker.broker.jobs import ShardJobs

_MOST_PIECES: Final = 256
_MOST_ANSWERS: Final = 8  # in one call, because a tunnel limits the keys of a call


class LiveJobs(ShardJobs):
    """Pieces of live speech of one shard, and the answers to them."""

    async def renew_streams(self, model: str, status: WorkerStatus) -> None:
        """Report the status, and extend the lifetime of the streams."""
        streams = (self._keys.streamers, *self._names(model))
        await self._run("alive", streams, (self._worker, LIVE_GONE_MS, encode_status(status)))

    async def leave_streams(self) -> None:
        """Delete this worker's stream and status: gateways then ask another worker at once."""
        streams = (self._keys.streamers, self._keys.inbox(self._worker))
        await self._run("alive", streams, (self._worker, 0, ""))

    async def pieces(self, model: str, places: int) -> list[Job]:
        """Take the pieces that wait: of followed sessions, and of up to ``places`` others."""
        most = (_MOST_PIECES, places)[: 1 + bool(places)]
        names = self._names(model)[: len(most)]
        reply = await self._run("feeds", names, (LIVE_STALE_MS, *most))
        return [job for _, _, _, flat in reply[1] if (job := _piece(flat)) is not None]

    async def piece_waits(self, block_ms: int, model: str, others: bool) -> bool:
        """Wait up to ``block_ms`` for a piece, and leave it there. ``others``: also for one of another session."""
        streams: dict[Any, Any] = dict.fromkeys(self._names(model)[: 1 + others], "0")
        async with self._translate_errors("piece_waits"):
            return bool(await self._redis.xread(streams, count=1, block=block_ms))

    def _names(self, model: str) -> tuple[str, str]:
        """Return the worker's own stream, and the one that it shares with other workers of its model."""
        return self._keys.inbox(self._worker), self._keys.live(model)

    async def answer(self, answers: Sequence[LiveAnswer]) -> int:
        """Publish answers, and return how many were wanted."""
        wanted = 0
        for first in range(0, len(answers), _MOST_ANSWERS):
            some = answers[first : first + _MOST_ANSWERS]
            sessions = [self._keys.session(answer.session) for answer in some]
            notices = [encode_notice(answer) for answer in some]
            wanted += int(await self._run("answers", sessions, notices))
        return wanted


def _piece(flat: Sequence[bytes]) -> Job | None:
    """Return the job in a stream entry, unless it is no piece of live speech."""
    try:
        job = decode_job(dict(zip(flat[::2], flat[1::2], strict=True)))
    except MalformedMessage:
        return None
    whole = 0 < len(job.pcm) <= job.samples * BYTES_PER_SAMPLE and not len(job.pcm) % BYTES_PER_SAMPLE
    return job if job.kind is JobKind.STREAM and whole else None
