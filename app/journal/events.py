"""Events of a take: each is one line of ``events.jsonl``, a JSON object tagged by ``type``. Pure.

A line is valid once its line feed is written. The journal seals each line with its number and a checksum
(``sealed``). So ``app.journal.lines`` detects damaged, lost, moved and duplicated lines.
"""

import zlib
from datetime import UTC, datetime
from typing import Annotated, Final, NamedTuple, TypeAlias
from uuid import UUID

import msgspec
from msgspec import Meta, Struct

from protocol.audio import CODEC, SAMPLE_RATE
from protocol.errors import NOT_JSON
from protocol.recognition import Options
from protocol.session import Failed, Index, Queued, Samples, SegmentDetails
from protocol.session import Final as Text

_SEAL_SIZE: Final = len(b',"check":"00000000"}')
_MOST_DIGITS: Final = 10
_LATEST_S: Final = 2.0**32

Position = Annotated[int, Meta(ge=0)]
"""Samples from the start of the take, which may be longer than a segment."""


class Cutting(NamedTuple):
    """How segments are cut. ``needs_context``: at longer pauses, because short segments cost accuracy."""

    mode: str = ""
    needs_context: bool = False


USUAL: Final = Cutting()


class Opened(Struct, frozen=True, tag="opened"):
    """The beginning of a take. ``started``: wall clock (ISO 8601, UTC), only for display and retention.

    ``mode`` and ``needs_context``: how segments are cut, so that audio left uncut by a crash is cut like the rest.
    ``by_pause``: pauses decide how texts are joined. Older versions only put spaces between them.
    """

    session: UUID
    started: str
    options: Options = Options()
    rate: int = SAMPLE_RATE
    codec: str = CODEC
    mode: str = ""
    needs_context: bool = False
    by_pause: bool = False


class Begin(SegmentDetails, frozen=True, tag="begin"):
    """The beginning of a segment, at sample ``at`` of the take. The line omits details with default values."""

    segment: Index
    at: Position


class End(Struct, frozen=True, tag="end"):
    """The end of a segment, and its length."""

    segment: Index
    samples: Samples


class Cancelled(Struct, frozen=True, tag="cancelled"):
    """The cancellation of a segment, whose audio was this long."""

    segment: Index
    samples: Samples = 0


class Replaced(Struct, frozen=True, tag="replaced"):
    """The text of a segment after the replacement rules of that moment, which are not applied again."""

    segment: Index
    text: str


class Inserting(Struct, frozen=True, tag="inserting", omit_defaults=True):
    """The start of an insertion into ``program``, if known: from now on the text may be at the cursor.

    ``rest``: everything before it certainly is. ``missing``: the insertion is over, and the text certainly is not.
    """

    segment: Index
    program: str = ""
    rest: str = ""
    missing: bool = False


class Inserted(Struct, frozen=True, tag="inserted"):
    """The success of an insertion: the text is at the cursor."""

    segment: Index


class Dismissed(Struct, frozen=True, tag="dismissed"):
    """The dismissal of a text: it will not be inserted, and stays in the history."""

    segment: Index


class Wanted(Struct, frozen=True, tag="wanted"):
    """The choice between inserting the texts of the take and keeping them for the history only.

    ``cancelled``: the user cancelled the take.
    """

    inserted: bool
    cancelled: bool = False


class Edited(Struct, frozen=True, tag="edited"):
    """The user's text for the whole take; empty: back to the recognised text."""

    text: str


class Reran(Struct, frozen=True, tag="reran"):
    """The result of recognising the take again, for comparison; the text of the take stays.

    ``started``: as in ``Opened``. ``model``: the model that answered. ``vad``: whether the boundaries of the
    take were used. ``missing``: segments that got no text.
    """

    started: str
    options: Options
    vad: bool
    model: str
    text: str
    missing: int = 0


class Finished(Struct, frozen=True, tag="finished"):
    """The end of a take: the VAD has heard all its ``samples``, and no more segments follow."""

    samples: Position


class Recut(Struct, frozen=True, tag="recut"):
    """A note that the boundaries of a segment are uncertain: its audio is cut again under other numbers."""

    segment: Index


class Chosen(Struct, frozen=True, tag="chosen"):
    """The choice between the text of a span (``accepted``) and those of the segments that it replaces."""

    segment: Index
    accepted: bool


class Mended(Struct, frozen=True, tag="mended"):
    """A note that all ``samples`` have boundaries again, despite ``faults`` in the lines before this one."""

    samples: Position
    faults: Index


Event: TypeAlias = (
    Opened
    | Begin
    | End
    | Cancelled
    | Queued
    | Text
    | Failed
    | Replaced
    | Wanted
    | Inserting
    | Inserted
    | Dismissed
    | Edited
    | Reran
    | Finished
    | Recut
    | Mended
    | Chosen
)

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Event)


def encode_line(event: Event) -> bytes:
    """Encode an event as one line, with its line feed."""
    return _encoder.encode(event) + b"\n"


def sealed(line: bytes, number: int) -> bytes:
    """Add to a line its ``number`` in the journal, and a checksum of everything before it."""
    body = b'%s,"line":%d' % (line[:-2], number)
    return body + _check(body) + b"\n"


def seal_of(line: bytes) -> int | None:
    """Return the number of a line (without its line feed), or ``None`` if the seal is missing or damaged."""
    body = line[:-_SEAL_SIZE]
    if line[-_SEAL_SIZE:] != _check(body):
        return None
    digits = body.rpartition(b',"line":')[-1]
    return int(digits) if digits.isdigit() and len(digits) <= _MOST_DIGITS else None


def decode_line(line: bytes) -> Event | None:
    """Return the event of a line, or ``None`` if it is unreadable."""
    try:
        event: Event = _decoder.decode(line)
    except NOT_JSON:
        return None
    return event


def decode_lines(data: bytes) -> list[Event]:
    """Return all readable events, in the order of the file."""
    lines = data[: whole_lines(data)].split(b"\n")
    return [event for line in lines if (event := decode_line(line)) is not None]


def whole_lines(data: bytes) -> int:
    """Return the length in bytes of all whole lines in ``data``. The rest was torn by a crash."""
    return data.rfind(b"\n") + 1


def opened_event(session: UUID, options: Options, now_s: float, cutting: Cutting = USUAL) -> Opened:
    """Return the first event of a take; ``now_s`` is seconds since 1970."""
    mode, needs_context = cutting
    return Opened(session, iso_time(now_s), options, mode=mode, needs_context=needs_context, by_pause=True)


def iso_time(now_s: float) -> str:
    """Format a time as ISO 8601, UTC, in milliseconds: takes of one second keep their order."""
    return datetime.fromtimestamp(now_s, UTC).isoformat(timespec="milliseconds")


def started_s(event: Opened | Reran) -> float:
    """Return the start in seconds since 1970; 0 if it is unreadable or implausible."""
    try:
        started = datetime.fromisoformat(event.started).timestamp()
    except (ValueError, OverflowError, OSError):
        return 0.0
    return max(0.0, started) if started < _LATEST_S else 0.0


def _check(body: bytes) -> bytes:
    return b',"check":"%08x"}' % zlib.crc32(body)
