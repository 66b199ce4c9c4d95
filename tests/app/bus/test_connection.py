"""Calls and signals on a real message bus."""

import asyncio
import gc
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from dbus_fast import Message, MessageType
from dbus_fast.errors import InvalidMessageError

from app.bus.connection import (
    BUS_PROGRAM,
    Answer,
    BusConnection,
    BusObject,
    MethodCall,
    Signal,
    session_address,
)
from app.bus.errors import BusMissing, BusRefused, BusSilent
from tests.helpers.message_bus import running_bus
from tests.helpers.waiting import wait_until


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """Return the address of a message bus that runs during the test."""
    with running_bus(tmp_path) as bus:
        yield bus.address


async def test_method_returns_its_values(address: str) -> None:
    async with await BusConnection.open(address) as bus:
        (names,) = await bus.call(BUS_PROGRAM, "ListNames")
        assert bus.name in names
        assert "NameOwnerChanged" not in await bus.get(BUS_PROGRAM, "Features")


async def test_unknown_program_is_a_refusal(address: str) -> None:
    async with await BusConnection.open(address) as bus:
        with pytest.raises(BusRefused, match="ServiceUnknown"):
            await bus.call(BusObject("no.such.Program", "/a", "no.such.Program"), "Do")


@pytest.mark.parametrize(("program", "path"), [("no name", "/a"), ("", "/a"), ("a.b", "no path")])
async def test_address_that_another_program_has_made_up_is_a_refusal(
    address: str, program: str, path: str
) -> None:
    async with await BusConnection.open(address) as bus:
        with pytest.raises(BusRefused):
            await bus.call(BusObject(program, path, "a.b"), "Do")
        assert await bus.call(BUS_PROGRAM, "ListNames")


async def test_silent_program_is_given_up_at_the_deadline(address: str) -> None:
    async with await BusConnection.open(address) as bus, await BusConnection.open(address) as other:
        with pytest.raises(BusSilent, match="Wait"):
            other.bus.add_message_handler(lambda message: message.member == "Wait")
            await bus.call(BusObject(other.name, "/a", "a.b"), "Wait", deadline_s=0.1)


async def test_descriptor_of_an_answer_that_comes_too_late_is_closed(address: str) -> None:
    asked = list[Message]()

    def wait(message: Message) -> bool:
        asked.append(message)
        return message.member == "Wait"

    async with await BusConnection.open(address) as bus, await BusConnection.open(address) as other:
        other.bus.add_message_handler(wait)
        with pytest.raises(BusSilent):
            await bus.call(BusObject(other.name, "/a", "a.b"), "Wait", deadline_s=0.1)
        reading, writing = os.pipe()
        with os.fdopen(reading, "rb") as pipe:
            os.set_blocking(reading, False)
            await other.bus.send(Message.new_method_return(asked[-1], "h", [0], [writing]))
            os.close(writing)
            await wait_until(lambda: pipe.read() == b"", "all have closed the other end")


async def test_signal_arrives_without_variants(address: str) -> None:
    heard = list[Signal]()
    async with await BusConnection.open(address) as bus, await BusConnection.open(address) as other:
        await bus.listen("type='signal',interface='a.b'", heard.append)
        await other.bus.send(
            Message(
                message_type=MessageType.SIGNAL,
                path="/a",
                interface="a.b",
                member="Said",
                signature="us",
                body=[1, "x"],
            )
        )
        await wait_until(lambda: [one for one in heard if one.interface == "a.b"], "the signal arrives")
        (said,) = [one for one in heard if one.interface == "a.b"]
        assert (said.sender, said.member, said.values) == (other.name, "Said", (1, "x"))


async def test_call_is_answered_and_an_unknown_one_refused(address: str) -> None:
    def answer(call: MethodCall) -> Answer | None:
        return ("s", (f"{call.path} {call.values}",)) if call.member == "Add" else None

    async with await BusConnection.open(address) as bus, await BusConnection.open(address) as other:
        other.serve(answer)
        adder = BusObject(other.name, "/a", "a.b")
        assert await bus.call(adder, "Add", "ii", 1, 2) == ("/a (1, 2)",)
        with pytest.raises(BusRefused, match="UnknownMethod"):
            await bus.call(adder, "Divide", "ii", 1, 2)


async def test_sent_signal_arrives(address: str) -> None:
    heard = list[Signal]()
    async with await BusConnection.open(address) as bus, await BusConnection.open(address) as other:
        await bus.listen("type='signal',interface='a.b'", heard.append)
        other.emit("/a", "a.b", "Said", "s", "x")
        await wait_until(lambda: [one.values for one in heard if one.member == "Said"] == [("x",)], "it arrives")


async def test_observed_call_is_left_to_its_receiver(address: str) -> None:
    heard = list[MethodCall]()
    async with (
        await BusConnection.open(address) as bus,
        await BusConnection.open(address) as other,
        await BusConnection.open(address) as third,
    ):
        other.serve(lambda call: ("s", ("answer",)))
        await third.observe_calls("type='method_call',interface='a.b',eavesdrop='true'", heard.append)
        assert await bus.call(BusObject(other.name, "/a", "a.b"), "Ask", "s", "x") == ("answer",)
        await wait_until(lambda: [one.values for one in heard] == [("x",)], "the call is observed")


async def test_end_of_the_bus_is_noticed(address: str) -> None:
    async with await BusConnection.open(address) as bus:
        (process,) = await bus.call(BUS_PROGRAM, "GetConnectionUnixProcessID", "s", "org.freedesktop.DBus")
        os.kill(process, 15)
        await wait_until(bus.gone.is_set, "the end is noticed")
        with pytest.raises(BusMissing):
            await bus.call(BUS_PROGRAM, "ListNames")


async def test_end_by_a_message_that_cannot_be_decoded_is_noticed(address: str) -> None:
    async with await BusConnection.open(address) as bus:
        bus.bus._finalize(InvalidMessageError("on purpose"))  # as dbus-fast does in that case
        await wait_until(bus.gone.is_set, "the end is noticed")


@pytest.mark.parametrize("asks", [True, False])
async def test_message_to_bus_that_has_ended_is_no_unhandled_error(tmp_path: Path, asks: bool) -> None:
    unhandled = list[object]()
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: unhandled.append(context))
    with running_bus(tmp_path) as running:
        bus = await BusConnection.open(running.address)
    if asks:
        with pytest.raises(BusMissing):
            await bus.call(BUS_PROGRAM, "ListNames")
    else:
        bus.emit("/a", "a.b", "Said")
    await wait_until(bus.gone.is_set, "the end is noticed")
    await bus.close()
    del bus
    gc.collect()
    assert unhandled == []


@pytest.mark.parametrize("address", ["", "unix:path=/nonexistent", "nonsense"])
async def test_missing_bus_is_reported(address: str) -> None:
    with pytest.raises(BusMissing):
        await BusConnection.open(address)


def test_address_is_the_named_or_the_usual_one(tmp_path: Path, address: str) -> None:
    assert session_address({"DBUS_SESSION_BUS_ADDRESS": "unix:x"}) == "unix:x"
    assert session_address({"XDG_RUNTIME_DIR": str(tmp_path)}) == address
    assert session_address({}) == ""
