"""Places to read files: as many as there are, in turn, and free again however a request ends."""

import asyncio

import pytest

from backend.core.errors import OverQuota
from backend.dialects.readers import ReaderPlaces
from tests.helpers.waiting import wait_until


class Request:
    """A request that holds its place until it is let go."""

    def __init__(self, places: ReaderPlaces, owner: str) -> None:
        self.reads, self._end = False, asyncio.Event()
        self.task = asyncio.create_task(self._run(places, owner))

    async def _run(self, places: ReaderPlaces, owner: str) -> None:
        async with places.place(owner):
            self.reads = True
            await self._end.wait()

    async def end(self) -> None:
        """Give the place back."""
        self._end.set()
        await self.task


async def test_free_place_is_for_the_key_with_fewest_then_the_oldest() -> None:
    places = ReaderPlaces(2)
    first, second, third, other, late = (Request(places, owner) for owner in "aaabb")
    await wait_until(lambda: first.reads and second.reads, "both places are taken")
    assert not (third.reads or other.reads or late.reads)
    await first.end()
    await wait_until(lambda: other.reads, "the key without a place is next")
    assert not third.reads
    await second.end()
    await wait_until(lambda: third.reads, "then the older of two keys with as many")
    assert not late.reads
    for request in (third, other, late):
        await request.end()
    assert not places.reading


@pytest.mark.parametrize("which", [0, 1])
async def test_place_of_cancelled_request_is_for_the_next(which: int) -> None:
    places = ReaderPlaces(1)
    requests = [Request(places, "a"), Request(places, "a"), Request(places, "a")]
    await wait_until(lambda: requests[0].reads, "one reads")
    requests[which].task.cancel()
    await asyncio.gather(requests.pop(which).task, return_exceptions=True)
    for request in requests:
        await request.end()
    assert not places.reading


async def test_request_is_refused_when_no_place_becomes_free() -> None:
    places = ReaderPlaces(1, wait_s=0.01)
    async with places.place("a"):
        with pytest.raises(OverQuota) as refused:
            async with places.place("b"):
                pass
    assert (refused.value.refusal.status, refused.value.refusal.retry_s > 0) == (503, True)
    async with places.place("b"):
        assert dict(places.reading) == {"b": 1}
