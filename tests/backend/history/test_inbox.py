"""Test the feed's stream on every kind of broker: delivery, settling, takeover."""

from collections.abc import AsyncIterator

import pytest

from backend.broker.jobs import Jobs, open_jobs
from backend.history.inbox import Inbox, InboxBacklog, InboxEntry, read_entry
from backend.history.records import FeedEntry
from protocol.errors import MalformedMessage
from protocol.job import Hypothesis, Keys, encode_notice
from tests.backend.history.feed import ANN, cancelled, failure, final, over, publish
from tests.helpers.valkey import Broker
from tests.helpers.waiting import wait_until

STREAM = Keys().history_keys[0]
ENTRIES = [final("one"), failure(segment=1), cancelled(segment=2), over()]


@pytest.fixture
async def jobs(any_broker: Broker) -> AsyncIterator[Jobs]:
    async with open_jobs(any_broker.url, "g") as jobs:
        yield jobs


async def inbox_of(jobs: Jobs, name: str = "g", held_ms: int = 0) -> Inbox:
    inbox = Inbox(jobs.shards[0].administer, name, held_ms)
    assert await inbox.take(1) == []  # creates the group
    return inbox


def entries_of(letters: list[InboxEntry]) -> list[FeedEntry]:
    """Return the entries with a fixed time instead of the broker's."""
    assert all(letter.entry is not None and letter.entry.at_ms > 10**12 for letter in letters)
    return [letter.entry._replace(at_ms=ENTRIES[0].at_ms) for letter in letters if letter.entry]


async def test_entries_are_delivered_in_order_until_settled(jobs: Jobs) -> None:
    inbox = await inbox_of(jobs)
    await publish(jobs, ENTRIES)
    assert await inbox.backlog() == InboxBacklog(4, 0)
    first, second = await inbox.take(3), await inbox.take(3)
    assert entries_of([*first, *second]) == ENTRIES
    assert await inbox.take(3) == []
    assert entries_of(await inbox.take_over(9)) == ENTRIES
    await inbox.settle([*first, *second])
    assert await inbox.take_over(9) == []
    assert await inbox.backlog() == InboxBacklog(0, 0)


async def test_entries_from_before_the_group_are_delivered(jobs: Jobs) -> None:
    await publish(jobs, ENTRIES)
    assert entries_of(await (await inbox_of(jobs)).take(9)) == ENTRIES


async def test_gateways_get_distinct_entries_and_take_over_left_ones(jobs: Jobs) -> None:
    one, other = await inbox_of(jobs, "one"), await inbox_of(jobs, "other")
    await publish(jobs, ENTRIES)
    assert entries_of([*await one.take(2), *await other.take(2)]) == ENTRIES
    assert entries_of(await other.take_over(9)) == ENTRIES
    patient = await inbox_of(jobs, "patient", held_ms=60_000)
    assert await patient.take_over(9) == []


async def test_entry_deleted_before_acknowledgement_is_gone(jobs: Jobs) -> None:
    inbox = await inbox_of(jobs)
    await publish(jobs, ENTRIES)
    (letter, *_) = await inbox.take(9)
    await jobs.shards[0].administer("XDEL", STREAM, letter.id)
    assert entries_of(await inbox.take_over(9)) == ENTRIES[1:]


async def test_consumer_names_of_ended_gateways_are_forgotten_once_settled(jobs: Jobs) -> None:
    old = await inbox_of(jobs, "old")
    await publish(jobs, ENTRIES)
    letters = await old.take(9)
    new = Inbox(jobs.shards[0].administer, "new", forgotten_ms=0)

    async def names() -> set[bytes]:
        await new.take(1)
        await new.forget_others()
        return {one[1] for one in await jobs.shards[0].administer("XINFO", "CONSUMERS", STREAM, "history")}

    assert b"old" in await names()
    await old.settle(letters)

    async def forgotten() -> bool:
        return b"old" not in await names()  # Redis 7.0 has no name of a gateway that got nothing

    await wait_until(forgotten, "its name is gone")


async def test_unreadable_entry_is_delivered_as_none(jobs: Jobs) -> None:
    inbox = await inbox_of(jobs)
    await jobs.shards[0].administer("XADD", STREAM, "*", "about", "{", "notice", "x")
    letters = await inbox.take(9)
    assert [letter.entry for letter in letters] == [None]
    await inbox.settle(letters)
    assert await inbox.backlog() == InboxBacklog(0, 0)


async def test_entries_carry_second_passes_of_their_session(jobs: Jobs) -> None:
    inbox = await inbox_of(jobs)
    fields = ("span:2", "[0,1]", "part:0", "2", "part:1", "2", "span:3", "{", "part:3", "x")
    await jobs.shards[0].administer("HSET", Keys().session("s"), *fields)
    await publish(jobs, [final(segment=n) for n in range(4)] + [final(session="other"), over()])
    found = [(one.replaces, one.part_of) for one in entries_of(await inbox.take(9))]
    assert found == [((), 2), ((), 2), ((0, 1), -1), ((), -1), ((), -1), ((), -1)]
    assert [one.replaces for one in entries_of(await inbox.take_over(9))][2] == (0, 1)


async def test_deleted_stream_is_made_again(jobs: Jobs) -> None:
    inbox = await inbox_of(jobs)
    await publish(jobs, ENTRIES)
    await inbox.drop()
    assert (await inbox.take_over(9), await inbox.take(9)) == ([], [])
    await inbox.forget_others()
    await publish(jobs, ENTRIES)
    assert entries_of(await inbox.take(9)) == ENTRIES


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {b"about": b'{"owner":"o"}'},
        {b"about": b'{"owner":"o"}', b"notice": b"[]"},
        {b"about": b'{"owner":"o"}', b"notice": encode_notice(Hypothesis("s", 0, "x"))},
        {b"about": b'{"owner":"o"}', b"session": b"s", b"segment": b"x"},
        {b"about": b'{"owner":1}', b"session": b"s"},
        {b"about": b'{"owner":"o"}', b"session": b"s" * 3000},
    ],
)
def test_entry_that_no_script_writes_is_malformed(fields: dict[bytes, bytes]) -> None:
    with pytest.raises(MalformedMessage):
        read_entry("1-0", fields)


def test_entry_carries_owner_of_session() -> None:
    fields = {b"about": b'{"owner":"ann","device":"Ann\'s laptop","client":"kikipounamu/0.1"}', b"session": b"s"}
    assert read_entry("5-1", fields) == over(about=ANN, at_ms=5)
