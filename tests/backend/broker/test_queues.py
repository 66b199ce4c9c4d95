"""Entries in the broker, read and removed one by one, on Redis and on Valkey."""

from typing import Any

import pytest

from backend.broker.queues import KeyQueue, Queues, StreamEntry, read_page, split, sum_by_key
from protocol.errors import ErrorCode
from protocol.job import WORKERS_KEY, Failure, JobKind, Keys, encode_job, encode_status
from protocol.monitor import WorkerState, WorkerStatus
from protocol.recognition import Options
from tests.backend.broker_setting import STREAM, Setting, job, listening
from tests.helpers.waiting import wait_until

BULK = Options(priority="bulk", model="m")


async def everything(at: Setting) -> list[StreamEntry]:
    return [entry async for entry in Queues(at.jobs).entries()]


class TestLooking:
    async def test_entries_of_all_streams_have_their_owner(self, at: Setting) -> None:
        await at.jobs.attach("t", "other", resume=False)
        await at.jobs.submit(job(0))
        await at.jobs.submit(job(1, samples=50, attempt=2, options=BULK))
        await at.worker.announce()
        assert await at.jobs.hypothesise(job(2, kind=JobKind.HYPOTHESISE), 9)
        found = await everything(at)
        assert [(one.priority, one.model, one.segment, one.attempt, one.samples) for one in found] == [
            ("bulk", "m", 1, 2, 50),
            ("interactive", "any", 0, 0, 100),
            ("partials", "any", 2, 0, 100),
        ]
        assert {one.owner for one in found} == {"o"} and all(one.bytes > 100 for one in found)

    async def test_entry_without_session_has_no_owner(self, at: Setting) -> None:
        await at.jobs.submit(job(0))
        await at.redis.delete(Keys().session("s"))
        (entry,) = await everything(at)
        assert entry.owner == ""

    async def test_entries_are_read_in_pages(self, at: Setting) -> None:
        for n in range(100):
            at.jobs.submit(job(n))
        await at.jobs.submit(job(100, samples=960_000))
        await at.jobs.submit(job(101, samples=960_000))
        assert [entry.segment for entry in await everything(at)] == list(range(102))

    @pytest.mark.parametrize(("most", "bytes_", "read"), [(9, 5_000, 2), (2, 100_000, 2), (9, 100_000, 3)])
    async def test_page_ends_after_its_entries_or_bytes(
        self, at: Setting, most: int, bytes_: int, read: int
    ) -> None:
        for n in range(3):
            await at.jobs.submit(job(n, samples=1_600))
        _, page = await at.jobs.shards[0].run_script("queue", (STREAM,), ("-", most, bytes_))
        assert len(page) == read

    async def test_entries_of_previous_version_or_without_owner_are_read(self, at: Setting) -> None:
        await at.redis.xadd(STREAM, {"session": "s", "segment": "3", "pcm": b"\x00" * 8, "samples": "4"})
        await at.redis.xadd(STREAM, {"nonsense": b"\xff"})
        await at.redis.hset(Keys().backlog, STREAM, 4)
        first, second = await everything(at)
        assert (first.owner, first.segment, first.attempt, first.samples) == ("o", 3, 0, 4)
        assert (second.owner, second.session, second.samples) == ("", "", 0)


class TestDropping:
    async def test_dropped_job_fails_and_notifies_its_gateway(self, at: Setting) -> None:
        async with listening(at.jobs) as notices:
            await at.jobs.submit(job(0))
            (entry,) = await everything(at)
            assert await Queues(at.jobs).drop(entry, ErrorCode.UNAUTHORISED, "revoked")
            await wait_until(lambda: notices, "it is reported")
        (failure,) = notices
        assert isinstance(failure, Failure)
        assert (failure.segment, failure.code, failure.message) == (0, ErrorCode.UNAUTHORISED, "revoked")
        assert (await at.field("end:0"), await at.field("job:0")) == ("failed 0", None)
        assert (await at.entries(), await at.backlog()) == (0, 0)
        assert not await Queues(at.jobs).drop(entry, ErrorCode.UNAUTHORISED, "revoked")

    async def test_dropped_job_cannot_be_finished_by_its_worker(self, at: Setting) -> None:
        await at.jobs.submit(job(0))
        taken = await at.worker.take()
        assert taken is not None
        (entry,) = await everything(at)
        assert await Queues(at.jobs).drop(entry, ErrorCode.UNAUTHORISED, "revoked")
        assert not await at.worker.finish(*taken, at.worker.recognise(taken[1]))
        assert await at.field("end:0") == "failed 0"

    async def test_dropping_replaced_entry_leaves_segment_unchanged(self, at: Setting) -> None:
        await at.jobs.submit(job(0))
        (entry,) = await everything(at)
        await at.redis.hset(Keys().session("s"), "job:0", f"1 9-9 {STREAM}")
        assert await Queues(at.jobs).drop(entry, ErrorCode.UNAUTHORISED, "revoked")
        assert (await at.field("end:0"), await at.field("job:0")) == (None, f"1 9-9 {STREAM}")
        assert await at.backlog() == 0

    async def test_speculation_is_dropped_without_failing_its_segment(self, at: Setting) -> None:
        await at.worker.announce()
        assert await at.jobs.speculate(job(0, kind=JobKind.SPECULATE), 1)
        (entry,) = await everything(at)
        assert await Queues(at.jobs).drop(entry, ErrorCode.UNAUTHORISED, "revoked")
        assert (await at.field("spec:0"), await at.field("end:0"), await at.backlog()) == (None, None, 0)

    async def test_dropping_orphan_creates_no_session(self, at: Setting) -> None:
        await at.jobs.submit(job(0))
        await at.redis.delete(Keys().session("s"))
        (entry,) = await everything(at)
        assert await Queues(at.jobs).drop(entry, ErrorCode.NOT_FOUND, "gone")
        assert await at.redis.exists(Keys().session("s")) == 0
        assert (await at.entries(), await at.backlog()) == (0, 0)

    async def test_dropping_partial_leaves_backlog_unchanged(self, at: Setting) -> None:
        await at.worker.announce()
        await at.jobs.hypothesise(job(0, kind=JobKind.HYPOTHESISE), 9)
        (entry,) = await everything(at)
        assert await Queues(at.jobs).drop(entry, ErrorCode.NOT_FOUND, "gone")
        assert not await everything(at)
        assert await at.redis.hget(Keys().backlog, Keys().partials()) is None


