"""What an installation tells while it runs, one immutable event at a time."""

from collections.abc import Callable
from dataclasses import dataclass

from speech.models.errors import Refusal


@dataclass(frozen=True)
class Waiting:
    """Another process is changing this model; we go on when it has ended."""

    model: str


@dataclass(frozen=True)
class Stating:
    """``source`` states the files of ``model``: ``files`` of them, ``size`` bytes together. Its word is taken."""

    model: str
    source: str
    files: int
    size: int


@dataclass(frozen=True)
class Fetching:
    """``item`` (a file, or a wheel that holds files) of ``size`` bytes now comes from ``source``."""

    item: str
    source: str
    size: int


@dataclass(frozen=True)
class Advanced:
    """``done`` of ``size`` bytes of ``item`` are here."""

    item: str
    done: int
    size: int


@dataclass(frozen=True)
class Checked:
    """``done`` of ``size`` bytes of the installed ``model`` were read."""

    model: str
    done: int
    size: int


@dataclass(frozen=True)
class Refused:
    """A source, or one file of it, is out; another is tried."""

    refusal: Refusal


Event = Waiting | Stating | Fetching | Advanced | Checked | Refused
Report = Callable[[Event], None]
Advance = Callable[[int], None]
"""Takes how many bytes of the item are here."""


def silent(event: Event) -> None:
    """A ``Report`` for whoever does not want to know."""
