"""Hypothesis requests in the broker, on every installed kind: few, recent, never on disk, behind jobs."""

from pathlib import Path
from typing import Any

import pytest

from backend.broker.jobs import open_jobs
from backend.core.limits import PARTIALS_ENTRIES
from protocol.job import STALE_MS, Hypothesis, Job, JobKind, Keys
from protocol.recognition import Options
from tests.backend.broker_setting import Setting, job, listening, on
from tests.backend.fake_worker import FakeWorker
from tests.helpers.valkey import Broker, binaries, running_broker
from tests.helpers.waiting import wait_until

PARTIALS = Keys().partials()
MARK = b"this audio must not be on disk"


def question(samples: int = 100, **options: Any) -> Job:
    return job(0, samples, kind=JobKind.HYPOTHESISE, options=Options(**options))


async def test_hypothesis_is_published_and_not_stored(at: Setting) -> None:
    await at.worker.announce()
    async with listening(at.jobs) as notices:
        assert await at.jobs.hypothesise(question(), 1)
        await at.worker.answer_hypotheses(lambda asked: f"{asked.samples} of them")
        await wait_until(lambda: notices, "a notice")
    assert notices == [Hypothesis("s", 0, "100 of them", 0, 100)]
    assert at.worker.hypotheses == [question()]
    assert (await at.entries(PARTIALS), await at.field("result:0"), await at.backlog()) == (0, None, 0)


async def test_request_is_refused_without_worker(at: Setting) -> None:
    await at.worker.announce()
    assert not await at.jobs.hypothesise(question(model="unheard-of"), 1)
    assert await at.redis.exists(Keys().partials("unheard-of")) == 0


async def test_request_is_refused_while_jobs_fill_all_slots(at: Setting) -> None:
    await at.worker.announce()
    await at.jobs.submit(job(1))
    assert not await at.jobs.hypothesise(question(), 1)
    assert await at.jobs.hypothesise(question(), 2)
    await at.redis.xgroup_create(Keys().partials("m"), "workers", id="0-0", mkstream=True)
    assert not await at.jobs.hypothesise(question(model="m"), 1)
    await at.recognise()
    assert await at.jobs.hypothesise(question(model="m"), 1)


async def test_requests_are_bounded_in_number_and_age(at: Setting) -> None:
    await at.worker.announce()
    asked = [await at.jobs.hypothesise(question(10), 1) for _ in range(PARTIALS_ENTRIES + 5)]
    assert asked == [True] * PARTIALS_ENTRIES + [False] * 5
    old: Any = {"session": "s"}
    now = int((await at.redis.time())[0]) * 1000
    await at.redis.xtrim(PARTIALS, maxlen=0)
    await at.redis.xgroup_destroy(PARTIALS, "workers")
    await at.redis.delete(PARTIALS)
    for n in range(PARTIALS_ENTRIES):
        await at.redis.xadd(PARTIALS, old, id=f"{now - STALE_MS - 1_000}-{n}")
    assert await at.jobs.hypothesise(question(10), 1)
    assert await at.entries(PARTIALS) == 1


async def test_full_broker_refuses_request_without_blocking_others(at: Setting) -> None:
    await at.worker.announce()
    await at.redis.config_set("maxmemory", "1")
    refused = at.jobs.hypothesise(question(), 1)
    assert await at.jobs.confirm_received("s", 0)
    await wait_until(refused.done, "a reply")
    assert refused.exception() is not None and at.jobs.up


@pytest.mark.parametrize("kind", sorted(binaries()))
async def test_audio_of_requests_is_never_written_to_disk(kind: str, tmp_path: Path) -> None:
    kept = ("--appendonly", "yes", "--dir", str(tmp_path))
    audio = Job("s", 0, MARK, len(MARK) // 2, kind=JobKind.HYPOTHESISE)
    with running_broker(binaries()[kind], *kept) as broker:
        async with on(broker) as at:
            await at.worker.announce()
            await at.jobs.attach("s", "o", resume=False)
            assert await at.jobs.hypothesise(audio, 1)
            await at.worker.answer_hypotheses(lambda asked: "heard")
            assert [asked.pcm for asked in at.worker.hypotheses] == [MARK]
            assert await at.jobs.hypothesise(audio, 1)
            await at.redis.set("after", "all of this")  # a busy disk delays this write by up to two seconds
            await wait_until(lambda: _holds(tmp_path, b"all of this"), "everything is on disk")
    assert not _holds(tmp_path, MARK) and _holds(tmp_path, b"XGROUP")
    with running_broker(binaries()[kind], *kept) as again:
        await _works(again)


def _holds(folder: Path, what: bytes) -> bool:
    return any(what in file.read_bytes() for file in folder.rglob("*") if file.is_file())


async def _works(broker: Broker) -> None:
    """Check that the append-only file is readable and new requests are answered."""
    worker = FakeWorker(broker.url)
    async with open_jobs(broker.url, "g") as jobs, worker.redis:
        assert await jobs.hypothesise(question(), 1)
        await worker.answer_hypotheses(lambda asked: "heard")
        assert worker.hypotheses == [question()]