class TestTidying:
    async def test_offered_models_are_remembered_after_their_workers_left(self, at: Setting) -> None:
        queues = Queues(at.jobs)
        assert await queues.tidy() == {}
        await at.worker.announce()
        assert await queues.tidy() == {"m": 0.0}
        await at.redis.delete(WORKERS_KEY)
        hour_ago = int((await at.redis.time())[0]) * 1000 - 3_600_000
        await at.redis.hset(Keys().offered, "m", hour_ago)
        await at.redis.hset(Keys().offered, "old", hour_ago - 24 * 3_600_000)
        (model,), (age,) = zip(*(await queues.tidy()).items(), strict=True)
        assert model == "m" and 3_600 <= age < 3_700

    async def test_each_offered_model_has_its_age(self, at: Setting) -> None:
        now = int((await at.redis.time())[0]) * 1000
        ages_s = {"a": 60, "b": 600, "c": 3_600}
        await at.redis.hset(Keys().offered, mapping={model: now - age * 1000 for model, age in ages_s.items()})
        found = await Queues(at.jobs).tidy()
        assert found == pytest.approx(ages_s, abs=50)

    async def test_model_ages_after_the_clock_was_set_back(self, at: Setting) -> None:
        now = int((await at.redis.time())[0]) * 1000
        status = WorkerStatus("w", "h", "e", "n", "cpu", WorkerState.IDLE, at_ms=now + 3_600_000)
        await at.redis.hset(WORKERS_KEY, "w", encode_status(status))
        await at.redis.hset(Keys().offered, "m", now + 3_600_000)
        assert await Queues(at.jobs).tidy() == {"m": 0.0}
        corrected: Any = await at.redis.hget(Keys().offered, "m")
        assert int(corrected) <= now + 60_000

    @pytest.mark.parametrize(
        ("state", "offered"),
        [(WorkerState.STARTING, True), (WorkerState.DRAINING, True), (WorkerState.FAILED, False)],
    )
    async def test_starting_worker_offers_its_model(self, at: Setting, state: WorkerState, offered: bool) -> None:
        now = int((await at.redis.time())[0]) * 1000
        status = WorkerStatus("w", "h", "e", "m", "cpu", state, at_ms=now)
        await at.redis.hset(WORKERS_KEY, "w", encode_status(status))
        assert ("m" in await Queues(at.jobs).tidy()) == offered

    async def test_unreadable_worker_status_offers_no_model(self, at: Setting) -> None:
        now = int((await at.redis.time())[0]) * 1000
        said: dict[Any, Any] = {"a": "no json", "b": "[1]", "c": f'{{"at_ms": {now}, "model": {"9" * 99}}}'}
        await at.redis.hset(WORKERS_KEY, mapping=said)
        assert await Queues(at.jobs).tidy() == {}

    async def test_stale_requests_for_partials_are_removed(self, at: Setting) -> None:
        await at.worker.announce()
        await at.redis.xadd(Keys().partials(), {"session": "s"}, id="1-1")
        await at.jobs.hypothesise(job(0, kind=JobKind.HYPOTHESISE), 9)
        await at.redis.xadd(Keys().partials("m"), {"session": "s"}, id="1-1")
        await at.jobs.submit(job(1, options=BULK))
        await Queues(at.jobs).tidy()
        assert [entry.segment for entry in await everything(at) if entry.priority == "partials"] == [0]

    async def test_dead_letters_are_deleted_after_seven_days(self, at: Setting) -> None:
        now = int((await at.redis.time())[0]) * 1000
        for days in (8, 6):
            letter = dict[Any, Any](encode_job(job(days)))
            await at.redis.xadd(Keys().dead, letter, id=f"{now - days * 24 * 3_600_000}-0")
        await Queues(at.jobs).tidy()
        assert [letter.job.segment for letter in await at.jobs.dead_letters()] == [6]

    async def test_key_of_another_program_in_place_of_dead_letters_stays(self, at: Setting) -> None:
        await at.redis.set(Keys().dead, "mine")
        assert await Queues(at.jobs).tidy() == {}
        assert await at.redis.get(Keys().dead) == b"mine"


def test_stream_name_is_split_into_class_and_model() -> None:
    assert split(Keys().jobs("bulk", "a.b-c")) == ("bulk", "a.b-c")
    assert split(Keys().partials()) == ("partials", "any")


def test_entries_are_summed_by_stream_and_key() -> None:
    page = [
        [b"5000-0", b"s", b"0", b"0", b"100", 300, b"o"],
        [b"7000-0", b"s", b"1", b"0", b"50", 200, b"o"],
        [b"8000-0", b"t", b"0", b"", b"", 900, b""],
    ]
    lines = sum_by_key(read_page(Keys().jobs("interactive"), [9_000, page]))
    assert lines == [
        KeyQueue("interactive", "any", "", 1, 0, 900, 1.0, 1.0),
        KeyQueue("interactive", "any", "o", 2, 150, 500, 4.0, 2.0),
    ]
