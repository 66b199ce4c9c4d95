"""Track how far a program has processed its events. Extended Window Manager Hints, _NET_WM_PING.

A ping is queued after earlier events, and the program answers when it processes it.
"""

from typing import Any, Final

from Xlib import X
from Xlib.error import XError
from Xlib.protocol.event import ClientMessage

from app.insertion.outcome import Target
from app.insertion.x11.connection import X11Connection

# Answers go to clients that listen to the root window. Qt uses another event mask than specified.
_ANSWERS: Final = X.SubstructureNotifyMask | X.StructureNotifyMask


class Pings:
    """Pings sent to programs, as window managers do."""

    def __init__(self, connection: X11Connection) -> None:
        self._connection = connection
        self._display = connection.display
        self._answers: set[int] = set()
        self._sent = 0
        connection.handlers.append(self._handle)

    def answered(self, target: Target) -> bool:
        """Return whether the target's program declares that it answers pings."""
        try:
            protocols = self._display.create_resource_object("window", target.window).get_wm_protocols()
        except XError:
            return False
        return self._connection.atom("_NET_WM_PING") in list(protocols)

    def reached(self, target: Target, deadline_s: float) -> bool:
        """Wait until the program has handled all earlier events; return False if it has not by the deadline."""
        window = self._display.create_resource_object("window", target.window)
        ping = self._connection.atom("_NET_WM_PING")
        self._connection.root.change_attributes(event_mask=_ANSWERS)
        self._sent += 1
        number = self._sent
        data = (32, [ping, number, target.window, 0, 0])
        message = ClientMessage(window=window, client_type=self._connection.atom("WM_PROTOCOLS"), data=data)
        window.send_event(message)
        try:
            return self._connection.wait(lambda: number in self._answers, deadline_s)
        finally:
            self._answers.clear()
            self._connection.root.change_attributes(event_mask=X.NoEventMask)

    def _handle(self, event: Any) -> None:
        if isinstance(event, ClientMessage) and event.window == self._connection.root:
            words = list(event.data[1])
            if words[0] == self._connection.atom("_NET_WM_PING"):
                self._answers.add(int(words[1]))
