"""Files over HTTP: submitted, recognised, given up, tried again, each key its own."""

from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from protocol.audio import SAMPLE_RATE
from protocol.errors import ErrorCode
from protocol.job import Failure, Job, Keys, Outcome
from tests.backend.fake_worker import say_length
from tests.backend.rest.world import DATABASE, World, form, recording, serving
from tests.helpers.valkey import Broker
from tests.helpers.waiting import wait_until

CONTENT = recording()


async def test_a_file_becomes_text_and_goes(world: World) -> None:
    async with world.working() as worker:
        session = await world.submit(
            CONTENT, "a", "C:\\my files\\digits.flac", language="en", hotwords="seven, 八 ,", itn="false"
        )
        assert (session["state"], session["name"], session["here"]) == ("submitted", "digits.flac", True)
        done = await world.ended(session["id"], "done")
    result = (await world.call("GET", f"/v1/sessions/{done['id']}/result", "a"))[1]
    assert [one["text"] for one in result["segments"]] == [f"{job.samples}:{sum(job.pcm)}" for job in worker.jobs]
    assert done["progress"]["segments"] == done["progress"]["final"] == len(worker.jobs) > 1
    assert done["progress"]["audio_s"] == round(sum(job.samples for job in worker.jobs) / SAMPLE_RATE, 3)
    options = worker.jobs[0].options
    assert (options.language, options.hotwords, options.itn) == ("en", ("seven", "八"), False)
    assert options.priority == "bulk"
    await wait_until(lambda: not world.runner.has(done["id"]), "the file is let go")
    assert world.on_disk() == []
    assert [job.attempt for job in worker.jobs] == [0] * len(worker.jobs)


async def test_submitting_twice_is_submitting_once(world: World) -> None:
    id = str(uuid4())
    first = await world.submit(CONTENT, "a", session=id)
    again = await world.submit(CONTENT, "a", session=id)
    assert first["id"] == again["id"] == id
    async with world.working() as worker:
        await world.ended(id, "done")
        assert (await world.submit(CONTENT, "a", session=id))["state"] == "done"
    assert len({job.segment for job in worker.jobs}) == len(worker.jobs)
    assert await world.error("POST", "/v1/sessions", "b", data=form(CONTENT, session=id)) == (409, "conflict")
    await wait_until(lambda: not world.runner.has(id), "the file is let go")
    assert world.on_disk() == []


async def test_what_is_no_sound_has_failed_and_says_why(world: World) -> None:
    session = await world.submit(b"words, not sound", name="words.txt")
    failed = await world.ended(session["id"], "failed")
    assert failed["error"]["code"] == "unsupported" and "convert" in failed["error"]["message"]
    assert str(world.runner.uploads.folder) not in failed["error"]["message"]
    assert failed["here"]


