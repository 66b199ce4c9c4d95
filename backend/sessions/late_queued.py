"""``queued`` messages of all connections, which wait a moment: the final that makes them needless may come."""

import asyncio
from typing import Final

from backend.sessions.connection import ClientConnection
from backend.sessions.session_slot import SessionSlot
from protocol.job import CLASSES
from protocol.session import Queued

QUEUED_S: Final = 0.2
"""Longest time for which ``queued`` waits."""


class LateQueued:
    """Sender of ``queued``. One timer serves all connections of a loop."""

    def __init__(self) -> None:
        self._connections: list[ClientConnection] = []

    def send(self, hosted: SessionSlot, message: Queued) -> None:
        """Send at once for a file, whose client waits for it; for speech with the next message."""
        connection = hosted.connection
        if connection is None or hosted.session.options.priority != CLASSES[0]:
            hosted.send(message)
            return
        connection.send(message, hurry=False)
        if not self._connections:
            asyncio.get_running_loop().call_later(QUEUED_S, self._hurry)
        self._connections.append(connection)

    def _hurry(self) -> None:
        connections, self._connections = self._connections, []
        for connection in connections:
            connection.hurry()
