"""What happens to a take: one line of ``events.jsonl`` each, a JSON object tagged by ``type``. Pure.

A line counts once its line feed is there. The journal seals each line with its number and a checksum
(``sealed``), so that a damaged, lost, moved or doubled line is noticed (``app.capture.journal_lines``).
"""

import zlib
from datetime import UTC, datetime
from typing import Annotated, Final, TypeAlias
from uuid import UUID

import msgspec
from msgspec import Meta, Struct

from protocol.audio import CODEC, SAMPLE_RATE
from protocol.errors import NOT_JSON
from protocol.recognition import Options
from protocol.session import Failed, Index, Queued, Samples
from protocol.session import Final as Text

_SEAL_SIZE: Final = len(b',"check":"00000000"}')
_MOST_DIGITS: Final = 10
_LATEST_S: Final = 2.0**32

Position = Annotated[int, Meta(ge=0)]
"""Samples from the start of the take, which may be longer than a segment."""


class Opened(Struct, frozen=True, tag="opened"):
    """The take begins. ``started`` is the wall clock (ISO 8601, UTC): for people and for retention only.

    ``mode``: how segments are cut, so that what a crash left uncut is cut as the rest was.
    """

    session: UUID
    started: str
    options: Options = Options()
    rate: int = SAMPLE_RATE
    codec: str = CODEC
    mode: str = ""


class Begin(Struct, frozen=True, tag="begin"):
    """A segment begins ``at`` this sample of the take."""

    segment: Index
    at: Position


class End(Struct, frozen=True, tag="end"):
    """The segment is complete and this long."""

    segment: Index
    samples: Samples


class Cancelled(Struct, frozen=True, tag="cancelled"):
    """Nobody wants the segment, nor its audio, which was this long."""

    segment: Index
    samples: Samples = 0


class Replaced(Struct, frozen=True, tag="replaced"):
    """What the segment says instead of its ``final``, by the rules of that moment; they are not applied again."""

    segment: Index
    text: str


class Inserting(Struct, frozen=True, tag="inserting"):
    """From now on the text may be where the cursor is."""

    segment: Index


class Inserted(Struct, frozen=True, tag="inserted"):
    """The text is where the cursor was."""

    segment: Index


class Dismissed(Struct, frozen=True, tag="dismissed"):
    """The text is not wanted where a cursor is any more; it stays in the history."""

    segment: Index


class Wanted(Struct, frozen=True, tag="wanted"):
    """Whether, from now on, the texts of the take are wanted where a cursor is; else in the history alone.

    ``cancelled``: because the user gave the take up.
    """

    inserted: bool
    cancelled: bool = False


class Edited(Struct, frozen=True, tag="edited"):
    """What the whole take is to say from now on, as a person wants it; empty: what was recognised."""

    text: str


class Reran(Struct, frozen=True, tag="reran"):
    """The take was recognised once more, for comparison: what it says stays as it is.

    ``started``: as in ``Opened``. ``model``: that answered. ``vad``: with the boundaries of the take, or without
    any. ``missing``: pieces that got no text.
    """

    started: str
    options: Options
    vad: bool
    model: str
    text: str
    missing: int = 0


class Finished(Struct, frozen=True, tag="finished"):
    """No more segments: all ``samples`` of the take were heard by the VAD."""

    samples: Position


class Recut(Struct, frozen=True, tag="recut"):
    """The boundaries of the segment are not certain: its audio is cut again, under other numbers."""

    segment: Index


class Mended(Struct, frozen=True, tag="mended"):
    """All ``samples`` of the take have boundaries again, whatever ``faults`` the lines before this one have."""

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
)

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Event)


def encode_line(event: Event) -> bytes:
    """One line, with its line feed."""
    return _encoder.encode(event) + b"\n"


def sealed(line: bytes, number: int) -> bytes:
    """Add to a line its ``number`` in the journal, and a checksum of everything before it."""
    body = b'%s,"line":%d' % (line[:-2], number)
    return body + _check(body) + b"\n"


def seal_of(line: bytes) -> int | None:
    """Return the number of a line (without its line feed), or ``None`` if it has no seal or is damaged."""
    body = line[:-_SEAL_SIZE]
    if line[-_SEAL_SIZE:] != _check(body):
        return None
    _, found, digits = body.rpartition(b',"line":')
    return int(digits) if found and digits.isdigit() and len(digits) <= _MOST_DIGITS else None


def decode_line(line: bytes) -> Event | None:
    """Return the event of a line, or ``None`` if it cannot be read."""
    try:
        event: Event = _decoder.decode(line)
    except NOT_JSON:
        return None
    return event


def decode_lines(data: bytes) -> list[Event]:
    """Return every event that can be read, in the order of the file."""
    lines = data[: whole_lines(data)].split(b"\n")
    return [event for line in lines if (event := decode_line(line)) is not None]


def whole_lines(data: bytes) -> int:
    """How many bytes of ``data`` are whole lines: what comes after them was torn by a crash."""
    return data.rfind(b"\n") + 1


def opened(session: UUID, options: Options, now_s: float, mode: str = "") -> Opened:
    """The first event of a take; ``now_s`` is seconds since 1970."""
    return Opened(session, iso_time(now_s), options, mode=mode)


def iso_time(now_s: float) -> str:
    """ISO 8601, UTC, whole seconds."""
    return datetime.fromtimestamp(now_s, UTC).isoformat(timespec="seconds")


def started_s(event: Opened | Reran) -> float:
    """When that was, in seconds since 1970; 0 where it cannot be read, or is no time of a recording."""
    try:
        started = datetime.fromisoformat(event.started).timestamp()
    except (ValueError, OverflowError, OSError):
        return 0.0
    return started if 0.0 <= started < _LATEST_S else 0.0


def _check(body: bytes) -> bytes:
    return b',"check":"%08x"}' % zlib.crc32(body)
