"""Errors about model files.

SpeechError
└── ModelError             a model cannot be used, fetched or removed
    ├── CatalogueDamaged   the catalogue of models cannot be read
    ├── ModelUnknown       the catalogue has no model of this name
    ├── ModelMissing       known, but not installed
    ├── ModelDamaged       installed, but a file is not what its list says
    ├── ModelUnavailable   no source could give every file; says each source and why
    ├── ModelBusy          another process has been changing this model for too long
    ├── Stopped            somebody asked to stop; what was fetched is kept
    ├── StoreUnwritable    the folder of models cannot be written
    │   └── DiskFull       too little space in it
    └── SourceFailed       one source is out; another may do
        └── FileRefused    one file of a source is out, its others may be good
"""

from collections.abc import Sequence
from typing import NamedTuple

from speech.errors import SpeechError


class ModelError(SpeechError):
    """Base of everything about model files. The text says what to do."""


class CatalogueDamaged(ModelError):
    """The catalogue is not valid."""


class ModelUnknown(ModelError):
    """The catalogue has no model of this name."""

    def __init__(self, name: str, known: Sequence[str]) -> None:
        super().__init__(f"there is no model {name!r}: choose one of {', '.join(known)}")


class ModelMissing(ModelError):
    """The model is known, but not installed."""

    def __init__(self, name: str) -> None:
        super().__init__(f"the model {name} is not installed: run `kikipounamu models get {name}`")
        self.name = name


class ModelDamaged(ModelError):
    """The model is installed, but not what its list says."""

    def __init__(self, name: str, faults: Sequence[str]) -> None:
        super().__init__(
            f"the model {name} is damaged ({'; '.join(faults)}): run `kikipounamu models get {name}` to repair it"
        )
        self.name = name
        self.faults = tuple(faults)


class Refusal(NamedTuple):
    """Why a source did not give ``item`` (a file, or the empty string for the source as a whole)."""

    source: str
    item: str
    reason: str

    def __str__(self) -> str:
        return f"{self.source}: {self.item + ': ' if self.item else ''}{self.reason}"


class ModelUnavailable(ModelError):
    """No source, and no combination of them, gave every file."""

    def __init__(self, name: str, missing: Sequence[str], refusals: Sequence[Refusal]) -> None:
        reasons = "".join(f"\n  {refusal}" for refusal in refusals)
        super().__init__(
            f"the model {name} could not be fetched, no source gave {', '.join(missing)}:{reasons}\n"
            "Check the network, name a mirror in MODELSCOPE_ENDPOINT or HF_ENDPOINT, or copy the files from "
            f"elsewhere and run `kikipounamu models import {name} FOLDER`. What was fetched is kept for next time."
        )
        self.name = name
        self.missing = tuple(missing)
        self.refusals = tuple(refusals)


class ModelBusy(ModelError):
    """Another process holds the lock of this model."""


class Stopped(ModelError):
    """Somebody asked an installation or a check to stop."""

    def __init__(self) -> None:
        super().__init__("stopped: what was fetched is kept, and gone on with the next time")


class StoreUnwritable(ModelError):
    """The folder of models cannot be written."""


class DiskFull(StoreUnwritable):
    """There is not enough space for the model. ``needed``, ``free``: bytes, where that was known before."""

    def __init__(self, text: str, needed: int = 0, free: int = 0) -> None:
        super().__init__(text)
        self.needed = needed
        self.free = free


class SourceFailed(ModelError):
    """This source cannot be used now."""


class FileRefused(SourceFailed):
    """This source does not give this file, or gives something else."""
