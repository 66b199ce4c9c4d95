"""Collection of a model's files from several sources: order, verification, and reasons for failure."""

import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from speech.models.catalogue import Model, ModelFile
from speech.models.errors import DiskFull, FileRefused, ModelUnavailable, SourceAway, SourceFailed, SourceRefusal
from speech.models.files import StagingArea, discard, fault_of, make_durable
from speech.models.progress import Report, SourceRefused
from speech.models.sources import Source
from speech.models.stop import NEVER, Stop

SPARE_BYTES: Final = 32 * 1024 * 1024
FreeBytes = Callable[[Path], int]


def free_bytes(folder: Path) -> int:
    """Return the bytes that this user may still write to the disk of ``folder``."""
    return shutil.disk_usage(folder).free


class Collector:
    """Collector that fills one stage with the verified files of one model."""

    def __init__(
        self, model: Model, stage: StagingArea, report: Report, free: FreeBytes = free_bytes, stop: Stop = NEVER
    ) -> None:
        self._model = model
        self._stop = stop
        self._stage = stage
        self._report = report
        self._free = free
        self._tried: list[Source] = []
        self._away: list[Source] = []
        self._refusals: list[SourceRefusal] = []

    def collect(self, offers: Iterable[tuple[Source, SourceFailed | None]]) -> None:
        """Fetch each missing file from the first source that delivers it intact.

        Raises ``ModelUnavailable`` when the sources are used up, ``DiskFull`` before a download that cannot fit,
        ``Stopped``.
        """
        missing = self._missing(self._model.files)
        if not missing:
            return
        self._check_space(missing)
        for source, problem in offers:
            if problem is not None:
                self._refuse(source, "", problem)
                continue
            self._fetch_from(source, missing)
            missing = self._missing(missing)
            if not missing:
                return
        may_pass = all(any(source.has(file) for source in self._away) for file in missing)
        paths = [file.path for file in missing]
        raise ModelUnavailable(self._model.name, paths, self._reasons(missing), may_pass=may_pass)

    def _reasons(self, missing: list[ModelFile]) -> list[SourceRefusal]:
        """Return why each source did not deliver the missing files."""
        paths = {file.path for file in missing}
        lacking = [(source, [file.path for file in missing if not source.has(file)]) for source in self._tried]
        return [refusal for refusal in self._refusals if not refusal.item or refusal.item in paths] + [
            SourceRefusal(source.name, ", ".join(lacks), "it does not have this")
            for source, lacks in lacking
            if lacks
        ]

    def _missing(self, files: Iterable[ModelFile]) -> list[ModelFile]:
        return [file for file in files if self._fault_of(self._stage.files / file.path, file)]

    def _fault_of(self, path: Path, file: ModelFile) -> str | None:
        return fault_of(path, file, lambda done: self._stop.check())

    def _fetch_from(self, source: Source, missing: list[ModelFile]) -> None:
        offered = [file for file in missing if source.has(file)]
        self._tried.append(source)
        self._check_space(offered, source.scratch_bytes(self._stage))
        for file in offered:
            self._stop.check()
            try:
                self._fetch_verified(source, file)
            except FileRefused as error:
                self._refuse(source, file.path, error)
            except SourceFailed as error:
                self._refuse(source, file.path, error)
                return

    def _fetch_verified(self, source: Source, file: ModelFile) -> None:
        part, wheels = self._stage.part(file), self._stage.wheels
        left_over = part.exists() or wheels.exists()
        try:
            self._fetch(source, file)
        except FileRefused:
            if not left_over:
                raise
            discard(part)  # left-over data may be the cause, not the source
            discard(wheels)
            self._fetch(source, file)
        make_durable(part)
        destination = self._stage.files / file.path
        destination.parent.mkdir(parents=True, exist_ok=True)
        part.replace(destination)

    def _fetch(self, source: Source, file: ModelFile) -> None:
        part = self._stage.part(file)
        source.fetch(file, self._stage, self._report)
        if fault := self._fault_of(part, file):
            discard(part)
            raise FileRefused(f"not used: {fault}")

    def _check_space(self, offered: list[ModelFile], scratch: int = 0) -> None:
        parts = (self._stage.part(file) for file in offered)
        held = sum(part.stat().st_size for part in parts if part.is_file())
        needed = sum(file.size for file in offered) - held + scratch + SPARE_BYTES
        free = self._free(self._stage.root)
        if free < needed:
            raise DiskFull(
                f"the model {self._model.name} needs {needed / 1e6:.0f} MB of free space in "
                f"{self._stage.root.parent.parent}, there are {free / 1e6:.0f} MB: make room, or name another "
                "folder in KIKIPOUNAMU_MODELS",
                needed,
                free,
            )

    def _refuse(self, source: Source, item: str, error: SourceFailed) -> None:
        if isinstance(error, SourceAway):
            self._away.append(source)
        refusal = SourceRefusal(source.name, item, str(error))
        self._refusals.append(refusal)
        self._report(SourceRefused(refusal))
