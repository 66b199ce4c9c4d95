"""The gateway's scripts and connections, on every installed kind of broker."""

from typing import Any

import pytest

from backend.broker.jobs import open_jobs
from backend.broker.records import Attachment, JobQueued, Record, SessionGone
from protocol.errors import ErrorCode, Forbidden, OutOfOrder, TakenOver
from protocol.job import (
    SESSION_TTL_MS,
    UNUSED_TTL_MS,
    WORKERS_KEY,
    Detached,
    Ended,
    EndState,
    Failure,
    Keys,
    Result,
    encode_job,
    encode_notice,
    encode_status,
)
from protocol.monitor import WorkerState, WorkerStatus
from protocol.recognition import Options
from tests.backend.broker_setting import HASH, STREAM, Setting, job, listening, on
from tests.helpers.valkey import Broker
from tests.helpers.waiting import wait_until


class TestAttach:
    @pytest.mark.parametrize("history", ["", "5 somebody"])
    async def test_new_session_is_empty(self, any_broker: Broker, history: str) -> None:
        async with on(any_broker) as at:
            assert await at.jobs.attach("s", "o", resume=False, history=history) == (1, {})
            assert (await at.field("owner"), await at.field("gateway")) == ("o", "g")
            assert UNUSED_TTL_MS - 60_000 < await at.redis.pttl(HASH) <= UNUSED_TTL_MS

    async def test_session_with_a_segment_lives_longer(self, at: Setting) -> None:
        await at.jobs.submit(job())
        assert await at.redis.pttl(HASH) > SESSION_TTL_MS - 60_000
        await at.jobs.attach("s", "o", resume=True)
        assert await at.redis.pttl(HASH) > SESSION_TTL_MS - 60_000

    async def test_known_session_must_be_resumed(self, at: Setting) -> None:
        with pytest.raises(OutOfOrder, match="resume"):
            await at.jobs.attach("s", "o", resume=False)
        assert await at.jobs.attach("s", "o", resume=True) == (2, {})

    async def test_session_of_another_key_is_refused(self, at: Setting) -> None:
        for resume in (True, False):
            with pytest.raises(Forbidden):
                await at.jobs.attach("s", "someone else", resume=resume)
        assert await at.field("epoch") == "1"

    async def test_unknown_session_is_not_created_without_permission(self, at: Setting) -> None:
        for resume in (True, False):
            assert await at.jobs.attach("new", "o", resume, create=False) == SessionGone()
        assert await at.redis.exists(Keys().session("new")) == 0
        assert await at.jobs.attach("s", "o", resume=True, create=False) == (2, {})

    async def test_later_hello_of_a_client_wins_in_any_order(self, at: Setting, any_broker: Broker) -> None:
        async with open_jobs(any_broker.url, "h") as other, listening(at.jobs) as notices:
            assert await at.jobs.attach("s", "o", resume=True, hello="me 3") == (2, {})
            with pytest.raises(TakenOver):
                await other.attach("s", "o", resume=True, hello="me 2")
            assert (await at.field("gateway"), await at.field("epoch"), notices) == ("g", "2", [])
            assert await at.jobs.attach("s", "o", resume=True, hello="me 3") == (3, {})
            assert await other.attach("s", "o", resume=True, hello="restarted 0") == (4, {})
            assert await at.jobs.attach("s", "o", resume=True) == (5, {})

    async def test_attach_returns_all_records(self, at: Setting) -> None:
        for n in range(3):
            await at.jobs.submit(job(n))
        await at.recognise("hi")
        await at.fail()
        attachment = await at.jobs.attach("s", "o", resume=True)
        assert isinstance(attachment, Attachment)
        assert attachment.segments == {
            0: Record(end=Ended(EndState.FINAL, 0), outcome=Result("s", 0, "hi")),
            1: Record(end=Ended(EndState.FAILED, 0), outcome=Failure("s", 1, ErrorCode.ENGINE_FAILED, "no")),
            2: Record(job=0),
        }

    async def test_previous_gateway_gets_detached_notice(self, at: Setting, any_broker: Broker) -> None:
        async with open_jobs(any_broker.url, "h") as other, listening(at.jobs) as notices:
            await other.attach("s", "o", resume=True)
            await wait_until(lambda: notices, "a notice")
        assert notices == [Detached("s", "h", 2)]


