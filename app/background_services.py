"""Run the services alongside dictation, such as history, files, models and monitor.

Everything here belongs to the event loop that entered it.
"""

import importlib.util
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, suppress
from functools import partial
from typing import TYPE_CHECKING, Final, Self
from uuid import UUID

from app.core.errors import Note
from app.core.segment_observer import Observe, notify_all
from app.core.transcript import Rewrite, as_it_is
from app.desktop.service import DesktopService
from app.diagnostics.report.service import Help
from app.dictation.messages import CANCEL
from app.dictation.view import TakeView
from app.files.recogniser import FileRecogniser
from app.files.service import FileParts, Files
from app.files.view import FileNote
from app.history.errors import TakeHistoryError
from app.history.history import History, IndexState
from app.history.rerecognition import Rerunner
from app.history.service import HistoryService
from app.insertion.insertion_log import InsertionLog
from app.insertion.program_picker import ProgramPicker
from app.journal.library import Library
from app.local_api.service import LocalApiService
from app.local_services.local_gateway import broker_trouble
from app.messages.kinds import FILES, Post, Problem, Programs, Registry
from app.models.engines import VAD_MODEL
from app.models.service import Models
from app.monitoring.service import Monitoring
from app.replacements.dry_run import DryRun
from app.settings.sections import Settings
from app.sharing.lending import Lending
from app.sharing.service import Sharing
from app.transcription.listening import ContextNeed
from app.updates.index import place_of
from app.updates.replaced_files import ReplacedFiles
from app.updates.service import Updates
from client.connection import Locate
from client.errors import GatewayError
from client.models import loaded_models
from protocol.monitor import BrokerTrouble
from protocol.recognition import Options
from runtime.folders import folders
from runtime.tasks import Tasks

if TYPE_CHECKING:
    from app.system.screen_lock import ScreenLock

_FILES: Final = "files"
_LATEST: Final = 100  # recordings whose programs are offered for rules


