"""Programs on the bus of a desktop, such as the host of status icons: they answer calls and make calls.

A separate thread serves the connection, for tests without an event loop.
"""

import asyncio
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from dbus_fast import Variant

from app.bus.connection import BUS_PROGRAM, Answer, BusConnection, BusObject, MethodCall

_FIRST_OWNER = 1
WATCHER = "org.kde.StatusNotifierWatcher"
NOTIFICATIONS = "org.freedesktop.Notifications"
PATIENCE_S = 30.0

Answers = Mapping[str, Callable[[MethodCall], Answer]]
"""Signature and values of the answer, by the member that is called."""


@dataclass
class BusProgram:
    """Program with a name on the bus; ``calls``: the calls that it has answered, in order."""

    bus: BusConnection
    answers: Answers
    loop: asyncio.AbstractEventLoop
    calls: list[MethodCall] = field(default_factory=list)

    def call(self, target: BusObject, member: str, signature: str = "", *values: Any) -> tuple[Any, ...]:
        """Return what a method of another program returns."""
        calling = self.bus.call(target, member, signature, *values, deadline_s=PATIENCE_S)
        return asyncio.run_coroutine_threadsafe(calling, self.loop).result(PATIENCE_S)

    def answer(self, call: MethodCall) -> Answer | None:
        """Answer a call of a known method, and note it."""
        if call.member not in self.answers:
            return None
        self.calls.append(call)
        return self.answers[call.member](call)


@contextmanager
def bus_program(address: str, name: str, answers: Answers) -> Iterator[BusProgram]:
    """Run a program with this name on the bus at ``address`` until the context ends."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name=name)
    thread.start()
    try:
        opening = asyncio.run_coroutine_threadsafe(BusConnection.open(address), loop)
        program = BusProgram(opening.result(PATIENCE_S), answers, loop)
        program.bus.serve(program.answer)
        try:
            assert program.call(BUS_PROGRAM, "RequestName", "su", name, 0) == (_FIRST_OWNER,)
            yield program
        finally:
            asyncio.run_coroutine_threadsafe(_closed(program.bus), loop).result(PATIENCE_S)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _closed(bus: BusConnection) -> None:
    """Close a connection, and let its tasks end."""
    await bus.close()
    await asyncio.sleep(0)


def icon_host() -> Answers:
    """Return the answers of a panel that shows status icons."""
    return {
        "Get": lambda call: ("v", (Variant("b", True),)),
        "GetAll": lambda call: ("a{sv}", ({"IsStatusNotifierHostRegistered": Variant("b", True)},)),
        "RegisterStatusNotifierItem": lambda call: ("", ()),
    }


def notifier() -> Answers:
    """Return the answers of a program that shows notifications."""
    return {"Notify": lambda call: ("u", (1,))}
