"""Progress, speed and remaining time of an installation. Pure.

The caller passes the time.
"""

from collections import deque
from collections.abc import Mapping
from typing import Final

from speech.models.progress import Advanced, Checked, Event, Fetching, Stating

_WINDOW_S: Final = 5.0
_EARLY_S: Final = 1.0
_MOST_SAMPLES: Final = 256
_WHEEL: Final = ".whl"


class DownloadMeter:
    """Meter of one installation.

    ``size``: bytes of the model. ``here``: bytes present by file. ``wheels``: their names.
    """

    def __init__(
        self, size: int, here: Mapping[str, int] | None = None, wheels: frozenset[str] = frozenset()
    ) -> None:
        self.size = size
        self.source = ""
        self._here = dict(here or {})
        self._wheels = wheels
        self._read = 0
        self._samples: deque[tuple[float, int]] = deque(maxlen=_MOST_SAMPLES)

    @property
    def done(self) -> int:
        """Bytes done.

        Contents of wheels are on disk twice for a while, but count once.
        """
        packed = sum(size for item, size in self._here.items() if self._is_wheel(item))
        return min(self.size, max(packed, sum(self._here.values()) - packed, self._read))

    def take(self, event: Event, at: float) -> None:
        """Update the figures from an event."""
        match event:
            case Stating(size=size):
                self.size = size
            case Fetching(source=source):
                self.source = source
                self._samples.clear()  # another source has another speed
            case Advanced(item, done):
                self._here[item] = done
            case Checked(done=done):
                self._read = done
        self._samples.append((at, self.done))
        while len(self._samples) > 2 and at - self._samples[1][0] >= _WINDOW_S:
            self._samples.popleft()

    def speed(self, at: float) -> float | None:
        """Return the bytes per second over the last seconds; ``None`` if it is too early."""
        if not self._samples or at - self._samples[0][0] < _EARLY_S:
            return None
        began, before = self._samples[0]
        return max(0, self.done - before) / (at - began)

    def left_s(self, at: float) -> float | None:
        """Return the remaining seconds; ``None`` while nothing arrives."""
        speed = self.speed(at)
        return (self.size - self.done) / speed if speed else None

    def _is_wheel(self, item: str) -> bool:
        return item in self._wheels or item.endswith(_WHEEL)
