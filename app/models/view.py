"""Views of the models of this computer, and the actions of a user on them. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from app.core.errors import Note
from speech.models.catalogue import ErrorRates, ModelFile
from speech.models.recommendation import LocalSpeed, Recommendation


class ModelState(StrEnum):
    """State of a model for the windows."""

    MISSING = "missing"
    QUEUED = "queued"
    FETCHING = "fetching"
    PAUSED = "paused"
    BUSY = "busy"  # another program is working on it
    IMPORTING = "importing"
    VERIFYING = "verifying"
    INSTALLED = "installed"
    DAMAGED = "damaged"
    FAILED = "failed"
    REMOVING = "removing"


UNDER_WAY: Final = frozenset({ModelState.FETCHING, ModelState.IMPORTING, ModelState.VERIFYING, ModelState.BUSY})
"""States in which data may be moving."""


class Purpose(StrEnum):
    """Purpose that a model serves."""

    RECOGNISER = "recogniser"
    VAD = "vad"
    PUNCTUATION = "punctuation"
    LIVE = "live"  # a worker of its own makes live text with it


class ModelUse(StrEnum):
    """Current user of a model, which prevents its removal."""

    NOBODY = "nobody"
    WORKER = "worker"
    APP = "app"


@dataclass(frozen=True)
class ModelFacts:
    """Constant facts about a model.

    ``size``: bytes, an upper limit if ``at_most``, because only the hub knows the exact size. ``sources``: their
    kinds in the order of attempts. ``later``: no engine of this version runs it. ``files``: empty if only the hub
    knows them. ``languages``: ISO codes. ``errors``: the stated error rates. ``exported_from``: the model from
    which this computer exports it, instead of a download.
    """

    name: str
    purpose: Purpose = Purpose.RECOGNISER
    licence: str = ""
    link: str = ""
    sources: tuple[str, ...] = ()
    size: int = 0
    at_most: bool = False
    later: bool = False
    engine: str = ""
    files: tuple[ModelFile, ...] = ()
    languages: tuple[str, ...] = ()
    errors: tuple[ErrorRates, ...] = ()
    exported_from: str = ""

    def errors_in(self, language: str) -> ErrorRates | None:
        """Return the stated error rates in a language; ``None`` if none are stated."""
        return next((stated for stated in self.errors if language in stated.rates), None)


@dataclass(frozen=True)
class LocalModelView:
    """State of a model for display.

    ``done``: bytes present or read. ``source``: current source. ``installed_s``: seconds since 1970. ``chosen``:
    this computer's worker uses it. ``next``: it will be used as soon as it is installed. ``lacks``: extra to
    install first. ``waiting``: for another program. ``stopping``: its job ends soon. ``retry_s``: seconds until a
    failed download is repeated. ``details``: messages of each source.
    """

    about: ModelFacts
    state: ModelState = ModelState.MISSING
    done: int = 0
    speed: float | None = None
    left_s: float | None = None
    source: str = ""
    installed_s: float | None = None
    use: ModelUse = ModelUse.NOBODY
    chosen: bool = False
    next: bool = False
    lacks: str = ""
    waiting: bool = False
    stopping: bool = False
    retry_s: int | None = None
    note: Note | None = None
    details: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Name in the catalogue."""
        return self.about.name

    @property
    def percent(self) -> int:
        """Share of its bytes, 0 to 100; 100 only when installed."""
        if self.state is ModelState.INSTALLED:
            return 100
        return min(99, 100 * self.done // max(1, self.about.size))

    @property
    def can_be_chosen(self) -> bool:
        """True if this computer's worker can run it."""
        return self.runs and self.state in {ModelState.INSTALLED, ModelState.VERIFYING}

    @property
    def runs(self) -> bool:
        """True if this computer's worker could run it once it is installed."""
        return self.about.purpose is Purpose.RECOGNISER and not self.about.later and not self.lacks


@dataclass(frozen=True)
class ModelsView:
    """All models in the order of the catalogue.

    ``free``: free bytes where ``folder`` is. ``speeds``: on this computer, by model. ``default``: the model in
    use unless the user chooses one. ``languages``: those of the user; none: any.
    """

    models: tuple[LocalModelView, ...] = ()
    folder: str = ""
    free: int | None = None
    speeds: Mapping[str, LocalSpeed] = field(default_factory=dict)
    recommended: Recommendation | None = None
    default: Recommendation | None = None
    languages: tuple[str, ...] = ()


@dataclass(frozen=True)
class FetchModel:
    """Download a model: all of it, the rest after a pause or failure, or its damaged files.

    ``use``: whether this computer's worker uses it afterwards; ``None``: as before.
    """

    name: str
    use: bool | None = None


@dataclass(frozen=True)
class PauseModel:
    """Pause the download of a model; downloaded files stay."""

    name: str


@dataclass(frozen=True)
class CancelModel:
    """Cancel work on a model and discard its unfinished download.

    An installed model stays.
    """

    name: str


@dataclass(frozen=True)
class VerifyModel:
    """Verify every byte of a model."""

    name: str


@dataclass(frozen=True)
class ImportModel:
    """Import the files or the wheels of a model from this folder."""

    name: str
    folder: str


@dataclass(frozen=True)
class RemoveModel:
    """Delete a model, unless it is in use."""

    name: str


@dataclass(frozen=True)
class WatchModels:
    """Start (``on``) or stop updates for a visible list of models."""

    on: bool


ModelAction = FetchModel | PauseModel | CancelModel | VerifyModel | ImportModel | RemoveModel | WatchModels
