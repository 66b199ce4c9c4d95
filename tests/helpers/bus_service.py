"""Programs on the bus of a desktop, such as the host of status icons: they answer calls and make calls."""

import os
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from app.insertion.accessibility.bus import BUS, socket_path
from app.insertion.accessibility.bus_values import HEADER, Call, Reader, Writer, length, packed

_CALL, _RETURN, _ERROR = 1, 2, 3
_PATH = "/org/freedesktop/DBus"
_FIRST_OWNER = 1
WATCHER = "org.kde.StatusNotifierWatcher"
NOTIFICATIONS = "org.freedesktop.Notifications"
PATIENCE_S = 30.0


@dataclass(frozen=True)
class Asked:
    """Call that arrived, with the bus name of the program that made it."""

    sender: str
    member: str
    values: tuple[Any, ...]


Answers = Mapping[str, Callable[[Asked], tuple[str, tuple[Any, ...]]]]
"""Signature and values of the answer, by the member that is called."""


@dataclass
class BusProgram:
    """Program with a name on the bus; ``asked``: the calls that it has answered, in order."""

    connection: socket.socket
    answers: Answers
    asked: list[Asked] = field(default_factory=list)
    _returned: dict[int, tuple[int, tuple[Any, ...]]] = field(default_factory=dict)
    _news: threading.Condition = field(default_factory=threading.Condition)
    _serial: int = 0

    def call(self, call: Call) -> tuple[Any, ...]:
        """Return what a method of another program returns."""
        with self._news:
            self._serial += 1
            serial = self._serial
            self.connection.sendall(packed(call, serial))
            assert self._news.wait_for(lambda: serial in self._returned, PATIENCE_S), (
                f"{call.member} has no answer"
            )
            kind, values = self._returned.pop(serial)
        assert kind == _RETURN, f"{call.member} failed: {values}"
        return values

    def serve(self) -> None:
        """Answer calls until the connection is closed."""
        with suppress(OSError, EOFError):
            while True:
                header = self._read(HEADER)
                self._take(header + self._read(length(header) - HEADER))

    def _take(self, message: bytes) -> None:
        order = ">" if message[:1] == b"B" else "<"
        reader = Reader(message, order)
        _, kind, _, _, _, serial, fields = reader.read("yyyyuua(yv)")
        named = dict(fields)
        body = Reader(message, order, reader.at + -reader.at % 8)
        values = tuple(body.read(named.get(8, "")))
        if kind in (_RETURN, _ERROR):
            with self._news:
                self._returned[named[5]] = (kind, values)
                self._news.notify_all()
        elif kind == _CALL:
            self._answer(Asked(named.get(7, ""), named[3], values), serial)

    def _answer(self, asked: Asked, serial: int) -> None:
        known = asked.member in self.answers
        signature, values = self.answers[asked.member](asked) if known else ("", ())
        body, message = Writer(), Writer()
        body.write(signature, *values)
        fields: list[tuple[int, tuple[str, Any]]] = [(5, ("u", serial)), (6, ("s", asked.sender))]
        fields += [(8, ("g", signature))] if signature else []
        fields += [] if known else [(4, ("s", f"{BUS}.Error.UnknownMethod"))]
        with self._news:
            self._serial += 1
            head = (ord("l"), _RETURN if known else _ERROR, 0, 1, len(body.data), self._serial)
            message.write("yyyyuua(yv)", *head, fields)
            message.align(8)
            self.connection.sendall(message.data + body.data)
            if known:
                self.asked.append(asked)

    def _read(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            if not (more := self.connection.recv(count - len(data))):
                raise EOFError
            data += more
        return data


@contextmanager
def bus_program(address: str, name: str, answers: Answers) -> Iterator[BusProgram]:
    """Run a program with this name on the bus at ``address`` until the context ends."""
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(socket_path(address))
    connection.sendall(b"\0AUTH EXTERNAL " + str(os.getuid()).encode().hex().encode() + b"\r\n")
    while connection.recv(1) != b"\n":
        pass
    connection.sendall(b"BEGIN\r\n")
    program = BusProgram(connection, answers)
    thread = threading.Thread(target=program.serve, name=name)
    thread.start()
    try:
        program.call(Call(BUS, _PATH, BUS, "Hello"))
        assert program.call(Call(BUS, _PATH, BUS, "RequestName", "su", (name, 0))) == (_FIRST_OWNER,)
        yield program
    finally:
        connection.shutdown(socket.SHUT_RDWR)
        thread.join()
        connection.close()


def icon_host() -> Answers:
    """Return the answers of a panel that shows status icons."""
    return {
        "Get": lambda asked: ("v", (("b", True),)),
        "GetAll": lambda asked: ("a{sv}", ([("IsStatusNotifierHostRegistered", ("b", True))],)),
        "RegisterStatusNotifierItem": lambda asked: ("", ()),
    }


def notifier() -> Answers:
    """Return the answers of a program that shows notifications."""
    return {"Notify": lambda asked: ("u", (1,))}
