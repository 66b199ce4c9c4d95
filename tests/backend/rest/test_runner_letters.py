"""Test the deletion of dead letters by session."""

from typing import Any

from backend.rest.runner import drop_letters
from protocol.job import Job, Keys, encode_job
from tests.backend.rest.world import World


async def test_all_dead_letters_of_given_sessions_are_deleted(world: World) -> None:
    async with world.looking() as redis:
        for n in range(40):
            letter: Any = encode_job(Job("ab"[n % 2], n, b"xx", 1))
            await redis.xadd(Keys().dead, letter)
        for session in "ab":
            await redis.xadd(Keys().dead, {"session": session, "kind": "of a later version", "pcm": b"xx"})
    assert await drop_letters(world.jobs, {"a", "c"}) == 21
    assert [letter.job.session for letter in await world.jobs.dead_letters()] == ["b"] * 21
    assert await drop_letters(world.jobs, {"a"}) == 0
