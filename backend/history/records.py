"""What the history keeps, and what is asked of it, as values.

Times are ms since 1970 (of the broker's clock, where a segment ended), lengths are samples of 16 kHz.
"""

from collections.abc import Sequence
from datetime import date
from enum import StrEnum
from typing import Final, Generic, NamedTuple, TypeVar

import msgspec
from msgspec import Struct

from protocol.errors import ErrorCode
from protocol.job import Outcome
from protocol.recognition import Options, Word

T = TypeVar("T")

FED_EMBEDDED: Final = 10_000
FED: Final = 100_000
"""Most entries of the feed; over it the oldest go. One takes 1 to 5 KB, and the embedded broker has 256 MB."""
MOST_ROWS: Final = 500
"""Of one page, of whatever."""


class SessionKind(StrEnum):
    """How its speech came."""

    STREAM = "stream"
    FILE = "file"


class SessionState(StrEnum):
    """Where a session stands. A stream is ``working`` until its client has everything of it."""

    SUBMITTED = "submitted"  # a file that is not cut yet
    WORKING = "working"
    DONE = "done"
    FAILED = "failed"  # a file of which something has no text: ``reason``, or its segments, say why
    CANCELLED = "cancelled"


class SegmentState(StrEnum):
    """How far one segment is."""

    PLANNED = "planned"  # of a file: it has not ended
    FINAL = "final"
    FAILED = "failed"
    CANCELLED = "cancelled"


class About(Struct, frozen=True, omit_defaults=True):
    """Whose a session is, as its hash and each entry of the feed say it. ``owner``: id of a key."""

    owner: str
    device: str = ""
    tenant: str = ""
    client: str = ""
    kind: SessionKind = SessionKind.STREAM


def feed_field(about: About, most: int) -> str:
    """What a session's hash says for the feed: the bound of its stream, and whose the session is."""
    return f"{most} {msgspec.json.encode(about).decode()}"


class Entry(NamedTuple):
    """One entry of the feed, in the order in which the broker has them. ``at_ms``: when the broker took it.

    ``outcome`` ``None``: the segment was cancelled; ``segment`` -1: the session is over.
    """

    about: About
    session: str
    segment: int
    attempt: int
    outcome: Outcome | None
    samples: int
    at_ms: int


class NewFile(Struct, frozen=True):
    """A file that somebody submits. ``id``: of the session that it becomes."""

    id: str
    owner: str
    device: str = ""
    tenant: str = ""
    client: str = ""
    name: str = ""
    options: Options = Options()


class Planned(Struct, frozen=True):
    """A segment that a file was cut into, ``at_ms`` after its beginning."""

    segment: int
    at_ms: int
    samples: int


class StoredSession(Struct, frozen=True):
    """``segments``: those that are known of; of them ``finals`` have a text and ``failed`` have none.

    ``truncated``: the end of its file is missing.
    ``number``: its place in the order in which sessions came, and the cursor of pages of sessions.
    """

    number: int
    id: str
    kind: SessionKind
    state: SessionState
    owner: str
    device: str
    tenant: str
    client: str
    name: str
    reason: str
    options: Options
    started_ms: int
    changed_ms: int
    segments: int
    finals: int
    failed: int
    samples: int
    truncated: bool = False


class StoredSegment(Struct, frozen=True):
    """``at_ms``: after the beginning of its session, where that is known. ``ended_ms`` 0: it has not."""

    segment: int
    attempt: int
    state: SegmentState
    samples: int
    at_ms: int | None = None
    ended_ms: int = 0
    text: str = ""
    language: str = ""
    words: tuple[Word, ...] = ()
    model: str = ""
    worker: str = ""
    queue_ms: int = 0
    decode_ms: int = 0
    emotion: str = ""
    event: str = ""
    code: ErrorCode | None = None
    message: str = ""
    retryable: bool = False


class Wanted(NamedTuple):
    """Which sessions; ``None``: whatever it is."""

    owner: str | None = None
    tenant: str | None = None
    state: SessionState | None = None
    kind: SessionKind | None = None


class Page(NamedTuple, Generic[T]):
    """The newest first. ``next``: the ``before`` of the page behind it; ``None``: there is none."""

    items: Sequence[T]
    next: int | None = None


class Hit(Struct, frozen=True):
    """A segment that has everything that was searched for.

    ``excerpt``: part of its text in one line; ``ranges``: what of that was searched for.
    """

    session: StoredSession
    segment: int
    at_ms: int | None
    ended_ms: int
    excerpt: str
    ranges: tuple[tuple[int, int], ...] = ()


class Usage(Struct, frozen=True):
    """What one key used on one day (UTC). It stays when the speech goes."""

    day: date
    owner: str
    tenant: str
    sessions: int
    segments: int
    failed: int
    samples: int
    characters: int


class Limits(NamedTuple):
    """How much is kept: ``days`` and ``megabytes``; 0: no limit."""

    days: int = 90
    megabytes: int = 2048


class Held(NamedTuple):
    """How much there is; ``bytes`` as the database takes room for it."""

    sessions: int
    segments: int
    bytes: int
