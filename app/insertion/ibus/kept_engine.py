"""Keep the name of the user's engine while ours is active, in case this process is killed."""

from contextlib import suppress
from pathlib import Path


class KeptEngine:
    """A file with the name of the user's engine. It exists only while ours may be active."""

    def __init__(self, place: Path) -> None:
        self._place = place

    def keep(self, engine: str) -> None:
        """Write the name before ours is active."""
        self._place.write_text(engine)

    def read(self) -> str:
        """Return the name that a killed process left; empty if there is none."""
        try:
            return self._place.read_text().strip()
        except (OSError, UnicodeDecodeError):
            return ""

    def forget(self) -> None:
        """Delete the name: the user's engine is active."""
        with suppress(FileNotFoundError):
            self._place.unlink()
