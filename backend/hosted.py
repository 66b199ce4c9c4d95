"""One session in this process, with whoever speaks for it."""

from dataclasses import dataclass
from typing import Any

from backend.connection import Connection
from backend.history.records import About
from backend.session import Session
from protocol.session import Busy, Hello


@dataclass(eq=False)
class Hosted:
    """A session in this process. ``left`` is when its last connection went."""

    session: Session
    about: About
    connection: Connection | None = None
    left: float = 0.0
    busy: Busy | None = None
    attaching: bool = False
    hello: str = ""

    @property
    def identity(self) -> str:
        """The session's id."""
        return self.session.identity

    def send(self, output: Any) -> None:
        """Tell the client, if it is there; what matters is told again when it comes back."""
        if self.connection is not None:
            self.connection.send(output)


def order_of(hello: Hello) -> str:
    """Return which connection of which client this hello is of."""
    return f"{hello.instance} {hello.connection}" if hello.instance else ""
