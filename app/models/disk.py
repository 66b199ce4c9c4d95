"""Work on models in threads: inspecting the disk, and one job at a time per model."""

import os
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from app.core.errors import Note
from app.models.engines import KINDS
from app.models.events import ModelOnDisk, RunJob, Work
from app.models.view import ModelFacts, Purpose
from runtime.folders import folders
from speech.models.catalogue import Catalogue, Model, Wheels, load_catalogue
from speech.models.collector import FreeBytes, free_bytes
from speech.models.errors import (
    DiskFull,
    ModelBusy,
    ModelDamaged,
    ModelError,
    ModelUnavailable,
    StoreUnwritable,
)
from speech.models.installation import install
from speech.models.progress import Report
from speech.models.stop import NEVER, Stop
from speech.models.store import NOTICE_FILE, FolderState, ModelStore

_LINK: Final = re.compile(r"https://\S*[^\s.]")


@dataclass(frozen=True)
class ModelLocation:
    """Folder of models, their catalogue and the environment for their sources."""

    folder: Path = field(default_factory=lambda: folders().models)
    catalogue: Catalogue = field(default_factory=load_catalogue)
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ)
    free: FreeBytes = free_bytes

    def store(self, stop: Stop = NEVER) -> ModelStore:
        """Return a store whose work ends when ``stop`` is requested."""
        return ModelStore(self.folder, self.catalogue, free=self.free, stop=stop)

    def room(self) -> int | None:
        """Return the free bytes where the folder is or would be; ``None`` if unknown."""
        for folder in (self.folder, *self.folder.parents):
            with suppress(OSError):
                return self.free(folder)
        return None


def about(model: Model) -> ModelFacts:
    """Return the constant facts about a model."""
    kind = KINDS.get(model.name)
    link = _LINK.findall(model.attribution)
    return ModelFacts(
        model.name,
        kind.purpose if kind else Purpose.RECOGNISER,
        model.licence,
        link[0] if link else "",
        tuple(dict.fromkeys(str(source.__struct_config__.tag) for source in model.sources)),
        model.stated.most_bytes if model.stated else model.size,
        model.stated is not None,
        model.for_later_engine,
        kind.engine if kind else "",
        model.files,
        model.languages,
        model.errors,
        model.exported_from,
    )


def wheels_of(model: Model) -> frozenset[str]:
    """Return the names of a model's wheels."""
    sources = (source for source in model.sources if isinstance(source, Wheels))
    return frozenset(wheel.name for source in sources for wheel in source.wheels)


def inspect_models(
    place: ModelLocation, names: Iterable[str], mine: frozenset[str] = frozenset()
) -> dict[str, ModelOnDisk]:
    """Return the disk state of each readable model.

    ``mine``: our own jobs, whose locks are not checked.
    """
    found: dict[str, ModelOnDisk] = {}
    for name in names:
        with suppress(OSError):  # being replaced by another process, or unreadable
            found[name] = inspect_model(place, name, mine=name in mine)
    return found


def inspect_model(place: ModelLocation, name: str, *, mine: bool = False) -> ModelOnDisk:
    """Return the disk state of one model. Raises ``OSError``."""
    store = place.store()
    state = store.state(name)
    here = store.unfinished_bytes(name)
    busy = bool(here) and not mine and store.is_changing(name)
    if state is FolderState.MISSING:
        return ModelOnDisk(here=here, busy=busy)
    folder = store.path(name)
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    return ModelOnDisk(
        installed=True,
        damaged=state is FolderState.DAMAGED,
        size=size,
        installed_s=_since(folder),
        here=here,
        busy=busy,
    )


def do(place: ModelLocation, run: RunJob, report: Report, stop: Stop) -> None:
    """Carry out a job to its end.

    Raises ``ModelError`` (``Stopped`` is one) or ``OSError``.
    """
    store = place.store(stop)
    match run.work:
        case Work.FETCH:
            install(store, place.catalogue, run.name, report, place.environment)
        case Work.IMPORT:
            store.import_folder(run.name, Path(run.folder), report)
        case Work.VERIFY:
            store.verify(run.name, report)
        case Work.REMOVE:
            store.remove(run.name)
        case Work.ABANDON:
            store.abandon(run.name)


def note_of_error(error: ModelError, run: RunJob) -> tuple[Note, tuple[str, ...]]:
    """Return the note for an error, and the messages of each source."""
    match error:
        case ModelUnavailable():
            said = tuple(map(str, error.refusals))
            if run.work is Work.IMPORT:
                return Note("models.note.not-in-folder", {"folder": run.folder, "file": error.missing[0]}), said
            return Note("models.note.away" if error.may_pass else "models.note.unavailable"), said
        case DiskFull(needed=needed, free=free) if needed:
            return Note("models.note.no-room", {"needed": str(needed), "free": str(free)}), ()
        case DiskFull():
            return Note("models.note.disk-full"), ()
        case StoreUnwritable():
            return Note("models.note.unwritable"), (str(error),)
        case ModelBusy():
            return Note("models.note.busy"), ()
        case ModelDamaged():
            return Note("models.note.damaged"), error.faults
    return Note("models.note.broken", {"error": type(error).__name__}), (str(error),)


def _since(folder: Path) -> float | None:
    """Return the time of installation, which is that of the notice file."""
    for path in (folder / NOTICE_FILE, folder):
        with suppress(OSError):
            return path.stat().st_mtime
    return None