class TestSubmit:
    async def test_job_is_queued_once_per_attempt(self, at: Setting) -> None:
        assert await at.jobs.submit(job(0, 100)) == JobQueued(0)
        assert await at.jobs.submit(job(0, 100)) == JobQueued(0)
        assert await at.jobs.submit(job(1, 50)) == JobQueued(100)
        assert (await at.entries(), await at.backlog()) == (2, 150)
        taken = await at.worker.take()
        assert taken is not None and taken[1] == job(0, 100)

    async def test_repeated_submit_has_nothing_ahead_when_backlog_is_lost(self, at: Setting) -> None:
        for samples in (0, 100):
            await at.jobs.submit(job(samples, samples))
            await at.redis.delete(Keys().backlog)
            assert await at.jobs.submit(job(samples, samples)) == JobQueued(0)

    async def test_class_and_model_choose_the_stream(self, at: Setting) -> None:
        await at.jobs.submit(job(0, options=Options(model="m", priority="bulk")))
        assert await at.entries(Keys().jobs("bulk", "m")) == 1
        assert await at.backlog(Keys().jobs("bulk", "m")) == 100

    async def test_submit_of_ended_segment_returns_its_end(self, at: Setting) -> None:
        await at.jobs.submit(job())
        await at.recognise("hi")
        ended = Record(end=Ended(EndState.FINAL, 0), outcome=Result("s", 0, "hi"))
        assert await at.jobs.submit(job(attempt=1)) == ended
        await at.jobs.confirm_received("s", 0)
        assert await at.jobs.submit(job()) == Record(end=Ended(EndState.FINAL, 0), text="hi")
        assert (await at.entries(), await at.backlog()) == (0, 0)

    async def test_higher_attempt_replaces_failed_one(self, at: Setting) -> None:
        await at.jobs.submit(job())
        await at.fail()
        assert isinstance(await at.jobs.submit(job()), Record)
        assert await at.jobs.submit(job(attempt=1)) == JobQueued(0)
        assert (await at.field("end:0"), await at.field("result:0")) == (None, None)
        assert await at.recognise("second")
        assert await at.field("end:0") == "final 1"

    async def test_higher_attempt_withdraws_waiting_lower_attempt(self, at: Setting) -> None:
        await at.jobs.submit(job(0, 100))
        await at.jobs.submit(job(0, 70, attempt=1))
        assert (await at.entries(), await at.backlog()) == (1, 70)
        taken = await at.worker.take()
        assert taken is not None and taken[1].attempt == 1

    async def test_submit_to_unknown_session_is_answered_by_gone(self, at: Setting) -> None:
        await at.redis.delete(HASH)
        assert await at.jobs.submit(job()) == SessionGone()
        assert (await at.entries(), await at.redis.exists(HASH)) == (0, 0)

    async def test_each_command_of_a_session_renews_it(self, at: Setting) -> None:
        await at.jobs.submit(job(9))
        for command in (
            lambda: at.jobs.submit(job()),
            lambda: at.jobs.confirm_received("s", 0),
            lambda: at.jobs.speculate(job(1), 9),
            lambda: at.jobs.promote("s", 1, 0, 100),
            lambda: at.jobs.cancel("s", 0, 0),
            lambda: at.jobs.attach("s", "o", resume=True),
        ):
            await at.redis.pexpire(HASH, 10_000)
            await command()
            assert await at.redis.pttl(HASH) > 60_000


