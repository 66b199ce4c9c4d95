"""Types that describe a gateway's routes for OpenAPI: parameters, responses and required keys. Data."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

JSON: Final = "application/json"
FORM: Final = "multipart/form-data"
TEXT: Final = "text/plain"


class RequiredKey(StrEnum):
    """The kind of key that a route requires."""

    NONE = "none"
    OWNER = "the owner's"
    CLIENTS = "the owner's or a client's"
    WORKERS = "the owner's or a worker's"
    ANY = "any"


class Tag(StrEnum):
    """Groups of operations in the document."""

    SESSIONS = "sessions"
    STATE = "state"
    DEVICES = "devices"
    STREAMS = "streams"


@dataclass(frozen=True)
class Content:
    """A body. ``type`` ``None``: text or bytes without a schema.

    ``narrowed``: stricter schemas of its properties.
    """

    media: str = JSON
    type: Any = None
    example: Any = None
    narrowed: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Operation:
    """A route as the document describes it.

    ``answers``: successful responses by status; empty: no body. ``errors``: error statuses in addition to those
    for keys.

    ``leads_to``: operations that accept the ``id`` of the response.
    """

    name: str
    method: str
    path: str
    summary: str
    tag: Tag
    answers: Mapping[int, tuple[Content, ...]]
    keys: RequiredKey = RequiredKey.CLIENTS
    errors: tuple[int, ...] = ()
    query: Any = None
    body: Content | None = None
    more: str = ""
    switching: bool = False
    leads_to: tuple[str, ...] = ()


def answer(kind: Any, example: Any = None, status: int = 200) -> dict[int, tuple[Content, ...]]:
    """Describe a successful response with JSON of this type."""
    return {status: (Content(JSON, kind, example),)}
