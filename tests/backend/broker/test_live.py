"""Live speech in the broker, on every installed kind: for workers that are there, never on disk."""

from typing import Any

from backend.broker.live import streaming_workers
from protocol.job import LIVE_GONE_MS, Job, JobKind, Keys, decode_job, encode_status
from protocol.monitor import WorkerState, WorkerStatus
from tests.backend.broker_setting import Setting, job

KEYS = Keys()
STATUS = WorkerStatus("w", "h", "e", "m", "cpu", WorkerState.IDLE, kinds=("stream",))


def piece(samples: int = 100) -> Job:
    """Return a piece of live speech."""
    return job(0, samples, kind=JobKind.STREAM)


async def test_piece_goes_to_a_stream_that_a_worker_keeps(at: Setting) -> None:
    assert not await at.jobs.stream(piece(), "", "m")
    assert not await at.jobs.stream(piece(), "w", "m")
    assert not await at.redis.exists(KEYS.live("m"), KEYS.inbox("w"))
    for stream in (KEYS.live("m"), KEYS.inbox("w")):
        await at.redis.xdel(stream, await at.redis.xadd(stream, {"made": "1"}))
    assert await at.jobs.stream(piece(), "", "m")
    assert await at.jobs.stream(piece(200), "w", "m")
    redis: Any = at.redis
    ((_, shared),) = await redis.xrange(KEYS.live("m"))
    ((_, own),) = await redis.xrange(KEYS.inbox("w"))
    assert (decode_job(shared), decode_job(own)) == (piece(), piece(200))
    assert await at.backlog() == 0


async def test_pieces_are_bounded_in_number(at: Setting) -> None:
    await at.redis.xdel(KEYS.live("m"), await at.redis.xadd(KEYS.live("m"), {"made": "1"}))
    sent = [await at.jobs.stream(piece(1), "", "m") for _ in range(260)]
    assert sent == [True] * 256 + [False] * 4


async def test_streaming_workers_are_seen_while_they_report(at: Setting) -> None:
    seconds, microseconds = await at.redis.time()
    now = seconds * 1000 + microseconds // 1000
    for name, ago_ms in (("here", 0), ("gone", LIVE_GONE_MS + 1), ("of a clock set back", -3_600_000)):
        status = encode_status(STATUS).replace(b'"at_ms":0', b'"at_ms":%d' % (now - ago_ms))
        await at.redis.hset(KEYS.streamers, name, status)
    await at.redis.hset(KEYS.streamers, "odd", b"[]")
    (known,) = await streaming_workers(at.jobs.shards[0].run_script, KEYS)
    assert (known.worker, known.kinds, known.at_ms) == ("w", ("stream",), now)
    survey = await at.jobs.survey()
    assert survey.streamers == (known,) and not survey.workers
