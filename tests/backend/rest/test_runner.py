"""Test the runner through restarts, conflicts and failures between submission and end."""

import asyncio
import os
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp
import psutil

from backend.history.records import NewFile
from backend.rest.flow import FlowLimits
from protocol.audio import SAMPLE_RATE
from protocol.job import Job, Keys, Outcome, encode_job
from protocol.rest import SessionState
from runtime.clocks import WallClock
from runtime.tasks import cancel_and_wait
from tests.backend.fake_worker import recognise_length
from tests.backend.rest.world import World, form, recording, serving
from tests.helpers.valkey import Broker
from tests.helpers.waiting import wait_until

BULK = Keys().jobs("bulk")


def store_upload(world: World, session: str, content: bytes) -> None:
    """Put a file on the disk that neither runner nor history knows."""
    part = world.runner.uploads.part()
    part.write(content)
    part.keep(session)
    part.drop()


async def put_accepted_file(world: World, content: bytes, state: SessionState = SessionState.SUBMITTED) -> str:
    """Put a file on the disk that another process accepted and did not finish."""
    id = str(uuid4())
    store_upload(world, id, content)
    await world.history.ask(lambda store: store.begin_file(NewFile(id, world.devices["a"].owner)))
    if state is not SessionState.SUBMITTED:
        await world.history.ask(lambda store: store.set_state(id, state))
    return id


def reading_process() -> psutil.Process | None:
    """Return the child process that reads a file, if one runs."""
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.Error):
            if "backend.rest.media_process" in process.cmdline():
                return process
    return None


async def test_sweep_resumes_keeps_or_deletes_files(tmp_path: Path, broker: Broker) -> None:
    async with serving(tmp_path, broker) as world:
        kept = await put_accepted_file(world, b"no sound", SessionState.FAILED)
        gone = [
            await put_accepted_file(world, b"x", state) for state in (SessionState.DONE, SessionState.CANCELLED)
        ]
        unknown = await put_accepted_file(world, b"x")
        await world.history.ask(lambda store: store.delete(unknown))
    async with serving(tmp_path, broker) as world:
        await wait_until(lambda: world.runner.has(kept), "the one that may be retried")
        await wait_until(lambda: world.on_disk() == [kept], "only that one is left")
        assert not any(world.runner.has(session) for session in gone)
    async with serving(tmp_path, broker, kept_s=0.0) as world:
        await wait_until(lambda: not [*world.runner.uploads.sessions()], "too old")


async def test_failed_file_stays_when_the_clock_was_set(tmp_path: Path, broker: Broker) -> None:
    day_s, now = 24 * 3600.0, [0.0]
    async with serving(tmp_path, broker) as world:
        await wait_until(lambda: world.runner._sweep_s, "the first sweep is over")
        world.history._clock = WallClock(lambda: now[0], lambda: 0.0)
        now[0] = 30 * day_s
        kept = await put_accepted_file(world, b"x", SessionState.FAILED)
        then = time.time() - 30 * day_s
        os.utime(world.runner.uploads.path(kept), (then, then))
        await world.runner.sweep()
        assert world.on_disk() == [kept]
        world.history._clock = WallClock()
        await world.runner.sweep()
        assert world.on_disk() == []


async def test_sweep_leaves_file_of_running_upload(tmp_path: Path, broker: Broker) -> None:
    async with serving(tmp_path, broker) as world:
        coming, gone = str(uuid4()), str(uuid4())
        world.runner.coming.add(coming)
        for session in (coming, gone):
            store_upload(world, session, b"x")
        await world.runner.sweep()
        assert world.on_disk() == [coming]


async def test_second_gateway_takes_over_shared_folder_when_first_ends(tmp_path: Path, broker: Broker) -> None:
    id, rest_comes = str(uuid4()), asyncio.Event()

    async def slowly() -> AsyncIterator[bytes]:
        yield recording(2)[:100_000]
        await rest_comes.wait()
        yield recording(2)[100_000:]

    slow = aiohttp.FormData({"session": id})
    slow.add_field("file", slowly(), filename="digits.wav")
    async with AsyncExitStack() as life:
        first = await life.enter_async_context(serving(tmp_path, broker))
        coming = asyncio.create_task(first.call("POST", "/v1/sessions", data=slow))
        life.push_async_callback(cancel_and_wait, {coming})
        await wait_until(lambda: first.on_disk() or coming.done(), "it comes")
        async with serving(tmp_path, broker) as second:
            assert await second.error("POST", "/v1/sessions", data=form(b"x")) == (503, "busy")
            rest_comes.set()
            assert (await coming)[0] == 202
            await life.aclose()
            async with second.working():
                await second.ended(id, "done")
                await wait_until(lambda: not second.on_disk(), "it has inherited the file")


async def test_gateways_with_shared_folder_recognise_each_file_once(tmp_path: Path, broker: Broker) -> None:
    one = FlowLimits(files=1)
    async with serving(tmp_path, broker, flow=one) as first:
        sessions = [(await first.submit(recording(1)))["id"] for _ in range(5)]
        async with serving(tmp_path, broker, flow=one) as second, first.working():
            for session in sessions:
                await first.ended(session, "done")
            assert not any(second.runner.has(session) for session in sessions)


