"""Define the actions that windows request from the app, the values that they receive, and their registry.

A newer value of a type replaces the older one.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from inspect import signature
from typing import Any, Final, Generic, Never, TypeVar, cast, get_args, get_type_hints

from app.core.errors import AppError, Note
from app.core.problem_notes import note_of
from app.desktop.abilities import DesktopAction, DesktopView
from app.diagnostics.report.view import HelpAction, HelpValue
from app.dictation.actions import DictationAction
from app.dictation.hotkey_test import KeysSeen
from app.dictation.view import TakeView, View
from app.files.view import FileAction, FilesView, FileText
from app.gateways.view import GatewayAction, GatewaysView
from app.history.view import HistoryAction, HistoryValue
from app.insertion.program_picker import PickProgram, ProgramPick
from app.local_api.view import LocalApiView
from app.local_services.worker_view import SwitchWorker, WorkerView
from app.models.view import ModelAction, ModelsView
from app.monitoring.view import MonitorView, WatchMonitor
from app.onboarding.steps import MicrophoneTrial, TryMicrophone
from app.replacements.rules import ReplacementsTried, TryReplacements
from app.settings.errors import BadSetting
from app.settings.sections import ChangeSetting, Settings
from app.sharing.view import LendingAction, SharingAction, SharingValue
from app.updates.view import CheckForUpdates, UpdatesView


@dataclass(frozen=True)
class Devices:
    """The microphones as pairs (value of the setting, display name).

    ``default``: the display name of the system's default.
    """

    microphones: tuple[tuple[str, str], ...] = ()
    default: str = ""


@dataclass(frozen=True)
class Takes:
    """The latest takes, newest first."""

    views: tuple[TakeView, ...] = ()


@dataclass(frozen=True)
class Problem:
    """A problem and its remedy, as a note or a text; with neither, the problem is solved.

    A newer problem about the same topic (``about``) replaces the older one. ``setting``: dotted name of the
    setting concerned, if any.
    """

    about: str
    text: str = ""
    note: Note | None = None
    setting: str = ""


def problem(about: str, error: AppError) -> Problem:
    """Return an error as the problem of a topic."""
    return Problem(about, str(error), note_of(error), error.name if isinstance(error, BadSetting) else "")


@dataclass(frozen=True)
class Programs:
    """The programs that had the focus during dictation, latest first."""

    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class WindowWanted:
    """Request to show the main window."""


News = (
    View
    | WorkerView
    | Devices
    | Takes
    | Settings
    | Problem
    | Programs
    | ProgramPick
    | WindowWanted
    | MicrophoneTrial
    | KeysSeen
    | GatewaysView
    | FilesView
    | FileText
    | MonitorView
    | HistoryValue
    | ModelsView
    | ReplacementsTried
    | HelpValue
    | SharingValue
    | DesktopView
    | UpdatesView
    | LocalApiView
)
Post = Callable[[News], None]


Action = (
    DictationAction
    | SwitchWorker
    | ChangeSetting
    | TryMicrophone
    | FileAction
    | HistoryAction
    | ModelAction
    | HelpAction
    | SharingAction
    | LendingAction
    | GatewayAction
    | WatchMonitor
    | TryReplacements
    | PickProgram
    | DesktopAction
    | CheckForUpdates
)


MOST: Final = 64
FILES: Final = "files"
"""Topic of the problem that the program's files have changed since the start."""


class ActionQueue:
    """Queue of actions until the app is ready to perform them; afterwards they are passed on at once.

    When it is full, the oldest action is dropped.
    """

    def __init__(self) -> None:
        self._early: deque[Action] = deque(maxlen=MOST)
        self.hold()

    def ask(self, action: Action) -> None:
        """Pass an action on, or queue it."""
        self._pass_on(action)

    def hold(self) -> None:
        """Queue actions from now on."""
        self._pass_on: Callable[[Action], None] = self._early.append

    def begin(self, pass_on: Callable[[Action], None]) -> None:
        """Pass on the queued actions, then every later one at once."""
        self._pass_on = pass_on
        while self._early:
            pass_on(self._early.popleft())


M = TypeVar("M", contravariant=True)
V = TypeVar("V")


class Registry(Generic[M]):
    """Handlers by message type; calling it passes a message to all handlers of its type, in order.

    ``M`` is the union of the registered types, so a type checker reports a type without a handler:

        show: Callable[[News], None] = Registry().add(show_view).add(show_settings)
    """

    def __init__(self: "Registry[Never]") -> None:
        self._handlers: dict[type, list[Callable[[Any], None]]] = {}

    def add(self, handler: Callable[[V], None]) -> "Registry[M | V]":
        """Register a handler for the types that its parameter is annotated with."""
        for kind in message_types(handler):
            self._handlers.setdefault(kind, []).append(handler)
        return cast("Registry[M | V]", self)

    def join(self, other: "Registry[V]") -> "Registry[M | V]":
        """Register all handlers of another registry."""
        for kind, handlers in other._handlers.items():
            self._handlers.setdefault(kind, []).extend(handlers)
        return cast("Registry[M | V]", self)

    def __call__(self, message: M) -> None:
        """Pass a message to its handlers. Raises ``KeyError`` for an unregistered type."""
        for handler in self._handlers[type(message)]:
            handler(message)


def message_types(handler: Callable[[V], None]) -> tuple[type, ...]:
    """Return the types in the annotation of the handler's parameter, with unions expanded."""
    hint = get_type_hints(handler)[next(iter(signature(handler).parameters))]
    return get_args(hint) or (hint,)
