"""Define the values that the running app sends to its windows.

A newer value of a kind replaces the older.
"""

from collections.abc import Callable
from dataclasses import dataclass

from app.core.errors import AppError, Note
from app.core.problem_notes import note_of
from app.desktop.view import DesktopView
from app.diagnostics.report.view import HelpValue
from app.dictation.hotkey_test import KeysSeen
from app.dictation.view import TakeView, View
from app.files.view import FilesView, FileText
from app.gateways.view import GatewaysView
from app.history.view import HistoryValue
from app.insertion.program_picker import ProgramPick
from app.local_api.view import LocalApiView
from app.local_services.worker_view import WorkerView
from app.models.view import ModelsView
from app.monitoring.view import MonitorView
from app.onboarding.view import MicrophoneTrial
from app.replacements.view import ReplacementsTried
from app.settings.errors import BadSetting
from app.settings.sections import Settings
from app.sharing.view import SharingValue
from app.updates.view import UpdatesView


@dataclass(frozen=True)
class Devices:
    """The microphones, each as (choice, name): the setting that selects it, and its display name.

    ``default``: the name of the system's default.
    """

    microphones: tuple[tuple[str, str], ...] = ()
    default: str = ""


@dataclass(frozen=True)
class Takes:
    """The latest takes, newest first."""

    views: tuple[TakeView, ...] = ()


@dataclass(frozen=True)
class Problem:
    """A problem and its remedy, as a note or a text.

    With neither, the problem is solved. Each topic (``about``) has one problem at a time. ``setting``: the
    dotted name of the setting concerned.
    """

    about: str
    text: str = ""
    note: Note | None = None
    setting: str = ""


def problem(about: str, error: AppError) -> Problem:
    """Return the problem that an error describes for the user."""
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
