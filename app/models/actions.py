"""What a person may ask of the models of this computer. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True)
class FetchModel:
    """Have it here: from its beginning, from where it was paused or failed, or what is damaged of it."""

    name: str


@dataclass(frozen=True)
class PauseModel:
    """Fetch no more of it for now; what is here stays."""

    name: str


@dataclass(frozen=True)
class CancelModel:
    """End what is done with it, and discard what was fetched. An installed model stays."""

    name: str


@dataclass(frozen=True)
class VerifyModel:
    """Read every byte of it."""

    name: str


@dataclass(frozen=True)
class ImportModel:
    """Take its files, or its wheels, from this folder."""

    name: str
    folder: str


@dataclass(frozen=True)
class RemoveModel:
    """Delete it, unless it is in use."""

    name: str


@dataclass(frozen=True)
class LookAtModels:
    """Whether somebody sees them."""

    on: bool


ModelAction = FetchModel | PauseModel | CancelModel | VerifyModel | ImportModel | RemoveModel | LookAtModels
