"""How a route of a gateway is described to programs: what it takes, what it answers, who may ask. Data."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

JSON: Final = "application/json"
FORM: Final = "multipart/form-data"
TEXT: Final = "text/plain"


class Keys(StrEnum):
    """Whose key is asked for."""

    NOBODY = "none"
    OWNER = "the owner's"
    CLIENTS = "the owner's or a client's"
    WORKERS = "the owner's or a worker's"
    EVERYBODY = "any"


class Tag(StrEnum):
    """Groups in the document."""

    SESSIONS = "sessions"
    STATE = "state"
    DEVICES = "devices"
    STREAMS = "streams"


@dataclass(frozen=True)
class Content:
    """A body. ``type`` ``None``: text, or bytes, without a schema. ``narrowed``: what its properties must be."""

    media: str = JSON
    type: Any = None
    example: Any = None
    narrowed: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Operation:
    """``answers``: of success, by status; no content: there is none. ``errors``: statuses beside those of keys.

    ``leads_to``: operations on what an answer's ``id`` names.
    """

    name: str
    method: str
    path: str
    summary: str
    tag: Tag
    answers: Mapping[int, tuple[Content, ...]]
    keys: Keys = Keys.CLIENTS
    errors: tuple[int, ...] = ()
    query: Any = None
    body: Content | None = None
    more: str = ""
    switching: bool = False
    leads_to: tuple[str, ...] = ()


def answer(kind: Any, example: Any = None, status: int = 200) -> dict[int, tuple[Content, ...]]:
    """JSON of this type, and nothing else."""
    return {status: (Content(JSON, kind, example),)}
