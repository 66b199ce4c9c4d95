"""Detection of other workers' jobs that take too long. Pure: time comes in as a value.

An idle worker decodes such a job too, without taking it away. The other worker or its network may be gone while
its lease still runs for seconds. The script ``finish`` counts only the first result.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from protocol.audio import samples_to_seconds

LATE_S: Final = 1.0
_PATIENCE: Final = 2.0


class HeldJob(NamedTuple):
    """Job that another worker holds; its last sign of life is ``silent_ms`` ago."""

    stream: str
    entry: str
    audio_s: float
    worker: str = ""
    silent_ms: int = 0


def read_held(stream: bytes, entry: bytes, samples: int, worker: bytes, silent_ms: int) -> HeldJob:
    """Parse one item of the reply of ``others.lua``."""
    return HeldJob(stream.decode(), entry.decode(), samples_to_seconds(samples), worker.decode(), silent_ms)


class Overdue:
    """Observer of other workers' jobs over repeated calls. Each job is reported late once."""

    def __init__(self) -> None:
        self._since: dict[tuple[str, str], float] = {}
        self._found: set[tuple[str, str]] = set()

    def late(self, held: Sequence[HeldJob], speed: float, now: float) -> HeldJob | None:
        """Return a job that another worker has been seen to hold longer than ``allowed_s``, or ``None``."""
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
    """Return a second plus twice the time that this worker would need (real time if ``speed`` is unknown).

    A worker that is merely slow finishes within it.
    """
    return LATE_S + _PATIENCE * audio_s / (speed or 1.0)
