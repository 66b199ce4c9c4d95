"""Files of keys that were revoked: no one can submit or retry them, so they do not stay on the disk."""

from pathlib import Path

from protocol.rest import SessionState
from tests.backend.rest.test_runner import put_accepted_file
from tests.backend.rest.world import World, recording, serving
from tests.helpers.valkey import Broker
from tests.helpers.waiting import wait_until


async def test_files_of_a_revoked_key_fail_and_leave_the_disk(world: World) -> None:
    running, waiting, another = [(await world.submit(recording(), "a"))["id"] for _ in range(3)]
    kept = (await world.submit(recording(), "b"))["id"]
    await wait_until(lambda: world.runner.flying(running), "it is being read")
    world.runner.revoked = lambda: {world.devices["a"].owner}
    for session in (running, waiting, another):
        failed = await world.ended(session, "failed")
        assert failed["error"]["code"] == "unauthorised" and not failed["here"]
    await wait_until(lambda: world.on_disk() == [kept], "only the file of the other key is left")
    async with world.working():
        await world.ended(kept, "done")


async def test_failed_file_leaves_the_disk_when_its_key_is_revoked(tmp_path: Path, broker: Broker) -> None:
    async with serving(tmp_path, broker) as world:
        await wait_until(lambda: world.runner._sweep_s, "the first sweep is over")
        session = await put_accepted_file(world, b"no sound", SessionState.FAILED)
        await world.runner.sweep()
        assert world.runner.has(session)
        world.runner.revoked = lambda: {world.devices["a"].owner}
        await wait_until(lambda: not world.on_disk(), "the file is deleted")
        assert await world.state(session) == "failed" and not world.runner.has(session)


async def test_text_of_a_finished_file_stays_when_its_key_is_revoked(tmp_path: Path, broker: Broker) -> None:
    async with serving(tmp_path, broker) as world:
        session = await put_accepted_file(world, b"x", SessionState.DONE)
    async with serving(tmp_path, broker) as world:
        world.runner.revoked = lambda: {world.devices["a"].owner}
        await wait_until(lambda: not world.on_disk(), "the file is deleted")
        assert await world.state(session) == "done"