async def test_file_cancelled_before_its_failure_stays_cancelled(tmp_path: Path, broker: Broker) -> None:
    async with serving(tmp_path, broker, look_s=60.0) as world:
        session = (await world.submit(recording(1)))["id"]
        reader = await wait_until(reading_process, "it is being read")
        reader.suspend()
        cancelled = SessionState.CANCELLED
        assert await world.history.ask(
            lambda store: store.set_state(session, cancelled)
        )  # as another gateway would
        reader.kill()
        await wait_until(lambda: not world.on_disk(), "the file goes, as of one that is cancelled")
        assert await world.state(session) == "cancelled"


async def test_file_fails_after_its_reader_was_killed_three_times(tmp_path: Path, broker: Broker) -> None:
    killed: set[int] = set()

    def another() -> psutil.Process | None:
        process = reading_process()
        return None if process is None or process.pid in killed else process

    async def kill() -> None:
        reader = await wait_until(another, "a process reads the file")
        killed.add(reader.pid)
        reader.kill()

    async with serving(tmp_path, broker, flow=FlowLimits(audio_s=6.0)) as world:  # makes the reader wait
        content = recording(8)
        session = (await world.submit(content))["id"]
        await kill()
        await kill()
        async with world.working():
            assert (await world.ended(session, "done"))["progress"]["final"] >= 8
        await wait_until(lambda: reading_process() is None, "the reader of the first file has ended")
        session = (await world.submit(content))["id"]
        for _ in range(3):
            await kill()
        failed = await world.ended(session, "failed")
        assert "ended by signal 9, 3 times: free memory" in failed["error"]["message"]
        assert len(killed) == 5


async def test_broker_holds_limited_audio_of_a_file(tmp_path: Path, broker: Broker) -> None:
    async with serving(tmp_path, broker, flow=FlowLimits(audio_s=6.0)) as world:
        session = (await world.submit(recording(8)))["id"]
        await wait_until(world.queued, "segments wait")
        most = 0

        def recognise(job: Job) -> Outcome:
            nonlocal most
            flying = world.runner.flying(session)
            most = max(most, len(flying))
            return recognise_length(job)

        async with world.working(recognise) as worker:
            done = await world.ended(session, "done")
        lengths = [job.samples for job in worker.jobs]
        assert 1 <= most < done["progress"]["segments"]
        assert most * min(lengths) <= 6 * SAMPLE_RATE


async def test_files_of_two_keys_take_turns(tmp_path: Path, broker: Broker) -> None:
    async with serving(tmp_path, broker, flow=FlowLimits(files=1)) as world:
        mine = [(await world.submit(recording(2), "a"))["id"] for _ in range(3)]
        other = (await world.submit(recording(2), "b"))["id"]
        async with world.working() as worker:
            for session in (*mine, other):
                await world.ended(session, "done")
    order = list(dict.fromkeys(job.session for job in worker.jobs))
    assert order == [mine[0], other, *mine[1:]]


async def test_key_with_every_place_makes_way_for_another(tmp_path: Path, broker: Broker) -> None:
    async with serving(tmp_path, broker) as world:
        mine = [(await world.submit(recording(2), "a"))["id"] for _ in range(2)]
        await wait_until(lambda: all(world.runner.flying(session) for session in mine), "both are read")
        other = (await world.submit(recording(2), "b"))["id"]
        await wait_until(lambda: world.runner.flying(other), "the other one has a place")
        async with world.working():
            for session in (*mine, other):
                await world.ended(session, "done")


async def test_runner_recovers_when_folder_is_usable_again(tmp_path: Path, broker: Broker) -> None:
    folder = tmp_path / "submitted"
    folder.write_bytes(b"no folder")
    async with serving(tmp_path, broker) as world:
        status, _ = await world.call("POST", "/v1/sessions", data=form(recording()))
        assert status == 500
        folder.unlink()
        session = (await world.submit(recording()))["id"]
        async with world.working():
            await world.ended(session, "done")


async def test_file_that_cannot_be_removed_is_still_done(world: World) -> None:
    session = (await world.submit(recording()))["id"]
    await wait_until(lambda: world.runner.flying(session), "it is being read")
    path = world.runner.uploads.path(session)
    path.unlink()
    path.mkdir()  # a folder in the file's place
    async with world.working():
        await world.ended(session, "done")
        await wait_until(lambda: not world.runner.has(session), "the runner has dropped the file")
    assert await world.state(session) == "done"


async def test_dead_letter_of_finished_file_is_deleted(world: World) -> None:
    session = (await world.submit(recording()))["id"]
    letter: Any = encode_job(Job(session, 0, b"xx", 1))
    async with world.looking() as redis:

        async def none() -> bool:
            return await redis.xlen(Keys().dead) == 0

        await redis.xadd(Keys().dead, letter)
        async with world.working():
            await world.ended(session, "done")
            await wait_until(none, "the letter is gone")
