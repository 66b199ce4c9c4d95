"""Putting a model's files together from several sources: order, verification, and who is to blame."""

import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from speech.models.catalogue import Model, ModelFile
from speech.models.errors import DiskFull, FileRefused, ModelUnavailable, Refusal, SourceFailed
from speech.models.files import Stage, discard, fault_of, make_durable
from speech.models.progress import Refused, Report
from speech.models.sources import Source

SPARE_BYTES: Final = 32 * 1024 * 1024
FreeBytes = Callable[[Path], int]


def free_bytes(folder: Path) -> int:
    """Bytes that this user may still write where ``folder`` is."""
    return shutil.disk_usage(folder).free


class Collector:
    """Fills one stage with the verified files of one model."""

    def __init__(self, model: Model, stage: Stage, report: Report, free: FreeBytes = free_bytes) -> None:
        self._model = model
        self._stage = stage
        self._report = report
        self._free = free
        self._refusals: list[Refusal] = []

    def collect(self, offers: Iterable[tuple[Source, SourceFailed | None]]) -> None:
        """Take each missing file from the first source that gives it unharmed.

        Raises ``ModelUnavailable`` when the sources are used up, ``DiskFull`` before a download that cannot fit.
        """
        missing = self._missing(self._model.files)
        if not missing:
            return
        for source, problem in offers:
            if problem is not None:
                self._refuse(source, "", problem)
                continue
            self._take(source, missing)
            missing = self._missing(missing)
            if not missing:
                return
        # Wheels that led to nothing may be damaged: the next try gets them anew.
        discard(self._stage.wheels)
        raise ModelUnavailable(self._model.name, [file.path for file in missing], self._refusals)

    def _missing(self, files: Iterable[ModelFile]) -> list[ModelFile]:
        return [file for file in files if fault_of(self._stage.files / file.path, file)]

    def _take(self, source: Source, missing: list[ModelFile]) -> None:
        wanted = [file for file in missing if source.has(file)]
        if not wanted:
            names = ", ".join(file.path for file in missing)
            self._refusals.append(Refusal(source.name, names, "it does not have this"))
            return
        self._check_space(source, wanted)
        for file in wanted:
            try:
                self._fetch_verified(source, file)
            except FileRefused as error:
                self._refuse(source, file.path, error)
            except SourceFailed as error:
                self._refuse(source, file.path, error)
                return

    def _fetch_verified(self, source: Source, file: ModelFile) -> None:
        part = self._stage.part(file)
        went_on = part.exists()
        source.fetch(file, self._stage, self._report)
        fault = fault_of(part, file)
        if fault and went_on:  # what was there before may be to blame, not the source
            discard(part)
            source.fetch(file, self._stage, self._report)
            fault = fault_of(part, file)
        if fault:
            discard(part)
            raise FileRefused(f"not used: {fault}")
        make_durable(part)
        destination = self._stage.files / file.path
        destination.parent.mkdir(parents=True, exist_ok=True)
        part.replace(destination)

    def _check_space(self, source: Source, wanted: list[ModelFile]) -> None:
        parts = (self._stage.part(file) for file in wanted)
        held = sum(part.stat().st_size for part in parts if part.is_file())
        needed = sum(file.size for file in wanted) - held + source.scratch_bytes(self._stage) + SPARE_BYTES
        free = self._free(self._stage.root)
        if free < needed:
            raise DiskFull(
                f"the model {self._model.name} needs {needed / 1e6:.0f} MB of free space in "
                f"{self._stage.root.parent.parent}, there are {free / 1e6:.0f} MB: make room, or name another "
                "folder in KIKIPOUNAMU_MODELS"
            )

    def _refuse(self, source: Source, item: str, error: SourceFailed) -> None:
        refusal = Refusal(source.name, item, str(error))
        self._refusals.append(refusal)
        self._report(Refused(refusal))
