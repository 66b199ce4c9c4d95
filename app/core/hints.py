"""Count how often a hint was shown on this computer, so that it is shown only the first few times."""

from contextlib import suppress
from pathlib import Path

from runtime.whole_file import open_nonblocking


class FirstTimes:
    """Counter of a hint that is shown ``most`` times; ``left``: how many times remain.

    The length of a file stores the count; an empty file counts as one. If the file cannot be written, the count
    begins anew at the next start.
    """

    def __init__(self, path: Path, most: int = 5) -> None:
        self._path = path
        try:
            shown = max(1, path.stat().st_size)
        except OSError:
            shown = 0
        self.left = max(0, most - shown)

    def count(self) -> None:
        """Add one to the count, because the hint was shown."""
        if not self.left:
            return
        self.left -= 1
        with suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with open(self._path, "ab", opener=open_nonblocking) as file:
                file.write(b".")