class TestCancel:
    async def test_cancel_withdraws_waiting_job(self, at: Setting) -> None:
        await at.jobs.submit(job(0, 100))
        await at.jobs.submit(job(1, 30))
        assert await at.jobs.cancel("s", 0, 0)
        assert (await at.entries(), await at.backlog()) == (1, 30)
        assert (await at.field("job:0"), await at.field("end:0")) == (None, "cancelled 0")

    async def test_result_of_cancelled_job_is_ignored(self, at: Setting) -> None:
        await at.jobs.submit(job())
        taken = await at.worker.take()
        assert taken is not None
        await at.jobs.cancel("s", 0, 0)
        assert not await at.worker.finish(*taken, Result("s", 0, "late"))
        assert (await at.field("end:0"), await at.field("result:0")) == ("cancelled 0", None)
        assert (await at.entries(), await at.backlog()) == (0, 0)
        assert (await at.redis.xpending(STREAM, "workers"))["pending"] == 0

    async def test_cancel_deletes_stored_text(self, at: Setting) -> None:
        await at.jobs.submit(job())
        await at.recognise()
        await at.jobs.confirm_received("s", 0)
        await at.jobs.cancel("s", 0, 0)
        assert (await at.field("text:0"), await at.field("end:0")) == (None, "cancelled 0")

    async def test_cancel_and_received_create_no_session(self, at: Setting) -> None:
        await at.redis.delete(HASH)
        assert not await at.jobs.cancel("s", 0, 0)
        assert not await at.jobs.confirm_received("s", 0)
        assert await at.redis.exists(HASH) == 0


class TestReceived:
    async def test_received_keeps_text_and_end_only(self, at: Setting) -> None:
        await at.jobs.submit(job())
        await at.recognise("héllo 你好")
        assert await at.jobs.confirm_received("s", 0)
        assert await at.jobs.confirm_received("s", 0)
        assert await at.field("result:0") is None
        assert (await at.field("text:0"), await at.field("end:0")) == ("héllo 你好", "final 0")

    async def test_forget_deletes_texts_and_keeps_ends(self, at: Setting) -> None:
        for segment in (0, 1):
            await at.jobs.submit(job(segment))
            await at.recognise("héllo 你好")
            await at.jobs.confirm_received("s", segment)
        assert await at.jobs.forget("s")
        assert [await at.field(f"text:{segment}") for segment in (0, 1)] == [None, None]
        assert [await at.field(f"end:{segment}") for segment in (0, 1)] == ["final 0", "final 0"]
        assert not await at.jobs.forget("never")

    async def test_received_failure_stays_for_reconnect_without_text(self, at: Setting) -> None:
        await at.jobs.submit(job())
        await at.fail()
        await at.jobs.confirm_received("s", 0)
        record = Record(end=Ended(EndState.FAILED, 0), outcome=Failure("s", 0, ErrorCode.ENGINE_FAILED, "no"))
        assert await at.jobs.attach("s", "o", resume=True) == Attachment(2, {0: record})
        assert await at.field("text:0") is None
        assert await at.jobs.submit(job(attempt=1)) == JobQueued(0)
        assert await at.field("result:0") is None

    async def test_result_of_late_twin_is_ignored(self, at: Setting) -> None:
        await at.jobs.submit(job())
        taken = await at.worker.take()
        assert taken is not None
        assert await at.worker.finish(*taken, Result("s", 0, "first"))
        await at.jobs.confirm_received("s", 0)
        assert not await at.worker.finish(*taken, Result("s", 0, "twin"))
        assert await at.field("result:0") is None


class TestLook:
    async def test_reread_returns_jobs_ends_and_empty_records(self, at: Setting) -> None:
        await at.jobs.submit(job(0))
        await at.jobs.submit(job(1))
        await at.recognise("hi")
        seen = await at.jobs.reread("s", [0, 1, 2])
        assert (seen.gateway, seen.epoch) == ("g", 1)
        final = Record(end=Ended(EndState.FINAL, 0), outcome=Result("s", 0, "hi"))
        assert seen.segments == {0: final, 1: Record(job=0), 2: Record()}

    async def test_job_without_entry_is_lost(self, at: Setting) -> None:
        await at.jobs.submit(job())
        await at.redis.xtrim(STREAM, maxlen=0, approximate=False)
        assert (await at.jobs.reread("s", [0])).segments == {0: Record()}
        assert await at.jobs.submit(job()) == JobQueued(100)
        assert await at.entries() == 1

    async def test_reread_of_unknown_session_has_no_gateway(self, at: Setting) -> None:
        await at.redis.delete(HASH)
        assert (await at.jobs.reread("s", [0])).gateway == ""


