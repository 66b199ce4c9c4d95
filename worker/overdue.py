"""Which jobs of other workers take too long. Pure: time comes in as a value.

A worker with nothing else to do decodes such a job too, without taking it away: the other one may be gone, or its
network, and its lease runs for seconds yet. The script ``finish`` counts who was first.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from protocol.audio import samples_to_seconds

LATE_S: Final = 1.0
_PATIENCE: Final = 2.0


class Held(NamedTuple):
    """A job that another worker has, whose last sign is ``silent_ms`` ago."""

    stream: str
    entry: str
    audio_s: float
    worker: str = ""
    silent_ms: int = 0


def read_held(stream: bytes, entry: bytes, samples: int, worker: bytes, silent_ms: int) -> Held:
    """One of the reply of ``others.lua``."""
    return Held(stream.decode(), entry.decode(), samples_to_seconds(samples), worker.decode(), silent_ms)


class Overdue:
    """Looks at what others have, again and again. Each job is found late once."""

    def __init__(self) -> None:
        self._since: dict[tuple[str, str], float] = {}
        self._found: set[tuple[str, str]] = set()

    def late(self, held: Sequence[Held], speed: float, now: float) -> Held | None:
        """One that somebody has had since before ``allowed_s``, as far as was looked."""
        known = {(one.stream, one.entry) for one in held}
        self._since = {key: self._since.get(key, now) for key in known}
        self._found &= known
        for one in held:
            key = (one.stream, one.entry)
            if key not in self._found and now - self._since[key] >= allowed_s(one.audio_s, speed):
                self._found.add(key)
                return one
        return None


def allowed_s(audio_s: float, speed: float) -> float:
    """Twice what it takes here, where ``speed`` is known, and a second: one that is merely slow is faster."""
    return LATE_S + _PATIENCE * audio_s / (speed or 1.0)
