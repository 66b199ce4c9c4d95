"""Errors that the programs on this computer log while a scenario runs."""

import json
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

_BAD: Final = frozenset({"error", "critical"})
_MOST_BYTES: Final = 8 << 20
_CAUSE_LINES: Final = 3  # of a traceback: the last frame, its code and the error


class LogWatch:
    """Reader of the new lines in the JSON logs of a folder, also after rotation.

    Call ``read_new`` often: lines of files that are rotated twice between two calls are not read. ``faults``:
    program and event of the lines with a traceback, or of level error or above, and the end of the traceback.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._read = {path: (found.st_ino, found.st_size) for path, found in self._files()}
        self.lines = 0
        self.faults: list[str] = []

    def read_new(self) -> None:
        """Read the lines written since the last call."""
        for path, found in self._files():
            inode, size = found.st_ino, found.st_size
            known, read = self._read.get(path, (inode, 0))
            if known != inode:
                self._read_from(path.with_name(path.name + ".1"), read, path.stem)
                read = 0
            self._read[path] = (inode, read + self._read_from(path, read, path.stem, size - read))

    def _files(self) -> Iterator[tuple[Path, os.stat_result]]:
        for path in sorted(self._folder.glob("*.jsonl")):
            with suppress(FileNotFoundError):  # being rotated: the next call reads it
                if path.stem != "loadtest":
                    yield path, path.stat()

    def _read_from(self, path: Path, start: int, program: str, most: int = _MOST_BYTES) -> int:
        """Read whole lines; return the number of bytes that were read."""
        try:
            with path.open("rb") as file:
                file.seek(start)
                data = file.read(most)
        except OSError:
            return 0
        data = data[: data.rfind(b"\n") + 1]
        for line in data.splitlines():
            self._judge(line, program)
        return len(data)

    def _judge(self, line: bytes, program: str) -> None:
        self.lines += 1
        try:
            logged = json.loads(line)
        except ValueError:
            return
        if logged.get("level") in _BAD or "exception" in logged or b"Traceback (most recent" in line:
            lines = str(logged.get("exception", "")).splitlines()[-_CAUSE_LINES:]
            cause = f" ({' | '.join(line.strip() for line in lines)})" if lines else ""
            self.faults.append(f"{program}: {logged.get('event', 'no event')}{cause}")
