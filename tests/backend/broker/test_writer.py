"""The queue of commands, with a fake broker."""

import asyncio
import weakref
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest

from backend.broker.writer import Command, CommandWriter
from backend.core.errors import BrokerBusy, BrokerError, BrokerFailed, BrokerUnreachable
from tests.helpers.waiting import wait_until


class FakeBroker:
    """Broker that answers with the script's name; ``away`` counts the next failures."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.away = 0
        self.error: BrokerError = BrokerUnreachable("away")
        self.full = False
        self.open = asyncio.Event()
        self.open.set()

    async def execute(self, batch: Sequence[Command]) -> Sequence[Any]:
        await self.open.wait()
        if self.away:
            self.away -= 1
            raise self.error
        self.batches.append([command.script for command in batch])
        return [self._reply(command.script) for command in batch]

    def _reply(self, script: str) -> Any:
        if script == "bad":
            return BrokerFailed("no")
        return BrokerUnreachable("full") if self.full and script.startswith("large") else script


@asynccontextmanager
async def writing(broker: FakeBroker, **limits: Any) -> AsyncIterator[CommandWriter]:
    writer = CommandWriter(broker.execute, **limits)
    task = asyncio.create_task(writer.run())
    yield writer
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def command(name: str, size: int = 0) -> Command:
    return Command(name, (), (), str.upper, size)


async def test_waiting_commands_are_sent_together_in_order() -> None:
    broker = FakeBroker()
    async with writing(broker) as writer:
        done = [writer.send(command(f"c{i}")) for i in range(5)]
        assert await asyncio.gather(*done) == ["C0", "C1", "C2", "C3", "C4"]
        await writer.until_flushed()
    assert broker.batches == [["c0", "c1", "c2", "c3", "c4"]]


async def test_commands_gather_while_a_batch_is_in_flight() -> None:
    broker = FakeBroker()
    async with writing(broker) as writer:
        broker.open.clear()
        first = writer.send(command("first"))
        await asyncio.sleep(0)
        rest = [writer.send(command(f"c{i}")) for i in range(3)]
        broker.open.set()
        await asyncio.gather(first, *rest)
    assert [name for batch in broker.batches for name in batch] == ["first", "c0", "c1", "c2"]
    assert len(broker.batches) <= 2


async def test_command_without_hurry_waits_briefly_for_others() -> None:
    broker = FakeBroker()
    async with writing(broker) as writer:
        idle = writer.send(command("idle"), at_once=False)
        await asyncio.sleep(0)
        assert broker.batches == []
        assert await idle == "IDLE"
        later = writer.send(command("later"), at_once=False)
        await writer.send(command("now"))
        assert later.done()
    assert broker.batches == [["idle"], ["later", "now"]]


@pytest.mark.parametrize("error", [BrokerUnreachable("away"), BrokerFailed("no permission to load a script")])
async def test_batch_is_repeated_while_broker_is_away(error: BrokerError) -> None:
    broker = FakeBroker()
    broker.away, broker.error = 3, error
    async with writing(broker) as writer:
        done = writer.send(command("kept"))
        await wait_until(lambda: not writer.up, "the writer notices")
        assert await done == "KEPT"
        assert writer.up
    assert broker.batches == [["kept"]]


async def test_small_commands_pass_those_refused_by_full_broker() -> None:
    broker = FakeBroker()
    broker.full = True
    async with writing(broker) as writer:
        large = [writer.send(command(f"large{n}", 3 * 1024 * 1024)) for n in range(3)]
        await wait_until(lambda: not writer.up, "they are refused")
        assert await writer.send(command("small")) == "SMALL"
        assert not any(future.done() for future in large) and not writer.up
        broker.full = False
        assert await asyncio.gather(*large) == ["LARGE0", "LARGE1", "LARGE2"]
        await writer.until_flushed()
        assert writer.up


async def test_cancelled_commands_are_not_repeated() -> None:
    broker = FakeBroker()
    broker.away, broker.full = 2, True
    async with writing(broker) as writer:
        hello, large = writer.send(command("hello")), writer.send(command("large"))
        await wait_until(lambda: not writer.up, "the broker is away")
        hello.cancel()
        await wait_until(lambda: broker.batches, "it answers again")
        large.cancel()
        assert await writer.send(command("next")) == "NEXT"
        await writer.until_flushed()
    assert broker.batches[0] == ["large"] and broker.batches[-1] == ["next"]


async def test_refused_command_does_not_affect_others() -> None:
    async with writing(FakeBroker()) as writer:
        bad, good = writer.send(command("bad")), writer.send(command("good"))
        with pytest.raises(BrokerFailed):
            await bad
        assert await good == "GOOD"


async def test_unreadable_reply_raises_for_its_command_only() -> None:
    async with writing(FakeBroker()) as writer:
        with pytest.raises(ValueError, match="invalid literal"):
            await writer.send(Command("c", (), (), int))


async def test_cancelled_commands_are_not_sent() -> None:
    broker = FakeBroker()
    async with writing(broker) as writer:
        writer.send(command("unwanted")).cancel()
        await writer.send(command("wanted"))
        await writer.until_flushed()
    assert broker.batches == [["wanted"]]


async def test_queue_is_bounded_in_commands_and_bytes() -> None:
    broker = FakeBroker()
    broker.open.clear()
    async with writing(broker, most_commands=2, most_bytes=100) as writer:
        first = writer.send(command("first", 60))
        with pytest.raises(BrokerBusy):
            writer.send(command("large", 60))
        second = writer.send(command("second", 40))
        with pytest.raises(BrokerBusy):
            writer.send(command("third"))
        broker.open.set()
        await asyncio.gather(first, second)
        assert await writer.send(command("large", 60)) == "LARGE"


async def test_batches_are_bounded() -> None:
    broker = FakeBroker()
    async with writing(broker) as writer:
        await asyncio.gather(*(writer.send(command("big", 3 * 1024 * 1024)) for _ in range(4)))
        await asyncio.gather(*(writer.send(command("small")) for _ in range(300)))
    assert [len(batch) for batch in broker.batches[:2]] == [2, 2]
    assert max(len(batch) for batch in broker.batches) == 128


async def test_round_trips_are_counted_per_answered_batch() -> None:
    broker = FakeBroker()
    broker.away = 2
    async with writing(broker) as writer:
        await writer.send(Command("a", [], (), str))
        assert writer.round_trips.read().count == 1
        await writer.send(Command("b", [], (), str))
        assert writer.round_trips.read().count == len(broker.batches) == 2


async def test_answered_command_is_let_go_with_its_audio() -> None:
    async with writing(FakeBroker()) as writer:
        sent = command("c")
        kept = weakref.ref(sent)
        await writer.send(sent)
        del sent
        await wait_until(lambda: kept() is None, "nothing keeps it")
