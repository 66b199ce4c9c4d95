"""Hints that are shown only the first few times on this computer."""

from contextlib import suppress
from pathlib import Path

from runtime.whole_file import open_nonblocking


class FirstTimes:
    """A hint that is shown ``most`` times; ``left``: how many of them are to come.

    The length of a file remembers this, and an empty file counts as one time. If the file cannot be written, the
    hint begins anew at the next start.
    """

    def __init__(self, path: Path, most: int = 5) -> None:
        self._path = path
        try:
            shown = max(1, path.stat().st_size)
        except OSError:
            shown = 0
        self.left = max(0, most - shown)

    def count(self) -> None:
        """Remember that the hint was shown once more."""
        if not self.left:
            return
        self.left -= 1
        with suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with open(self._path, "ab", opener=open_nonblocking) as file:
                file.write(b".")
