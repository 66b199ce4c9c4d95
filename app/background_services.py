"""Run the services alongside dictation: history, files, models, and the monitor while it is visible.

Everything here belongs to the event loop that entered it.
"""

import socket
from collections.abc import Callable
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Final, Self

from app.core.segment_observer import Observe, notify_all
from app.core.transcript import Rewrite, as_it_is
from app.diagnostics.report.actions import HelpAction
from app.diagnostics.report.service import Help
from app.diagnostics.report.view import HelpValue
from app.files.actions import FileAction
from app.files.recogniser import FileRecogniser
from app.files.service import FileParts, Files
from app.files.view import FilesView, FileText
from app.history.actions import HistoryAction
from app.history.history import History
from app.history.rerecognition import Rerunner
from app.history.service import Serving
from app.history.view import HistoryValue
from app.insertion.insertion_log import InsertionLog
from app.journal.library import Library
from app.messages.background_actions import BesideAction, LookAtMonitor
from app.models.actions import ModelAction
from app.models.needed_models import VAD_MODEL
from app.models.service import Models
from app.models.view import ModelsView
from app.monitoring.service import Monitoring
from app.monitoring.view import MonitorView
from app.replacements.dry_run import DryRun
from app.replacements.view import ReplacementsTried, TryReplacements
from app.settings.sections import Settings
from app.sharing.actions import LendingAction, SharingAction
from app.sharing.lending import Lending
from app.sharing.service import Sharing
from app.sharing.view import SharingValue
from client.connection import Locate
from client.models import loaded_models
from protocol.recognition import Options
from runtime.folders import folders
from runtime.tasks import Tasks

Told = (
    FilesView | FileText | MonitorView | HistoryValue | ModelsView | ReplacementsTried | HelpValue | SharingValue
)
Post = Callable[[Told], None]

_FILES: Final = "files"


class Beside:
    """The services that run alongside dictation.

    ``locate``: finds the current gateway. ``options``: how files are recognised. ``rewrite``: the replacement
    rules. Requests before entering or after leaving are ignored.
    """

    def __init__(
        self,
        post: Post,
        library: Library,
        locate: Locate,
        options: Callable[[], Options],
        rewrite: Rewrite = as_it_is,
    ) -> None:
        recogniser = FileRecogniser(locate, folders().models / VAD_MODEL, rewrite=rewrite)
        self._files = Files(post, FileParts(recogniser, folders().data / _FILES, options))
        self._monitoring = Monitoring(locate, post)
        self.observe: Observe = notify_all(self._monitoring.observe, InsertionLog().observe)
        self._history = History(library, Rerunner(locate, rewrite=rewrite))
        self._serving = Serving(self._history, post, lambda: _models(locate))
        self.models = Models(post)
        self._dry_run = DryRun(library, post)
        self.help = Help(post)
        self.sharing = Sharing(post)
        self.lending = Lending(post, socket.gethostname(), self.models.have)
        self._tasks = Tasks("beside")
        self._kept = AsyncExitStack()
        self._open = False

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as opening:
            await opening.enter_async_context(self._tasks)
            opening.push_async_callback(self._monitoring.close)
            await opening.enter_async_context(self._history)
            await opening.enter_async_context(self._serving)
            await opening.enter_async_context(self.models)
            await opening.enter_async_context(self._dry_run)
            await opening.enter_async_context(self.help)
            await opening.enter_async_context(self.sharing)
            await opening.enter_async_context(self.lending)
            self._kept = opening.pop_all()
        self._tasks.start(self._files.run(), "files")
        self._open = True
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open = False
        await self._kept.__aexit__(kind, error, trace)

    def ask(self, action: BesideAction) -> None:
        """Pass a user's action to its service and return at once."""
        if not self._open:
            return
        if isinstance(action, FileAction):
            self._files.ask(action)
        elif isinstance(action, HistoryAction):
            self._serving.ask(action)
        elif isinstance(action, ModelAction):
            self.models.ask(action)
        elif isinstance(action, HelpAction):
            self.help.ask(action)
        elif isinstance(action, SharingAction):
            self.sharing.ask(action)
        elif isinstance(action, LendingAction):
            self.lending.ask(action)
        elif isinstance(action, TryReplacements):
            self._dry_run.ask(action)
        elif isinstance(action, LookAtMonitor):
            self._monitoring.look(action.on)

    def allow(self, settings: Settings) -> None:
        """Apply the settings for sharing this computer's gateway and lending its worker."""
        self.sharing.wish(on=settings.gateway.share, port=settings.gateway.port)
        self.lending.want(settings.worker.lend_to)

    def recording(self, on: bool) -> None:
        """Pause playback while dictation could hear it.

        Calling it twice with the same value is safe.
        """
        if self._open:
            self._serving.hush(on)

    def takes_changed(self) -> None:
        """Refresh the history because takes were added or changed."""
        if self._open:
            self._history.refresh()

    def gateway_changed(self) -> None:
        """Reconnect the monitor because the gateway changed."""
        if self._open:
            self._monitoring.again()


async def _models(locate: Locate) -> tuple[str, ...]:
    """Return the models loaded by the current gateway. Raises ``GatewayError``."""
    return await loaded_models(locate())
