"""The streaming worker's scripts against real brokers."""

from collections.abc import AsyncIterator

import pytest
from msgspec.structs import replace

from protocol.job import LIVE_GONE_MS, LIVE_STALE_MS, Gap, Hypothesis, Job, JobKind, decode_status
from protocol.monitor import WorkerState, WorkerStatus
from tests.helpers.valkey import Broker
from tests.worker.scripts import KEYS, SESSION, GatewaySide, fields_of, job
from worker.broker.live import LiveJobs
from worker.core.errors import BrokerError

STATUS = WorkerStatus("w", "h", "e", "m", "cpu", WorkerState.IDLE, kinds=("stream",))
INBOX, SHARED = KEYS.inbox("w"), KEYS.live("m")
SECOND = "7d1f3f3e-0000-4000-8000-000000000002"


def piece(begin: int, end: int) -> Job:
    """Return the samples from ``begin`` to ``end`` of a segment."""
    return replace(job(0, end - begin), samples=end, kind=JobKind.STREAM)


@pytest.fixture
async def live(any_broker: Broker) -> AsyncIterator[LiveJobs]:
    """Yield the broker side of the streaming worker ``w`` with the model ``m``."""
    jobs = LiveJobs(any_broker.url, "w", KEYS)
    async with jobs:
        await jobs.renew_streams("m", STATUS)
        yield jobs


async def test_streams_and_status_exist_while_the_worker_says_so(other: GatewaySide, live: LiveJobs) -> None:
    for stream in (INBOX, SHARED):
        assert await other.redis.xlen(stream) == 0 and await other.redis.exists(stream)
        assert 0 < await other.redis.pttl(stream) <= LIVE_GONE_MS
    (status,) = await other.redis.hvals(KEYS.streamers)
    assert replace(decode_status(status), at_ms=0) == STATUS
    assert decode_status(status).at_ms > 0
    await live.leave_streams()
    assert not await other.redis.exists(INBOX) and not await other.redis.exists(KEYS.streamers)
    assert await other.redis.exists(SHARED), "other workers may read it"


async def test_pieces_are_taken_once_and_stale_ones_never(other: GatewaySide, live: LiveJobs) -> None:
    for number in range(3):
        await other.ask(piece(number, number + 1), SHARED)
    own = await other.ask(piece(7, 9), INBOX)
    await other.redis.xdel(INBOX, own)
    await other.ask(piece(7, 9), INBOX, age_ms=-60_000)
    assert await live.piece_waits(5_000, "m", others=True)
    assert [one.samples for one in await live.pieces("m", 2)] == [9, 1, 2]
    assert await live.pieces("m", 0) == [] and not await live.piece_waits(1, "m", others=False)
    assert [one.samples for one in await live.pieces("m", 2)] == [3]
    assert not await live.piece_waits(1, "m", others=True)


async def test_stale_and_malformed_pieces_are_dropped(other: GatewaySide, live: LiveJobs) -> None:
    await other.redis.delete(SHARED)
    await other.ask(piece(0, 1), SHARED, age_ms=LIVE_STALE_MS + 1_000)
    await other.redis.xadd(SHARED, {"session": "?"})
    for wrong in (replace(piece(0, 5), kind=JobKind.HYPOTHESISE), replace(piece(0, 5), samples=4)):
        await other.redis.xadd(SHARED, fields_of(wrong))
    await other.redis.xadd(SHARED, fields_of(replace(piece(0, 5), pcm=b"odd")))
    assert await live.pieces("m", 9) == []
    assert await other.redis.xlen(SHARED) == 0


async def test_answers_reach_the_gateways_of_unfinished_segments(other: GatewaySide, live: LiveJobs) -> None:
    await other.attach(SECOND)
    await other.submit(job(1, session=SECOND))
    said = Hypothesis(SESSION, 3, "早上好", 1, 320, "w")
    async with other.listening() as heard:
        complete = Hypothesis(SECOND, 1, "too late", 0, 160, "w")
        assert await live.answer([said, Gap(SECOND, 0, 160, 2, "w"), complete]) == 2
        assert [await heard(), await heard()] == [said, Gap(SECOND, 0, 160, 2, "w")]
        assert await live.answer([replace(said, segment=number) for number in range(20)]) == 20


async def test_scripts_write_to_nothing_else(other: GatewaySide, live: LiveJobs) -> None:
    for script, keys, arguments in (
        ("feeds", (KEYS.jobs("interactive", "m"),), (0, 9)),
        ("alive", (KEYS.streamers, KEYS.backlog), ("w", 0, "")),
        ("alive", (KEYS.backlog, INBOX), ("w", 0, "")),
        ("alive", (KEYS.streamers, INBOX, KEYS.dead), ("w", 1, "{}")),
        ("alive", (KEYS.streamers, INBOX), ("w", 1, "{}")),
        ("answers", (KEYS.session(SESSION),), ('{"type":"result","segment":0,"text":""}',)),
        ("answers", (KEYS.backlog,), ('{"type":"gap","segment":0,"have":0}',)),
    ):
        with pytest.raises(BrokerError):
            await live._run(script, keys, arguments)
    assert await other.redis.exists(INBOX)
