"""What the running app tells whoever draws: values, the newest of a kind replaces the one before."""

from collections.abc import Callable
from dataclasses import dataclass

from app.files.view import FilesView, FileText
from app.gateways.view import GatewaysView
from app.help.view import HelpValue
from app.history.view import HistoryValue
from app.key_test import KeysSeen
from app.models.view import ModelsView
from app.monitoring.view import MonitorView
from app.onboarding.view import TrialView
from app.replacing.view import ReplacementsTried
from app.settings.sections import Settings
from app.sharing.view import SharingValue
from app.view import Note, TakeView, View, WorkerView


@dataclass(frozen=True)
class Devices:
    """Microphones, each as (choice, name): the setting that chooses it, and what people call it.

    ``default``: the name of the system's.
    """

    microphones: tuple[tuple[str, str], ...] = ()
    default: str = ""


@dataclass(frozen=True)
class Takes:
    """The last takes, the newest first."""

    views: tuple[TakeView, ...] = ()


@dataclass(frozen=True)
class Problem:
    """Something that stands in the way, and what to do about it: a note, or else a text; neither: it is over.

    There is one at a time about each thing. ``setting``: whose value it is about, by its dotted name.
    """

    about: str
    text: str = ""
    note: Note | None = None
    setting: str = ""


@dataclass(frozen=True)
class Programs:
    """Those that had the focus when somebody dictated, the last one first."""

    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class WindowWanted:
    """Somebody asks for the main window."""


Beside = (
    FilesView | FileText | MonitorView | HistoryValue | ModelsView | ReplacementsTried | HelpValue | SharingValue
)
Shown = TrialView | KeysSeen | GatewaysView | Beside
News = View | WorkerView | Devices | Takes | Settings | Problem | Programs | WindowWanted | Shown
Post = Callable[[News], None]
