"""Remember hints that are shown only once on this computer."""

from contextlib import suppress
from pathlib import Path


class ShownOnce:
    """A hint that is shown once.

    ``done``: it was shown. An empty file remembers this. If the file cannot be written, the hint is shown again
    at the next start.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.done = path.exists()

    def tell(self) -> None:
        """Remember that the hint was shown."""
        self.done = True
        with suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._path.touch()
