"""Actions of a user on the models of this computer. Pure."""

from dataclasses import dataclass


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
class LookAtModels:
    """Start (``on``) or stop updates for a visible list of models."""

    on: bool


ModelAction = FetchModel | PauseModel | CancelModel | VerifyModel | ImportModel | RemoveModel | LookAtModels
