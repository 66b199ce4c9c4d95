"""Errors about model files.

SpeechError
└── ModelError             a model cannot be used, fetched or removed
    ├── CatalogueDamaged   the catalogue of models cannot be read
    ├── ModelUnknown       the catalogue has no model of this name
    ├── ModelMissing       known, but not installed
    ├── ModelDamaged       installed, but a file does not match its list
    ├── ModelUnavailable   no source could deliver every file; names each source and why
    │   └── FolderUnfit    the folder of an import does not have every file
    ├── MeasurementFailed  the speed of a model cannot be measured
    ├── ExportFailed       an installed model cannot be made into an ONNX graph
    ├── ModelBusy          another process has been changing this model for too long
    ├── Stopped            a stop was requested; fetched data is kept
    ├── StoreUnwritable    the folder of models cannot be written
    │   └── DiskFull       too little space in it
    └── SourceFailed       a source failed; another one may work
        ├── SourceAway     a source does not respond now; it may later
        └── FileRefused    one file of a source failed; its other files may be good
"""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from speech.errors import SpeechError


class ModelError(SpeechError):
    """Base class of errors about model files. The message says what to do."""


class CatalogueDamaged(ModelError):
    """Catalogue that is not valid."""


class ModelUnknown(ModelError):
    """Model name that the catalogue does not contain."""

    def __init__(self, name: str, known: Sequence[str]) -> None:
        super().__init__(f"unknown model {name!r}: choose one of {', '.join(known)}")
        self.name = name


class ModelMissing(ModelError):
    """Model that is known, but not installed."""

    def __init__(self, name: str) -> None:
        super().__init__(f"the model {name} is not installed: run `kikipounamu models get {name}`")
        self.name = name


class ModelDamaged(ModelError):
    """Installed model whose files do not match their list."""

    def __init__(self, name: str, faults: Sequence[str]) -> None:
        super().__init__(
            f"the model {name} is damaged ({'; '.join(faults)}): run `kikipounamu models get {name}` to repair it"
        )
        self.name = name
        self.faults = tuple(faults)


class SourceRefusal(NamedTuple):
    """Reason why a source did not deliver ``item`` (a file, or an empty string for the whole source)."""

    source: str
    item: str
    reason: str

    def __str__(self) -> str:
        return f"{self.source}: {self.item + ': ' if self.item else ''}{self.reason}"


class ModelUnavailable(ModelError):
    """Model that no combination of sources could deliver completely.

    ``may_pass``: sources that do not respond now can have everything that is missing.
    """

    def __init__(
        self, name: str, missing: Sequence[str], refusals: Sequence[SourceRefusal], *, may_pass: bool = False
    ) -> None:
        reasons = "".join(f"\n  {refusal}" for refusal in refusals)
        super().__init__(
            f"the model {name} could not be downloaded: no source has {', '.join(missing)}:{reasons}\n"
            "Check the network, name a mirror in MODELSCOPE_ENDPOINT or HF_ENDPOINT, or copy the files from "
            f"another computer and run `kikipounamu models import {name} FOLDER`. Downloaded parts are kept."
        )
        self.name = name
        self.missing = tuple(missing)
        self.refusals = tuple(refusals)
        self.may_pass = may_pass


class FolderUnfit(ModelUnavailable):
    """Folder that does not have every file of a model."""

    def __init__(self, folder: Path, error: ModelUnavailable) -> None:
        super().__init__(error.name, error.missing, error.refusals)
        reasons = "".join(f"\n  {item + ': ' if item else ''}{reason}" for _, item, reason in error.refusals)
        self.args = (
            f"the model {error.name} could not be imported from {folder}:{reasons}\n"
            f"Name a folder that has all of its files, such as FOLDER/{error.name} of another computer "
            "(`kikipounamu models list` prints FOLDER).",
        )


class MeasurementFailed(ModelError):
    """Model whose speed on this computer cannot be measured."""


class ExportFailed(ModelError):
    """Model that cannot be exported on this computer."""


class ModelBusy(ModelError):
    """Model whose lock another process holds."""


class Stopped(ModelError):
    """Installation or check that was stopped on request."""

    def __init__(self) -> None:
        super().__init__("stopped: downloaded parts are kept, and the next download resumes")


class StoreUnwritable(ModelError):
    """Folder of models that cannot be written."""


class DiskFull(StoreUnwritable):
    """Too little disk space for the model. ``needed``, ``free``: bytes, if known in advance."""

    def __init__(self, text: str, needed: int = 0, free: int = 0) -> None:
        super().__init__(text)
        self.needed = needed
        self.free = free


class SourceFailed(ModelError):
    """Source that cannot be used now."""


class SourceAway(SourceFailed):
    """Source that does not respond now: without a network, or while its server fails."""


class FileRefused(SourceFailed):
    """File that a source does not deliver, or delivers with other contents."""
