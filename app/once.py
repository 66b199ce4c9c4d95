"""Something that is told once, and never again on this computer."""

from contextlib import suppress
from pathlib import Path


class Once:
    """``done``: it was told. An empty file remembers it; a disk that takes no file has it told again."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.done = path.exists()

    def tell(self) -> None:
        """Remember that it was told."""
        self.done = True
        with suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._path.touch()
