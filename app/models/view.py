"""What a person sees of the models of this computer, as values. Pure."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from app.view import Note


class ModelState(StrEnum):
    """Where a model stands."""

    MISSING = "missing"
    QUEUED = "queued"
    FETCHING = "fetching"
    PAUSED = "paused"
    BUSY = "busy"  # another program is at it
    IMPORTING = "importing"
    VERIFYING = "verifying"
    INSTALLED = "installed"
    DAMAGED = "damaged"
    FAILED = "failed"
    REMOVING = "removing"


UNDER_WAY: Final = frozenset({ModelState.FETCHING, ModelState.IMPORTING, ModelState.VERIFYING, ModelState.BUSY})
"""Where bytes may be moving."""


class Purpose(StrEnum):
    """What a model is for."""

    RECOGNISER = "recogniser"
    VAD = "vad"
    PUNCTUATION = "punctuation"


class ModelNote(StrEnum):
    """What is to be said about a model; each has a text in every language."""

    UNAVAILABLE = "unavailable"
    NOT_IN_FOLDER = "not-in-folder"
    NO_ROOM = "no-room"
    DISK_FULL = "disk-full"
    UNWRITABLE = "unwritable"
    BUSY = "busy"
    DAMAGED = "damaged"
    USED_BY_WORKER = "used-by-worker"
    USED_BY_APP = "used-by-app"
    WHOLE = "whole"
    BROKEN = "broken"


class Use(StrEnum):
    """Who uses a model now, so that it cannot be removed."""

    NOBODY = "nobody"
    WORKER = "worker"
    APP = "app"


@dataclass(frozen=True)
class About:
    """What does not change about a model. ``size``: bytes; ``at_most``: its hub says how many.

    ``sources``: kinds of them, in the order in which they are tried. ``later``: no engine of this version runs it.
    """

    name: str
    purpose: Purpose = Purpose.RECOGNISER
    languages: tuple[str, ...] = ()
    licence: str = ""
    link: str = ""
    sources: tuple[str, ...] = ()
    size: int = 0
    at_most: bool = False
    later: bool = False


@dataclass(frozen=True)
class ModelView:
    """``done``: bytes that are here, or that were read of it. ``source``: where it comes from now.

    ``installed_s``: seconds since 1970. ``chosen``: the worker of this computer runs it. ``lacks``: what must be
    installed before it can. ``waiting``: for another program. ``stopping``: what is done with it ends soon.
    ``details``: what each source said.
    """

    about: About
    state: ModelState = ModelState.MISSING
    done: int = 0
    speed: float | None = None
    left_s: float | None = None
    source: str = ""
    installed_s: float | None = None
    use: Use = Use.NOBODY
    chosen: bool = False
    lacks: str = ""
    waiting: bool = False
    stopping: bool = False
    note: Note | None = None
    details: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """As in the catalogue."""
        return self.about.name

    @property
    def percent(self) -> int:
        """Of its bytes, 0 to 100; all of them only when it is whole."""
        if self.state is ModelState.INSTALLED:
            return 100
        return min(99, 100 * self.done // max(1, self.about.size))

    @property
    def can_be_chosen(self) -> bool:
        """For the worker of this computer."""
        ready = self.about.purpose is Purpose.RECOGNISER and not self.about.later and not self.lacks
        return ready and self.state in {ModelState.INSTALLED, ModelState.VERIFYING}


@dataclass(frozen=True)
class ModelsView:
    """All of them, in the order of the catalogue. ``free``: bytes of room where ``folder`` is."""

    models: tuple[ModelView, ...] = ()
    folder: str = ""
    free: int | None = None