class BackgroundServices:
    """The services that run alongside dictation.

    ``locate``: finds the current gateway. ``options``: how files are recognised. ``rewrite``: the replacement
    rules. ``actions``: what users can request of them while this context is entered. ``locked`` is called when
    the screen is locked.
    """

    locked: Callable[[], None] = staticmethod(lambda: None)

    def __init__(
        self,
        post: Post,
        library: Library,
        locate: Locate,
        options: Callable[[], Options],
        rewrite: Rewrite = as_it_is,
    ) -> None:
        self._files = _files(post, locate, options, rewrite)
        self._monitoring = Monitoring(locate, post)
        self._history = History(library, Rerunner(locate, rewrite=rewrite))
        self.observe: Observe = notify_all(self._monitoring.observe, InsertionLog().observe, self._history.observe)
        self.history_window = HistoryService(self._history, post, lambda: _models(locate))
        self._locate, self._context, self._was_recording = locate, ContextNeed(), False
        self.needs_context = self._context.needs_context
        self.models = Models(post)
        self.models.languages = lambda: options().languages
        self._dry_run, self._picker, self._post = DryRun(library, post), ProgramPicker(post), post
        self._history.follow(self._history_read)
        self._programs, self.replaced = tuple[str, ...](), ReplacedFiles(self._replaced)
        self.help, self._desktop = Help(post), DesktopService(post, often=CANCEL)
        self.sharing, self._updates, self._api = Sharing(post), Updates(post), LocalApiService(post, locate)
        self.lending = Lending(post, socket.gethostname(), self.models.have)
        self.actions = (
            Registry()
            .add(self._files.ask)
            .add(self.history_window.ask)
            .add(self.models.ask)
            .add(self.help.ask)
            .add(self._desktop.ask)
            .add(self.sharing.ask)
            .add(self.lending.ask)
            .add(self._dry_run.ask)
            .add(self._picker.ask)
            .add(self._monitoring.ask)
            .add(self._updates.ask)
        )
        self._tasks, self._kept = Tasks("background"), AsyncExitStack()
        self._open, self._takes, self._screen = False, set[TakeView](), _screen_lock(lambda: self.locked())

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as opening:
            for service in self._services():
                await opening.enter_async_context(service)
            self._kept = opening.pop_all()
        self._tasks.start(self._files.run(), "files")
        if self._screen is not None:
            self._tasks.keep(self._screen.watch, "screen")
        self._open = True
        return self

    async def __aexit__(self, *_: object) -> None:
        self._open = False
        await self._kept.aclose()

    def _services(self) -> Iterator[AbstractAsyncContextManager[object]]:
        """Yield the services to enter, in this order."""
        yield from (self._tasks, self._monitoring, self._history, self.history_window, self.models, self._dry_run)
        yield from (self._picker, self.help, self._desktop, self.sharing, self.lending, self._updates, self._api)
        yield self.replaced
        if self._screen is not None:
            yield self._screen

    def allow(self, settings: Settings) -> None:
        """Apply the settings of these services."""
        self._desktop.use(settings.hotkeys.bindings)
        self.sharing.choose(on=settings.gateway.share, port=settings.gateway.port)
        self.lending.choose(settings.worker.lend_to)
        self._api.use(on=settings.api.on, port=settings.api.port)
        self._updates.use(on=settings.updates.check, place=place_of(settings.updates.url, settings.updates.key))

    def set_recording(self, *, on: bool) -> None:
        """Block playback and keep the screen on during a recording; at its start, ask for the gateway's models.

        Calling it twice with the same value is safe.
        """
        self.history_window.block_playback(on)
        if on and not self._was_recording:
            self._refresh_context()
        if self._screen is not None and on != self._was_recording:
            self._screen.keep_on(on)
        self._was_recording = on

    def takes_changed(self, views: Sequence[TakeView] = ()) -> None:
        """Refresh the history, beginning with the changed takes among these.

        Ignored before entering and after leaving.
        """
        if self._open:
            for view in set(views) - self._takes:
                self._history.changed(UUID(view.session))
            self._takes = set(views)
            self._history.refresh()

    def gateway_changed(self) -> None:
        """Reconnect the monitor, and ask the new gateway for its models."""
        self._monitoring.reconnect()
        self._refresh_context()

    def _replaced(self, note: Note | None) -> None:
        self._post(Problem(FILES, note=note))

    def _history_read(self, state: IndexState) -> None:
        if self._open and state.done == state.total:
            self._tasks.start(self._post_programs(), "programs")

    async def _post_programs(self) -> None:
        """Report the programs that received the latest recordings, the newest first."""
        with suppress(TakeHistoryError):  # the history page reports it
            rows = await self._history.page(_LATEST)
            programs = tuple(dict.fromkeys(row.program for row in rows if row.program))
            if programs != self._programs:
                self._programs = programs
                self._post(Programs(programs))

    def _refresh_context(self) -> None:
        if self._open:
            self._tasks.start(self._context.refresh(self._locate), "models")


def _screen_lock(locked: Callable[[], None]) -> "ScreenLock | None":
    if importlib.util.find_spec("dbus_fast") is None:  # on Windows and macOS
        return None
    from app.system.screen_lock import ScreenLock

    return ScreenLock(locked)


def _files(post: Post, locate: Locate, options: Callable[[], Options], rewrite: Rewrite) -> Files:
    recogniser = FileRecogniser(locate, folders().models / VAD_MODEL, rewrite=rewrite)
    trouble = partial(server_trouble, locate)
    return Files(post, FileParts(recogniser, folders().data / _FILES, options, trouble=trouble))


async def _models(locate: Locate) -> tuple[str, ...]:
    """Return the names of the models loaded by the current gateway. Raises ``GatewayError``."""
    return tuple(dict.fromkeys(one.model for one in await loaded_models(locate())))


async def server_trouble(locate: Locate) -> Note | None:
    """Return why the current gateway accepts nothing, as a note about a file; ``None`` if that is unknown."""
    with suppress(GatewayError):
        gateway = locate()
        if await broker_trouble(gateway) == BrokerTrouble.DISK:
            return Note(FileNote.DISK_FULL, {"place": gateway.name or str(folders().data)})
    return None
