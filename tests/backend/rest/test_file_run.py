"""Test one file through restarts, losses and failures between its submission and its end."""

from pathlib import Path
from uuid import uuid4

import pytest

from backend.history.records import NewFile
from protocol.errors import ErrorCode
from protocol.job import Failure, Job, Keys, Outcome
from protocol.rest import SegmentState, SessionState
from tests.backend.fake_worker import recognise_length
from tests.backend.rest.world import World, recording, serving
from tests.helpers.valkey import Broker
from tests.helpers.waiting import wait_until

BULK = Keys().jobs("bulk")


@pytest.mark.parametrize("forgets", [False, True])
async def test_restarted_gateway_sends_only_segments_without_result(
    tmp_path: Path, broker: Broker, forgets: bool
) -> None:
    async with serving(tmp_path, broker) as world, world.working() as worker:
        worker.most = 2
        session = (await world.submit(recording(6)))["id"]
        await wait_until(lambda: worker.ended == 2, "two segments have their results")
        await wait_until(lambda: world.finals(session, 2), "the history knows them")
        if forgets:
            async with world.looking() as redis:
                await redis.flushall()
    first = [job.segment for job in worker.jobs]
    async with serving(tmp_path, broker) as world, world.working() as worker:
        done = await world.ended(session, "done")
        segments = await world.history.ask(lambda store: store.segments(session))
    again = [job.segment for job in worker.jobs]
    assert sorted(first + again) == [segment.segment for segment in segments]
    assert done["progress"]["final"] == len(segments) > 2


@pytest.mark.parametrize("left", [0.6, 1.0])
async def test_truncated_file_is_done_and_marked_truncated(world: World, left: float) -> None:
    content = recording(4)
    async with world.working():
        session = (await world.submit(content[: int(left * len(content))]))["id"]
        done = await world.ended(session, "done")
        _, result = await world.call("GET", f"/v1/sessions/{session}/result")
    assert done["truncated"] is result["session"]["truncated"] is (left < 1)
    assert result["text"] and done["error"] is None


async def test_segments_are_sent_again_after_broker_lost_them(world: World) -> None:
    session = (await world.submit(recording()))["id"]
    await wait_until(world.queued, "segments wait")
    async with world.looking() as redis:
        await redis.flushall()
    async with world.working():
        await world.ended(session, "done")


async def test_history_without_feed_is_repaired_from_broker(world: World) -> None:
    async with world.working(tells=False):
        session = (await world.submit(recording()))["id"]
        await world.ended(session, "done")


async def test_file_fails_when_it_is_cut_differently_than_before(tmp_path: Path, broker: Broker) -> None:
    async with serving(tmp_path, broker) as world:
        session = (await world.submit(recording()))["id"]
        await wait_until(world.queued, "it is being recognised")
    path = tmp_path / "submitted" / session
    path.write_bytes(recording(5)[:44] + recording(5)[20_044:])
    async with serving(tmp_path, broker) as world:
        failed = await world.ended(session, "failed")
        assert failed["error"]["code"] == "conflict"


async def test_done_session_is_over_without_its_file(world: World) -> None:
    id = str(uuid4())
    stored = await world.history.ask(lambda store: store.begin_file(NewFile(id, "o")))
    await world.history.ask(lambda store: store.set_state(id, SessionState.DONE))
    world.runner.queue_file(stored)
    await wait_until(lambda: not world.runner.has(id), "the runner has dropped the file")
    assert await world.state(id) == "done"


async def test_failed_segment_does_not_block_the_others(world: World) -> None:
    def recognise(job: Job) -> Outcome:
        if job.segment == 1:
            return Failure(job.session, 1, ErrorCode.DECODE_TIMEOUT, "too long", job.attempt)
        return recognise_length(job)

    async with world.working(recognise):
        session = (await world.submit(recording()))["id"]
        failed = await world.ended(session, "failed")
    assert (failed["progress"]["failed"], failed["error"]) == (1, None)
    segments = await world.history.ask(lambda store: store.segments(session))
    assert [one.state for one in segments].count(SegmentState.FINAL) == len(segments) - 1
