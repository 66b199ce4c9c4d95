"""Test the file routes: submit, recognise, cancel and retry, with separate keys."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import uuid4

import aiohttp
import numpy as np
import pytest
from redis.asyncio import Redis

from backend.admission.offered_models import Offers
from backend.core.errors import HistoryUnavailable
from backend.history.history_thread import AsyncHistory
from backend.history.records import NewFile, StoredSession
from backend.rest.flow import FlowLimits
from protocol.audio import SAMPLE_RATE
from protocol.errors import ErrorCode
from protocol.job import Failure, Job, Keys, Outcome, encode_job
from protocol.recognition import Options
from protocol.rest import SessionState
from runtime.tasks import cancel_and_wait
from tests.backend.fake_worker import recognise_length, until_withdrawn
from tests.backend.rest.world import DATABASE, World, form, recording, serving
from tests.helpers.digits import DATA
from tests.helpers.recordings import samples_of
from tests.helpers.sound_tracks import with_tracks
from tests.helpers.valkey import Broker
from tests.helpers.waiting import wait_until

if TYPE_CHECKING:
    from backend.history.store import Store

T = TypeVar("T")

CONTENT = recording()
FILE = min((DATA / "digits").glob("*.flac"))


class LateHistory:
    """History that does its work but misses the first deadline."""

    def __init__(self, history: AsyncHistory) -> None:
        self._history = history
        self._late = True

    async def ask(self, work: Callable[["Store"], T]) -> T:
        answer = await self._history.ask(work)
        if self._late and isinstance(answer, StoredSession):
            self._late = False
            raise HistoryUnavailable("too late")
        return answer


class OvertakenHistory:
    """History in which a session ends right after its state was read."""

    def __init__(self, history: AsyncHistory) -> None:
        self._history = history

    async def ask(self, work: Callable[["Store"], T]) -> T:
        answer = await self._history.ask(work)
        if isinstance(answer, StoredSession):
            id = answer.id
            await self._history.ask(lambda store: store.set_state(id, SessionState.DONE))
        return answer


async def put_letter(redis: Redis, session: str) -> str:
    """Add a dead letter of this session, and return its entry."""
    letter: Any = encode_job(Job(session, 0, b"xx", 1))
    entry: Any = await redis.xadd(Keys().dead, letter)
    return str(entry.decode())


@asynccontextmanager
async def unfinished_upload(world: World, key: str) -> AsyncIterator["asyncio.Task[Any]"]:
    """Start an upload that never finishes."""

    async def half() -> AsyncIterator[bytes]:
        yield b'--x\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n' + bytes(100_000)
        await asyncio.Event().wait()

    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    task = asyncio.create_task(world.call("POST", "/v1/sessions", key, data=half(), headers=headers))
    await wait_until(lambda: world.on_disk() or task.done(), "the upload has begun")
    try:
        yield task
    finally:
        await cancel_and_wait({task})


async def test_submitted_file_becomes_text_and_is_deleted(world: World) -> None:
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
    await wait_until(lambda: not world.runner.has(done["id"]) and not world.on_disk(), "the file is let go")
    assert [job.attempt for job in worker.jobs] == [0] * len(worker.jobs)


async def test_sound_track_of_a_submitted_film_is_named(world: World, tmp_path: Path) -> None:
    speech = samples_of(FILE)
    film = with_tracks(tmp_path / "film.mkv", np.zeros_like(speech), speech).read_bytes()
    async with world.working() as worker:
        silent = await world.submit(film, "a", "film.mkv")
        assert (await world.ended(silent["id"], "done"))["progress"]["segments"] == 0
        spoken = await world.submit(film, "a", "film.mkv", track="2")
        assert (await world.ended(spoken["id"], "done"))["progress"]["segments"] == len(worker.jobs) > 0
        missing = await world.submit(film, "a", "film.mkv", track="3")
        error = (await world.ended(missing["id"], "failed"))["error"]
    assert error["message"] == "the file has no sound track 3: name one from 1 to 2"
    await wait_until(lambda: not world.on_disk(), "the films are let go")


@pytest.mark.parametrize(
    ("track", "limit"),
    [("-1", " of at least 0"), ("two", ""), ("1000", " of at most 999"), ("1" * 20, "")],
)
async def test_sound_track_is_a_number(world: World, track: str, limit: str) -> None:
    status, body = await world.call("POST", "/v1/sessions", data=form(CONTENT, track=track))
    assert (status, body["error"]["code"]) == (400, "malformed")
    assert body["error"]["message"] == f"`track` must be a whole number{limit}"


async def test_repeated_submission_has_no_effect(world: World) -> None:
    id = str(uuid4())
    first = await world.submit(CONTENT, "a", session=id)
    again = await world.submit(CONTENT, "a", session=id)
    assert first["id"] == again["id"] == id
    async with world.working() as worker:
        await world.ended(id, "done")
        assert (await world.submit(CONTENT, "a", session=id))["state"] == "done"
    assert len({job.segment for job in worker.jobs}) == len(worker.jobs)
    assert await world.error("POST", "/v1/sessions", "b", data=form(CONTENT, session=id)) == (409, "conflict")
    other = form(CONTENT, "other.flac", session=id)
    assert await world.error("POST", "/v1/sessions", "a", data=other) == (409, "conflict")
    await wait_until(lambda: not world.runner.has(id) and not world.on_disk(), "the file is let go")


async def test_file_with_a_long_name_can_be_submitted_again(world: World) -> None:
    """The history keeps the beginning of the name."""
    id, long = str(uuid4()), f"{250 * 'a'}.flac"
    async with world.working():
        for _ in range(2):
            assert (await world.submit(CONTENT, "a", long, session=id))["id"] == id
        await world.ended(id, "done")
    await wait_until(lambda: not world.runner.has(id) and not world.on_disk(), "the file is let go")


async def test_file_without_sound_fails_with_reason(world: World) -> None:
    session = await world.submit(b"words, not sound", name="words.txt")
    failed = await world.ended(session["id"], "failed")
    assert failed["error"]["code"] == "unsupported" and "convert" in failed["error"]["message"]
    assert str(world.runner.uploads.folder) not in failed["error"]["message"]
    await wait_until(lambda: not world.on_disk(), "it is not kept: it would never be read")
    path = f"/v1/sessions/{session['id']}/retry"
    assert await world.error("POST", path) == (409, "conflict")


async def test_failed_file_can_be_retried(world: World) -> None:
    broken = True

    def recognise(job: Job) -> Outcome:
        if broken:
            return Failure(job.session, job.segment, ErrorCode.ENGINE_DIED, "thrice", job.attempt)
        return recognise_length(job)

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


async def test_cancelled_file_is_not_recognised(world: World, broker: Broker) -> None:
    session = await world.submit(CONTENT, "a")
    path = f"/v1/sessions/{session['id']}"
    async with world.looking() as redis:
        await wait_until(lambda: redis.xlen(Keys().jobs("bulk")), "the segments wait")
        assert await world.error("POST", path + "/cancel", "b") == (404, "not_found")
        status, cancelled = await world.call("POST", path + "/cancel", "a")
        assert (status, cancelled["state"]) == (200, "cancelled")
        await until_withdrawn(redis, "bulk")
    await wait_until(lambda: not world.runner.has(session["id"]) and not world.on_disk(), "the file is let go")
    assert await world.error("POST", path + "/retry", "a") == (409, "conflict")


@pytest.mark.parametrize(("path", "state"), [("cancel", SessionState.WORKING), ("retry", SessionState.FAILED)])
async def test_file_done_meanwhile_can_be_neither_cancelled_nor_retried(
    tmp_path: Path, broker: Broker, path: str, state: SessionState
) -> None:
    async with serving(tmp_path, broker, between=OvertakenHistory, flow=FlowLimits(files=0)) as world:
        id = str(uuid4())
        world.runner.queue_file(await world.history.ask(lambda store: store.begin_file(NewFile(id, "o"))))
        await world.history.ask(lambda store: store.set_state(id, state))
        assert await world.error("POST", f"/v1/sessions/{id}/{path}") == (409, "conflict")
        assert world.runner.has(id) and await world.state(id) == "done"


async def test_deleted_file_disappears_from_disk_and_broker(world: World) -> None:
    async with world.working() as worker, world.looking() as redis:
        worker.most = 1
        session = await world.submit(CONTENT)
        await wait_until(lambda: worker.ended, "a segment has its result")
        await wait_until(lambda: redis.xlen(Keys().jobs("bulk")), "others wait")
        assert (await world.call("DELETE", f"/v1/sessions/{session['id']}"))[0] == 204
        await wait_until(lambda: not world.runner.has(session["id"]) and not world.on_disk(), "the file is let go")

        async def nothing_is_left() -> bool:
            fields: Any = await redis.hkeys(Keys().session(session["id"]))
            return not any(name.startswith((b"result:", b"text:", b"job:")) for name in fields)

        await wait_until(nothing_is_left, "the broker has nothing of it")
    again = form(CONTENT, session=session["id"])
    assert await world.error("POST", "/v1/sessions", data=again) == (409, "conflict")
    assert world.on_disk() == []


async def test_deleted_session_disappears_from_dead_letters(world: World) -> None:
    async with world.looking() as redis:
        other = await put_letter(redis, str(uuid4()))
        session = (await world.submit(CONTENT))["id"]
        gone = await put_letter(redis, session)
        streamed = str(uuid4())
        await world.record_stream(streamed, "spoken")
        await put_letter(redis, streamed)
        for id in (session, streamed):
            assert (await world.call("DELETE", f"/v1/sessions/{id}"))[0] == 204

        async def only_the_other() -> bool:
            return [letter.entry for letter in await world.jobs.dead_letters()] == [other]

        await wait_until(only_the_other, f"{gone} is gone")


async def test_file_is_kept_when_history_answers_late(tmp_path: Path, broker: Broker) -> None:
    id = str(uuid4())
    async with serving(tmp_path, broker, between=LateHistory) as world:
        assert await world.error("POST", "/v1/sessions", data=form(CONTENT, session=id)) == (503, "busy")
        assert world.on_disk() == [id]
        assert not world.runner.has(id)
        await world.submit(CONTENT, session=id)
        async with world.working():
            await world.ended(id, "done")


async def test_lost_file_is_accepted_again(world: World) -> None:
    id = str(uuid4())
    lost = NewFile(id, world.devices["a"].owner, name="digits.flac", options=Options(priority="bulk"))
    await world.history.ask(lambda store: store.begin_file(lost))
    assert (await world.submit(CONTENT, "a", session=id))["here"]
    async with world.working():
        await world.ended(id, "done")


async def test_file_for_unavailable_model_is_refused(world: World) -> None:
    world.runner.refuse_model = lambda model: Offers({"zh": 0.0}).refuse(model, 600.0)
    refused = await world.error("POST", "/v1/sessions", "a", data=form(CONTENT, model="none-such"))
    assert refused == (409, "model_unavailable")
    await wait_until(lambda: not world.on_disk(), "it is not kept")
    await world.submit(CONTENT, "a", model="zh")


async def test_revoked_device_is_cut_off_during_upload(world: World) -> None:
    async with unfinished_upload(world, "a") as upload:
        await world.access.roster.revoke(world.devices["a"].id)
        await wait_until(upload.done, "it is cut off")
        with pytest.raises(aiohttp.ClientError):
            await upload
    await wait_until(lambda: not world.on_disk(), "nothing is left")


async def test_key_cannot_use_all_upload_places(tmp_path: Path, broker: Broker) -> None:
    async with serving(tmp_path, broker, uploads_of_key=1) as world, unfinished_upload(world, "a"):
        assert await world.error("POST", "/v1/sessions", "a", data=form(CONTENT)) == (429, "busy")
        await world.submit(CONTENT, "b")


async def test_slow_upload_is_refused(tmp_path: Path, broker: Broker) -> None:
    async with serving(tmp_path, broker, least_bytes_s=2**60, slack_s=0.0) as world:
        assert await world.error("POST", "/v1/sessions", data=form(CONTENT)) == (400, "malformed")
        assert world.on_disk() == []


@pytest.mark.parametrize("path", ["cancel", "retry"])
async def test_streams_are_neither_cancelled_nor_retried(world: World, path: str) -> None:
    id = str(uuid4())
    await world.record_stream(id, "spoken")
    assert await world.error("POST", f"/v1/sessions/{id}/{path}") == (409, "conflict")
    assert await world.error("POST", f"/v1/sessions/{uuid4()}/{path}") == (404, "not_found")


async def test_file_belongs_to_gateway_that_has_it_on_disk(world: World, tmp_path: Path) -> None:
    async with serving(tmp_path / "other", world.broker, database=tmp_path / DATABASE) as other:
        failed = await other.submit(b"no sound")
        await other.ended(failed["id"], "failed")
        assert await world.error("POST", f"/v1/sessions/{failed['id']}/retry") == (409, "conflict")
        waits = await other.submit(CONTENT)
        assert (await world.call("GET", f"/v1/sessions/{waits['id']}"))[1]["here"] is False
        assert (await world.call("POST", f"/v1/sessions/{waits['id']}/cancel"))[0] == 200
        await wait_until(lambda: not other.runner.has(waits["id"]), "the other one lets it go")


async def test_uploads_are_limited_by_size_disk_and_number(tmp_path: Path, broker: Broker) -> None:
    async with serving(tmp_path / "small", broker, most_bytes=1_000) as world:
        assert await world.error("POST", "/v1/sessions", data=form(bytes(1_001))) == (413, "too_large")
        assert await world.error("POST", "/v1/sessions", data=form(bytes(900_000))) == (413, "too_large")
        assert world.on_disk() == []
    async with serving(tmp_path / "full", broker, spare_bytes=2**62) as world:
        assert await world.error("POST", "/v1/sessions", data=form(CONTENT)) == (507, "disk_full")
    async with serving(tmp_path / "busy", broker, uploads=0) as world:
        assert await world.error("POST", "/v1/sessions", data=form(CONTENT)) == (429, "busy")
