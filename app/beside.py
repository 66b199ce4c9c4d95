"""What runs beside dictation for the windows: the list of files, and the monitor while somebody sees it.

Everything here belongs to the loop that entered it.
"""

from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from app.files.actions import FileAction
from app.files.recognising import FileRecogniser
from app.files.view import FilesView, FileText
from app.files.working import FileParts, Files
from app.monitoring.monitoring import Monitoring
from app.monitoring.view import MonitorView
from app.needed_models import VAD_MODEL
from app.witness import Witness
from client.connection import Locate
from protocol.recognition import Options
from runtime.folders import folders
from runtime.tasks import Tasks

Post = Callable[[FilesView | FileText | MonitorView], None]

_FILES: Final = "files"


class Beside:
    """``locate``: the gateway of now. ``options``: how files are recognised from now on."""

    def __init__(
        self, post: Post, locate: Locate, options: Callable[[], Options], folder: Path | None = None
    ) -> None:
        recogniser = FileRecogniser(locate, folders().models / VAD_MODEL)
        self._files = Files(post, FileParts(recogniser, folder or folders().data / _FILES, options))
        self._monitoring = Monitoring(locate, post)
        self._tasks = Tasks("beside")

    async def __aenter__(self) -> Self:
        await self._tasks.__aenter__()
        self._tasks.start(self._files.run(), "files")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._monitoring.close()
        await self._tasks.__aexit__(kind, error, trace)

    @property
    def witness(self) -> Witness:
        """Who is to be told of this app's own takes."""
        return self._monitoring.takes

    def ask_files(self, action: FileAction) -> None:
        """What a person wants of the files; returns at once."""
        self._files.ask(action)

    def look_at_monitor(self, on: bool) -> None:
        """Whether somebody sees it."""
        self._monitoring.look(on)

    def gateway_changed(self) -> None:
        """It is another one now."""
        self._monitoring.again()
