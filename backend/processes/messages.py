"""Messages between the supervisor of a gateway and its processes, and their framing.

Each message is MessagePack behind its length, on a socket pair that only the two ends have. Both ends are of the
same installation, except while a rolling restart brings a new version: unknown fields are ignored.
"""

import struct
from typing import Final

import msgspec
from msgspec import Struct

from backend.admission.usage_elsewhere import KeyCounts
from backend.observability.other_processes import Counted, ProcessReport

LENGTH: Final = struct.Struct("!I")
MOST_BYTES: Final = 16 * 1024 * 1024


class ProcessStart(Struct, frozen=True, tag="start"):
    """First message to a process. ``settings``: opaque here; ``slot`` 0 is the main process.

    ``broker``: URL; ``owns_broker``: it belongs to this gateway. ``url`` and ``tls_port``: where the supervisor
    listens. ``forwards``: path of the unix socket on which the main process takes the requests of the others.
    """

    slot: int
    processes: int
    settings: bytes
    broker: str
    owns_broker: bool
    url: str
    tls_port: int
    forwards: str


class ProcessReady(Struct, frozen=True, tag="ready"):
    """A process can serve."""


class CannotRun(Struct, frozen=True, tag="cannot_run"):
    """A process ends before it was ready, for this reason."""

    reason: str


class KeysInUse(Struct, frozen=True, tag="usage"):
    """Open connections of a process, and the keys whose counts have changed.

    ``process`` identifies one run of a process; the supervisor sets it.
    """

    connections: int
    keys: dict[str, KeyCounts] = {}
    process: int = 0


class ProcessGone(Struct, frozen=True, tag="gone"):
    """A run of a process has ended, and its connections with it."""

    process: int


class ProcessReported(Struct, frozen=True, tag="report"):
    """Figures of a process, to the supervisor."""

    figures: ProcessReport


class OtherProcessFigures(Struct, frozen=True, tag="others"):
    """To the main process: figures of the other slots, counters of all ended processes, restarts by slot."""

    reports: dict[int, ProcessReport]
    past: Counted
    restarts: dict[int, int]


class MainState(Struct, frozen=True, tag="main_state"):
    """To the other processes: whether the main process serves now."""

    up: bool


class GatewayEnding(Struct, frozen=True, tag="ending"):
    """To every process: the whole gateway ends, not only this process."""


Message = (
    ProcessStart
    | ProcessReady
    | CannotRun
    | KeysInUse
    | ProcessGone
    | ProcessReported
    | OtherProcessFigures
    | MainState
    | GatewayEnding
)

_decoder = msgspec.msgpack.Decoder(Message)


def encode(message: Message) -> bytes:
    """Return a message with its length in front."""
    body = msgspec.msgpack.encode(message)
    return LENGTH.pack(len(body)) + body


def decode(body: bytes) -> Message:
    """Parse a message without its length. Raises ``msgspec.DecodeError``."""
    found: Message = _decoder.decode(body)
    return found
