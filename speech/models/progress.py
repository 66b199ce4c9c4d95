"""Immutable events that report the progress of an installation."""

from collections.abc import Callable
from dataclasses import dataclass

from speech.models.errors import SourceRefusal


@dataclass(frozen=True)
class WaitingForLock:
    """Event: another process is changing this model; the installation continues afterwards."""

    model: str


@dataclass(frozen=True)
class Stating:
    """Event: ``source`` states the files of ``model``, and its list is trusted.

    ``files``: their number. ``size``: their bytes together.
    """

    model: str
    source: str
    files: int
    size: int


@dataclass(frozen=True)
class Fetching:
    """Event: ``item`` (a file, or a wheel with files) of ``size`` bytes is now fetched from ``source``."""

    item: str
    source: str
    size: int


@dataclass(frozen=True)
class Advanced:
    """Event: ``done`` of ``size`` bytes of ``item`` are present."""

    item: str
    done: int
    size: int


@dataclass(frozen=True)
class Checked:
    """Event: ``done`` of ``size`` bytes of the installed ``model`` were read."""

    model: str
    done: int
    size: int


@dataclass(frozen=True)
class SourceRefused:
    """Event: a source, or a single file of it, failed; another source is tried."""

    refusal: SourceRefusal


Event = WaitingForLock | Stating | Fetching | Advanced | Checked | SourceRefused
Report = Callable[[Event], None]
Advance = Callable[[int], None]
"""Receives the number of bytes of the item that are present."""


def silent(event: Event) -> None:
    """Ignore an event: a ``Report`` without effect."""
