"""``queued`` messages of all connections, which wait a moment: the final that makes them needless may come."""

import asyncio
from typing import Final

from backend.sessions.connection import ClientConnection
from protocol.job import CLASSES
from protocol.recognition import Options
from protocol.session import Queued

QUEUED_S: Final = 0.2
"""Longest time for which ``queued`` waits."""


class LateQueued:
    """Sender of ``queued``. One timer serves all connections of a loop."""

    def __init__(self) -> None:
        self._connections: list[ClientConnection] = []

    def send(self, connection: ClientConnection, message: Queued, options: Options) -> None:
        """Send the message: at once for a file, whose client waits for it; for speech with the next message."""
        speech = options.priority == CLASSES[0]
        connection.send(message, hurry=not speech)
        if speech:
            if not self._connections:
                asyncio.get_running_loop().call_later(QUEUED_S, self._hurry)
            self._connections.append(connection)

    def _hurry(self) -> None:
        connections, self._connections = self._connections, []
        for connection in connections:
            connection.hurry()
