"""One session in this process, with whoever speaks for it."""

import asyncio
import time
from dataclasses import dataclass, field
from typing import Any

from backend.connection import Connection
from backend.history.records import About
from backend.session import Session
from protocol.errors import CloseCode, ErrorCode
from protocol.session import Busy, Error, Hello


@dataclass(eq=False)
class Hosted:
    """A session in this process. ``left`` is when its last connection went.

    ``binding``: the connection that came last; until the session is adopted for it ``late`` keeps what is to be
    said. ``flying``: commands that the broker has not answered; ``landed`` is set at each answer.
    """

    session: Session
    about: About
    connection: Connection | None = None
    left: float = 0.0
    busy: Busy | None = None
    attaching: bool = False
    hello: str = ""
    binding: Connection | None = None
    late: list[Any] | None = None
    flying: int = 0
    landed: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def identity(self) -> str:
        """The session's id."""
        return self.session.identity

    def send(self, output: Any) -> None:
        """Tell the client, if it is there; what matters is told again when it comes back."""
        if self.connection is not None:
            self.connection.send(output)
        elif self.late is not None:
            self.late.append(output)

    def bind(self, connection: Connection) -> None:
        """``connection`` comes for the session; whoever had it goes."""
        if self.connection is not None:
            self.connection.send(Error(ErrorCode.TAKEN_OVER, "another connection now speaks for this session"))
            self.connection.close(CloseCode.TAKEN_OVER, ErrorCode.TAKEN_OVER)
        self.connection, self.binding, self.late, self.left = None, connection, [], time.monotonic()

    def bound(self, connection: Connection) -> None:
        """The session is adopted: from now on everything is said to the connection."""
        self.connection = connection

    def catch_up(self) -> None:
        """Say what came meanwhile, after what the session was."""
        late, self.late = self.late or (), None
        for output in late:
            self.send(output)


def order_of(hello: Hello) -> str:
    """Return which connection of which client this hello is of."""
    return f"{hello.instance} {hello.connection}" if hello.instance else ""
