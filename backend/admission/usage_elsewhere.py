"""Connections and usage of keys in the other processes of the same gateway. Pure.

Each process sends its own numbers when they change. The sums here lag behind by one message, about a millisecond.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from msgspec import Struct


class KeyCounts(Struct, frozen=True):
    """Usage of one key in one process since its start; ``streams`` and ``connections`` count open ones."""

    requests: int = 0
    refused: int = 0
    streams: int = 0
    audio_bytes: int = 0
    connections: int = 0

    def more(self, other: "KeyCounts") -> "KeyCounts":
        """Return the sum of both."""
        return KeyCounts(
            self.requests + other.requests,
            self.refused + other.refused,
            self.streams + other.streams,
            self.audio_bytes + other.audio_bytes,
            self.connections + other.connections,
        )


_NOTHING: Final = KeyCounts()


@dataclass
class _Process:
    connections: int = 0
    keys: dict[str, KeyCounts] = field(default_factory=dict)


@dataclass
class UsageElsewhere:
    """Sums over the other processes; empty for a gateway of one process."""

    _processes: dict[int, _Process] = field(default_factory=dict)

    @property
    def connections(self) -> int:
        """Open connections of clients in the other processes."""
        return sum(one.connections for one in self._processes.values())

    def of(self, key: str) -> KeyCounts:
        """Return the usage of a key in the other processes."""
        found = _NOTHING
        for one in self._processes.values():
            found = found.more(one.keys.get(key, _NOTHING))
        return found

    def update(self, process: int, connections: int, keys: Mapping[str, KeyCounts]) -> dict[str, int]:
        """Replace the last numbers of a process; return its new requests by key."""
        known = self._processes.setdefault(process, _Process())
        known.connections = connections
        new = {key: counts.requests - known.keys.get(key, _NOTHING).requests for key, counts in keys.items()}
        known.keys.update(keys)
        return {key: requests for key, requests in new.items() if requests > 0}

    def gone(self, process: int) -> None:
        """Forget a process that has ended, and with it its connections."""
        self._processes.pop(process, None)

    def forget(self, key: str) -> None:
        """Forget a revoked key."""
        for one in self._processes.values():
            one.keys.pop(key, None)