class TestLooks:
    async def test_survey_counts_entries_and_live_workers(self, at: Setting) -> None:
        await at.jobs.submit(job(0, 100))
        await at.jobs.submit(job(1, 60))
        now = int((await at.redis.time())[0]) * 1000
        for name, at_ms in (("here", now), ("gone", now - 20_000), ("of a clock set back", now + 3_600_000)):
            status = WorkerStatus(name, "h", "e", "m", "cpu", WorkerState.IDLE, at_ms=at_ms)
            await at.redis.hset(WORKERS_KEY, name, encode_status(status))
        await at.redis.hset(WORKERS_KEY, mapping={"odd": "{", "list": "[1]", "number": "5"})
        survey = await at.jobs.survey()
        assert (survey.streams[STREAM].samples, survey.streams[STREAM].entries) == (160, 2)
        assert [worker.worker for worker in survey.workers] == ["here"]
        assert survey.memory == 0.0

    async def test_survey_has_age_of_each_heartbeat(self, at: Setting) -> None:
        now = int((await at.redis.time())[0]) * 1000
        for name, at_ms in (("alive", now - 1_000), ("killed", now - 9_000), ("clock set back", now + 9_000)):
            status = WorkerStatus(name, "h", "e", "m", "cpu", WorkerState.IDLE, at_ms=at_ms)
            await at.redis.hset(WORKERS_KEY, name, encode_status(status))
        workers = {worker.worker: worker for worker in (await at.jobs.survey()).workers}
        assert {name: worker.silent for name, worker in workers.items()} == {
            "alive": False, "killed": True, "clock set back": False
        }  # fmt: skip
        assert 9_000 <= workers["killed"].age_ms < 15_000

    async def test_survey_has_age_of_oldest_entry_per_stream(self, at: Setting) -> None:
        seconds = int((await at.redis.time())[0])
        for second in (seconds - 3_600, seconds):
            await at.redis.xadd(STREAM, {"session": "s"}, id=f"{second * 1000}-1")
        await at.redis.hset(Keys().backlog, mapping={STREAM: 0, Keys().jobs("bulk"): 0})
        streams = (await at.jobs.survey()).streams
        assert 3_600_000 <= streams[STREAM].oldest_ms < 3_700_000
        assert (streams[Keys().jobs("bulk")].entries, streams[Keys().jobs("bulk")].oldest_ms) == (0, 0)

    async def test_survey_has_used_part_of_memory_limit(self, at: Setting) -> None:
        await at.redis.config_set("maxmemory", "100mb")
        assert 0.0 < (await at.jobs.survey()).memory < 0.5

    async def test_dead_letter_is_listed_and_retried(self, at: Setting) -> None:
        failure = Failure("s", 0, ErrorCode.ENGINE_DIED, "it died")
        await at.jobs.submit(job())
        await at.fail()
        letter: Any = encode_job(job()) | {"failure": encode_notice(failure)}
        added: Any = await at.redis.xadd(Keys().dead, letter)
        entry = added.decode()
        (found,) = await at.jobs.dead_letters()
        assert (found.entry, found.job, found.failure) == (entry, job(), failure)
        for unknown in ("1-1", "x", "0:x", "+", "9" * 30):
            assert await at.jobs.dead_letter(unknown) is None
            assert not await at.jobs.drop_dead(unknown)
        assert await at.jobs.retry_dead(found) == JobQueued(0)
        assert await at.jobs.dead_letters() == []
        assert await at.recognise("second")

    async def test_dead_letter_of_gone_session_stays_until_dropped(self, at: Setting) -> None:
        letter: Any = encode_job(job())
        added: Any = await at.redis.xadd(Keys().dead, letter)
        entry = added.decode()
        await at.redis.delete(HASH)
        found = await at.jobs.dead_letter(entry)
        assert found is not None
        assert await at.jobs.retry_dead(found) == SessionGone()
        assert await at.jobs.drop_dead(entry)
        assert not await at.jobs.drop_dead(entry)