async def test_what_failed_can_be_tried_again(world: World) -> None:
    broken = True

    def recognise(job: Job) -> Outcome:
        if broken:
            return Failure(job.session, job.segment, ErrorCode.ENGINE_DIED, "thrice", job.attempt)
        return say_length(job)

    async with world.working(recognise) as worker:
        session = await world.submit(CONTENT, "a")
        path = f"/v1/sessions/{session['id']}"
        failed = await world.ended(session["id"], "failed")
        assert failed["progress"]["failed"] == failed["progress"]["segments"] == len(worker.jobs)
        assert await world.error("POST", path + "/cancel", "a") == (409, "conflict")
        assert await world.error("POST", path + "/retry", "b") == (404, "not_found")
        broken = False
        status, retried = await world.call("POST", path + "/retry", "a")
        assert (status, retried["state"]) == (202, "working")
        await world.ended(session["id"], "done")
    attempts = [job.attempt for job in worker.jobs]
    assert attempts == [0] * (len(attempts) // 2) + [1] * (len(attempts) // 2)
    assert await world.error("POST", path + "/retry", "a") == (409, "conflict")


async def test_what_is_cancelled_is_not_recognised(world: World, broker: Broker) -> None:
    session = await world.submit(CONTENT, "a")
    path = f"/v1/sessions/{session['id']}"
    async with world.looking() as redis:
        await wait_until(lambda: redis.xlen(Keys().jobs("bulk")), "the segments wait")
        assert await world.error("POST", path + "/cancel", "b") == (404, "not_found")
        status, cancelled = await world.call("POST", path + "/cancel", "a")
        assert (status, cancelled["state"]) == (200, "cancelled")
        await wait_until(lambda: not world.runner.has(session["id"]), "the file is let go")

        async def nothing_waits() -> bool:
            return await redis.xlen(Keys().jobs("bulk")) == 0

        await wait_until(nothing_waits, "the segments are withdrawn")
    assert await world.error("POST", path + "/retry", "a") == (409, "conflict")
    assert world.on_disk() == []


async def test_what_is_deleted_goes_from_the_disk_and_the_broker(world: World) -> None:
    async with world.working() as worker, world.looking() as redis:
        worker.most = 1
        session = await world.submit(CONTENT)
        await wait_until(lambda: worker.ended, "a segment has its result")
        await wait_until(lambda: redis.xlen(Keys().jobs("bulk")), "others wait")
        assert (await world.call("DELETE", f"/v1/sessions/{session['id']}"))[0] == 204
        await wait_until(lambda: not world.runner.has(session["id"]), "the file is let go")

        async def nothing_is_left() -> bool:
            fields: Any = await redis.hkeys(Keys().session(session["id"]))
            return not any(name.startswith((b"result:", b"text:", b"job:")) for name in fields)

        await wait_until(nothing_is_left, "the broker has nothing of it")
    again = form(CONTENT, session=session["id"])
    assert await world.error("POST", "/v1/sessions", data=again) == (409, "conflict")
    assert world.on_disk() == []
    assert world.on_disk() == []


@pytest.mark.parametrize("path", ["cancel", "retry"])
async def test_streams_are_neither_cancelled_nor_retried(world: World, path: str) -> None:
    id = str(uuid4())
    await world.said(id, "spoken")
    assert await world.error("POST", f"/v1/sessions/{id}/{path}") == (409, "conflict")
    assert await world.error("POST", f"/v1/sessions/{uuid4()}/{path}") == (404, "not_found")


async def test_a_file_belongs_to_the_gateway_that_has_it(world: World, tmp_path: Path) -> None:
    async with serving(tmp_path / "other", world.broker, database=tmp_path / DATABASE) as other:
        failed = await other.submit(b"no sound")
        await other.ended(failed["id"], "failed")
        assert await world.error("POST", f"/v1/sessions/{failed['id']}/retry") == (409, "conflict")
        waits = await other.submit(CONTENT)
        assert (await world.call("GET", f"/v1/sessions/{waits['id']}"))[1]["here"] is False
        assert (await world.call("POST", f"/v1/sessions/{waits['id']}/cancel"))[0] == 200
        await wait_until(lambda: not other.runner.has(waits["id"]), "the other one lets it go")


async def test_files_are_bounded_in_size_room_and_number(tmp_path: Path, broker: Broker) -> None:
    async with serving(tmp_path / "small", broker, most_bytes=1_000) as world:
        assert await world.error("POST", "/v1/sessions", data=form(bytes(1_001))) == (413, "too_large")
        assert await world.error("POST", "/v1/sessions", data=form(bytes(900_000))) == (413, "too_large")
        assert world.on_disk() == []
    async with serving(tmp_path / "full", broker, spare_bytes=2**62) as world:
        assert await world.error("POST", "/v1/sessions", data=form(CONTENT)) == (507, "disk_full")
    async with serving(tmp_path / "busy", broker, uploads=0) as world:
        assert await world.error("POST", "/v1/sessions", data=form(CONTENT)) == (429, "busy")
