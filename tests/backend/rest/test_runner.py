"""Files through everything that can happen to them between their submission and their end."""

from pathlib import Path
from typing import Any
from uuid import uuid4

from backend.history.records import NewFile, SessionState
from backend.rest.flow import FlowLimits
from protocol.audio import SAMPLE_RATE
from protocol.job import Job, Keys, Outcome, encode_job
from tests.backend.fake_worker import say_length
from tests.backend.rest.world import World, form, recording, serving
from tests.helpers.valkey import Broker
from tests.helpers.waiting import wait_until

BULK = Keys().jobs("bulk")


def lie_there(world: World, session: str, content: bytes) -> None:
    """A file on the disk, of which nobody knows."""
    part = world.runner.uploads.part()
    part.write(content)
    part.keep(session)
    part.drop()


async def put(world: World, content: bytes, state: SessionState = SessionState.SUBMITTED) -> str:
    """A file that another process took and did not finish."""
    id = str(uuid4())
    lie_there(world, id, content)
    await world.history.ask(lambda store: store.begin_file(NewFile(id, world.devices["a"].owner)))
    if state is not SessionState.SUBMITTED:
        await world.history.ask(lambda store: store.set_state(id, state))
    return id


async def in_the_broker(world: World) -> int:
    async with world.looking() as redis:
        return int(await redis.xlen(BULK))


async def test_what_is_on_the_disk_is_looked_through(tmp_path: Path, broker: Broker) -> None:
    async with serving(tmp_path, broker) as world:
        kept = await put(world, b"no sound", SessionState.FAILED)
        gone = [await put(world, b"x", state) for state in (SessionState.DONE, SessionState.CANCELLED)]
        unknown = await put(world, b"x")
        await world.history.ask(lambda store: store.delete(unknown))
    async with serving(tmp_path, broker) as world:
        await wait_until(lambda: world.runner.has(kept), "the one that may be retried")
        await wait_until(lambda: world.on_disk() == [kept], "only that one is left")
        assert not any(world.runner.has(session) for session in gone)
    async with serving(tmp_path, broker, kept_s=0.0) as world:
        await wait_until(lambda: not [*world.runner.uploads.sessions()], "too old")


async def test_a_file_that_the_history_does_not_know_yet_is_left_alone(tmp_path: Path, broker: Broker) -> None:
    async with serving(tmp_path, broker) as world:
        coming, gone = str(uuid4()), str(uuid4())
        world.runner.coming.add(coming)
        for session in (coming, gone):
            lie_there(world, session, b"x")
        await world.runner.sweep()
        assert world.on_disk() == [coming]


async def test_only_so_much_is_with_the_broker(tmp_path: Path, broker: Broker) -> None:
    async with serving(tmp_path, broker, flow=FlowLimits(audio_s=6.0)) as world:
        session = (await world.submit(recording(8)))["id"]
        await wait_until(lambda: in_the_broker(world), "segments wait")
        most = 0

        def recognise(job: Job) -> Outcome:
            nonlocal most
            flying = world.runner.flying(session)
            most = max(most, len(flying))
            return say_length(job)

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


async def test_a_key_that_has_every_place_makes_way(tmp_path: Path, broker: Broker) -> None:
    async with serving(tmp_path, broker) as world:
        mine = [(await world.submit(recording(2), "a"))["id"] for _ in range(2)]
        await wait_until(lambda: all(world.runner.flying(session) for session in mine), "both are read")
        other = (await world.submit(recording(2), "b"))["id"]
        await wait_until(lambda: world.runner.flying(other), "the other one has a place")
        async with world.working():
            for session in (*mine, other):
                await world.ended(session, "done")


async def test_trouble_in_the_folder_ends_nothing(tmp_path: Path, broker: Broker) -> None:
    folder = tmp_path / "submitted"
    folder.write_bytes(b"no folder")
    async with serving(tmp_path, broker) as world:
        status, _ = await world.call("POST", "/v1/sessions", data=form(recording()))
        assert status == 500
        folder.unlink()
        session = (await world.submit(recording()))["id"]
        async with world.working():
            await world.ended(session, "done")


async def test_a_file_that_cannot_be_removed_is_done_all_the_same(world: World) -> None:
    session = (await world.submit(recording()))["id"]
    await wait_until(lambda: world.runner.flying(session), "it is being read")
    path = world.runner.uploads.path(session)
    path.unlink()
    path.mkdir()  # in its place, what is no file
    async with world.working():
        await world.ended(session, "done")
        await wait_until(lambda: not world.runner.has(session), "it is let go")
    assert await world.state(session) == "done"


async def test_a_letter_of_a_file_that_has_its_texts_goes(world: World) -> None:
    session = (await world.submit(recording()))["id"]
    letter: Any = encode_job(Job(session, 0, b"xx", 1))
    async with world.looking() as redis, world.working():
        await redis.xadd(Keys().dead, letter)
        await world.ended(session, "done")

        async def none() -> bool:
            return await redis.xlen(Keys().dead) == 0

        await wait_until(none, "the letter is gone")
