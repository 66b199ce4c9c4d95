"""Transient sessions in the broker: noted while a gateway has them, and deleted with all that was said."""

from typing import Any

import pytest

from backend.broker.records import SessionGone
from protocol.job import SESSION_TTL_MS, TRANSIENT_GONE_MS, Job, Keys, encode_job
from protocol.recognition import Options
from tests.backend.broker_setting import HASH, STREAM, Setting, job

TRANSIENT = Keys().transient
LONG = 2 * TRANSIENT_GONE_MS


async def made_older(at: Setting, session: str, by_ms: int) -> None:
    """Let the last look of a gateway at a session be longer ago."""
    noted: Any = await at.redis.hget(TRANSIENT, session)
    await at.redis.hset(TRANSIENT, session, str(int(noted) - by_ms))


class TestHold:
    async def test_session_is_left_once_no_gateway_has_noted_it_for_long(self, at: Setting) -> None:
        for session in ("s", "t"):
            await at.jobs.hold(session)
        assert await at.jobs.renew_transient([]) == []
        for session in ("s", "t"):
            await made_older(at, session, LONG)
        assert await at.jobs.renew_transient(["t"]) == ["s"]
        assert 0 < await at.redis.pttl(TRANSIENT) <= SESSION_TTL_MS

    async def test_clock_that_was_set_back_restarts_the_time(self, at: Setting) -> None:
        await at.jobs.hold("s")
        await made_older(at, "s", -LONG)
        assert await at.jobs.renew_transient([]) == []
        await made_older(at, "s", LONG)
        assert await at.jobs.renew_transient([]) == ["s"]

    async def test_key_of_another_program_is_replaced(self, at: Setting) -> None:
        await at.redis.set(TRANSIENT, "mine")
        await at.jobs.hold("s")
        await at.redis.hset(TRANSIENT, "odd", "no time")
        assert await at.jobs.renew_transient([]) == []
        assert await at.redis.hkeys(TRANSIENT) == [b"s", b"odd"]


class TestDiscard:
    async def test_discarded_session_leaves_nothing(self, at: Setting) -> None:
        await at.jobs.hold("s")
        await at.jobs.submit(job(0, options=Options(hotwords=("prompt",))))
        await at.recognise("text")
        await at.jobs.submit(job(1))
        await at.jobs.speculate(job(2), 9)
        assert await at.entries() == 2
        assert await at.jobs.discard("s")
        assert (await at.entries(), await at.backlog()) == (0, 0)
        assert await at.redis.exists(HASH, TRANSIENT) == 0
        assert await at.jobs.submit(job(3)) == SessionGone(), "a late command does not make it again"

    async def test_result_of_a_worker_that_took_its_job_is_dropped(self, at: Setting) -> None:
        await at.jobs.submit(job(0))
        taken = await at.worker.take()
        assert taken is not None and await at.jobs.discard("s")
        assert await at.redis.exists(HASH) == 0 and await at.entries() == 0

    @pytest.mark.parametrize("later", [None, "queued", "text"])
    async def test_dead_letters_of_a_discarded_session_go_with_it(self, at: Setting, later: str | None) -> None:
        await at.jobs.submit(job(0))
        await at.fail()
        for letter in (job(0), Job("t", 0, b"\0\0", 1), job(0, attempt=1)):
            await at.redis.xadd(Keys().dead, dict[Any, Any](encode_job(letter)))
        if later is not None:
            await at.jobs.submit(job(0, attempt=2))
        if later == "text":
            await at.recognise("text")
        assert await at.jobs.discard("s")
        assert [letter.job.session for letter in await at.jobs.dead_letters()] == ["t"]

    async def test_key_of_another_program_in_place_of_dead_letters_stays(self, at: Setting) -> None:
        await at.jobs.submit(job(0))
        await at.fail()
        await at.redis.set(Keys().dead, "mine")
        assert await at.jobs.discard("s")
        assert await at.redis.get(Keys().dead) == b"mine"

    async def test_session_of_another_gateway_stays(self, at: Setting) -> None:
        await at.jobs.hold("s")
        assert not await at.jobs.discard("s", TRANSIENT_GONE_MS)
        await made_older(at, "s", LONG)
        assert await at.jobs.discard("s", TRANSIENT_GONE_MS)

    async def test_session_that_is_not_transient_is_never_left(self, at: Setting) -> None:
        assert await at.jobs.renew_transient([]) == []
        assert not await at.jobs.discard("s", TRANSIENT_GONE_MS)
        assert await at.redis.exists(HASH) == 1

    async def test_history_learns_the_end_of_a_discarded_session(self, at: Setting) -> None:
        await at.jobs.attach("h", "o", resume=False, history="9 about")
        assert await at.jobs.discard("h")
        entries: Any = await at.redis.xrange(Keys().history_keys[0])
        assert [said for _, said in entries] == [{b"about": b"about", b"session": b"h"}]

    async def test_key_of_another_type_is_deleted(self, at: Setting) -> None:
        await at.redis.delete(HASH)
        await at.redis.set(HASH, "mine")
        assert await at.jobs.discard("s")
        assert await at.redis.exists(HASH, STREAM) == 0
