"""Notice that an update or a removal has changed the files of the running program.

Python imports modules late, and starts helper processes later. Both would then come from another version.
"""

import asyncio
import os
import sys
from collections.abc import Callable, Collection, Iterable, Mapping
from types import ModuleType
from typing import Final, Self

from app.core.daemon_thread import in_daemon_thread
from app.core.errors import Note
from runtime import loggers
from runtime.event_names import LogEvent
from runtime.tasks import TaskOwner, Tasks

log = loggers.APP_UPDATES

NOTE: Final = Note("program-replaced")
_PACKAGES: Final = frozenset({"app", "client", "protocol", "runtime", "speech"})
_EVERY_S: Final = 30.0

Stamp = tuple[int, int]
"""Time of change in ns, and size."""


class LoadedFiles:
    """Files of the imported modules of ``packages``, as each was when it was first seen."""

    def __init__(
        self, packages: Collection[str] = _PACKAGES, modules: Mapping[str, ModuleType] = sys.modules
    ) -> None:
        self._packages, self._modules = packages, modules
        self._seen: dict[str, Stamp | None] = {}

    def changed(self) -> bool:
        """Return whether a file was replaced or removed since it was first seen. Blocks."""
        return any([self._has_changed(path) for path in self._paths()])  # a list: each file is seen

    def _paths(self) -> Iterable[str]:
        for name, module in tuple(self._modules.items()):  # other threads import
            # the name first: reading an attribute of a foreign lazy module may import another one, and fail
            if name.partition(".")[0] in self._packages and (path := getattr(module, "__file__", None)):
                yield path

    def _has_changed(self, path: str) -> bool:
        try:
            status = os.stat(path)
        except (FileNotFoundError, NotADirectoryError):
            now = None
        except OSError:  # a file system that fails says nothing about the file
            return False
        else:
            now = (status.st_mtime_ns, status.st_size)
        return self._seen.setdefault(path, now) != now


class ReplacedFiles(TaskOwner):
    """Watch of the program's files.

    ``report`` gets a note once they have changed, and ``None`` if the same files are back.
    """

    def __init__(
        self,
        report: Callable[[Note | None], None],
        files: LoadedFiles | None = None,
        every_s: float = _EVERY_S,
    ) -> None:
        self._report, self._files, self._every_s = report, files or LoadedFiles(), every_s
        self._tasks = Tasks("replaced-files")
        self.note: Note | None = None

    async def __aenter__(self) -> Self:
        self._tasks.keep(self._watch, "watch")
        return self

    async def _watch(self) -> None:
        while True:
            note = NOTE if await in_daemon_thread(self._files.changed) else None
            if note != self.note:
                log.warning(LogEvent.UPDATES_FILES_CHANGED, changed=note is not None)
                self.note = note
                self._report(note)
            await asyncio.sleep(self._every_s)
