"""A session in this process, with the connection that speaks for it."""

import asyncio
import time
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from backend.admission.audio_budget import HeldAudio, full
from backend.core.errors import TryLater
from backend.history.records import SessionOwner
from backend.sessions.connection import ClientConnection
from backend.sessions.session import TAKEN_OVER, GatewaySession
from protocol.errors import CloseCode, ErrorCode, Forbidden, TakenOver
from protocol.job import CLASSES
from protocol.session import Busy, Error, Hello

_AWAY_S: Final = 5.0


@dataclass(eq=False, slots=True)
class SessionSlot:
    """A session in this process. ``left``: end of its last connection. ``transient``: no client can resume it.

    ``binding``: the newest connection; until the session is adopted for it, ``late`` collects its messages.
    ``flying``: commands that the broker has not answered; ``landed``: event of a waiter, set at each answer.
    """

    session: GatewaySession
    about: SessionOwner
    transient: bool = False
    connection: ClientConnection | None = None
    left: float = 0.0
    busy: Busy | None = None
    attaching: bool = False
    hello: str = ""
    binding: ClientConnection | None = None
    late: list[Any] | None = None
    flying: int = 0
    landed: asyncio.Event | None = None

    @property
    def identity(self) -> str:
        """The session's id as a string."""
        return self.session.identity

    @property
    def at_rest(self) -> bool:
        """True while no segment is open and no connection adopts the session: the broker has all of it."""
        return self.late is None and not self.session.live

    def count_answer(self) -> None:
        """Count an answer of the broker, and wake the task that waits for one."""
        self.flying -= 1
        if self.landed is not None:
            self.landed.set()

    def send(self, output: Any) -> None:
        """Send to the client, if it is connected; important messages are repeated when it reconnects."""
        if self.connection is not None:
            self.connection.send(output)
        elif self.late is not None:
            self.late.append(output)

    def check_owner(self, owner: str) -> None:
        """Raise ``Forbidden`` for another key: a broker that lost its data does not know whose session this is."""
        if owner != self.about.owner:
            raise Forbidden("this session belongs to another key")

    def check_hosted(self, here: "SessionSlot | None") -> None:
        """Raise ``ProtocolError`` unless this slot is still hosted: a dropped one lost the collected messages."""
        if here is None:
            raise TryLater("the session was dropped here: connect again, with resume")
        if here is not self:
            raise TakenOver(TAKEN_OVER)

    def bind(self, connection: ClientConnection) -> None:
        """Make ``connection`` the newest one and close the previous one as taken over."""
        if self.connection is not None:
            self.connection.send(Error(ErrorCode.TAKEN_OVER, TAKEN_OVER))
            self.connection.close(CloseCode.TAKEN_OVER, ErrorCode.TAKEN_OVER)
        self.connection, self.binding, self.late, self.left = None, connection, [], time.monotonic()

    def start_sending(self, connection: ClientConnection) -> None:
        """Start to send to the connection, because the session is adopted."""
        self.connection = connection

    def catch_up(self) -> None:
        """Send the messages collected during adoption, after the session's state."""
        late, self.late = self.late or (), None
        for output in late:
            self.send(output)


def held_audio(slots: Iterable[SessionSlot]) -> HeldAudio:
    """Return the samples of these sessions that the broker does not have."""
    held = dict.fromkeys(CLASSES, 0)
    for one in slots:
        held[one.session.options.priority] += one.session.unqueued
    return HeldAudio(*held.values())


def left_for_room(slots: Collection[SessionSlot], most_bytes: int, now: float) -> Iterator[SessionSlot]:
    """Yield the sessions to drop while memory is full: those unbound the longest. Their clients have the audio."""
    held = held_audio(slots)
    away = (one for one in slots if one.connection is None and now - one.left >= _AWAY_S)
    for hosted in sorted(away, key=lambda one: one.left) if full(held, most_bytes) else ():
        if hosted.session.options.priority in full(held, most_bytes):
            held = held.less(hosted.session.options.priority, hosted.session.unqueued)
            yield hosted


def order_of(hello: Hello) -> str:
    """Return the client instance and connection number of a hello, or an empty string."""
    return f"{hello.instance} {hello.connection}" if hello.instance else ""
