"""Calls over a D-Bus connection: several at once, each with its own answer."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final
from urllib.parse import unquote

from app.insertion.accessibility.bus_values import HEADER, Answer, Call, length, packed, unpacked
from app.insertion.errors import BusRefused
from runtime.tasks import cancel_and_wait

BUS: Final = "org.freedesktop.DBus"
_GONE: Final = "the accessibility bus is gone"
_PATH: Final = "/org/freedesktop/DBus"


class Bus:
    """A connection to a bus."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._serial = 0
        self._waiting: dict[int, asyncio.Future[Answer]] = {}
        self._over = False

    async def call(self, call: Call) -> tuple[Any, ...]:
        """Return what a method returns. Raises ``BusRefused`` if it fails or the connection ends."""
        if self._over:
            raise BusRefused(_GONE)
        self._serial += 1
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting[self._serial] = future
        self._writer.write(packed(call, self._serial))
        answer = await future
        if answer.failed:
            raise BusRefused(f"the accessibility bus refused {call.member}")
        return answer.values

    async def greet(self) -> None:
        """Prove who we are, and take a name on the bus."""
        self._writer.write(b"\0AUTH EXTERNAL " + str(os.getuid()).encode().hex().encode() + b"\r\n")
        if not (await self._reader.readline()).startswith(b"OK"):
            raise BusRefused("the accessibility bus does not know this user")
        self._writer.write(b"BEGIN\r\n")

    async def read(self) -> None:
        """Give answers to their calls until the connection ends."""
        try:
            while True:
                header = await self._reader.readexactly(HEADER)
                answer = unpacked(header + await self._reader.readexactly(length(header) - HEADER))
                future = self._waiting.pop(answer.serial, None)
                if future is not None and not future.done():
                    future.set_result(answer)
        except (OSError, EOFError, BusRefused):
            self._over = True
            for future in self._waiting.values():
                if not future.done():
                    future.set_exception(BusRefused(_GONE))

    def close(self) -> None:
        """Leave the bus and release the connection."""
        self._writer.close()


@asynccontextmanager
async def connected(address: str) -> AsyncIterator[Bus]:
    """Connect to a bus until the context ends. Raises ``BusRefused`` or ``OSError``."""
    bus = Bus(*await asyncio.open_unix_connection(socket_path(address)))
    try:
        await bus.greet()
        reading = asyncio.create_task(bus.read(), name="accessibility bus")
        try:
            await bus.call(Call(BUS, _PATH, BUS, "Hello"))
            yield bus
        finally:
            await cancel_and_wait([reading])
    finally:
        bus.close()


def socket_path(address: str) -> str:
    """Return the socket of a bus address such as ``unix:path=/run/user/1000/bus,guid=…``."""
    for one in address.split(";"):
        kind, _, rest = one.partition(":")
        named = dict(part.split("=", 1) for part in rest.split(",") if "=" in part)
        if kind == "unix" and "path" in named:
            return unquote(named["path"])
        if kind == "unix" and "abstract" in named:
            return "\0" + unquote(named["abstract"])
    raise BusRefused("the address of the accessibility bus is unknown: only local buses are used")
