"""What happens to a take: one line of ``events.jsonl`` each, a JSON object tagged by ``type``. Pure.

A line counts once its line feed is there. Lines that cannot be read (torn, damaged, of a newer version) are left
out, so that the rest of a take is never lost with them.
"""

from datetime import UTC, datetime
from typing import Annotated, TypeAlias
from uuid import UUID

import msgspec
from msgspec import Meta, Struct

from protocol.audio import CODEC, SAMPLE_RATE
from protocol.recognition import Options
from protocol.session import Failed, Final, Index, Queued, Samples

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


Event: TypeAlias = (
    Opened
    | Begin
    | End
    | Cancelled
    | Queued
    | Final
    | Failed
    | Replaced
    | Wanted
    | Inserting
    | Inserted
    | Dismissed
    | Edited
    | Reran
    | Finished
)

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Event)


def encode_line(event: Event) -> bytes:
    """One line, with its line feed."""
    return _encoder.encode(event) + b"\n"


def decode_lines(data: bytes) -> list[Event]:
    """Every event that can be read."""
    events: list[Event] = []
    for line in data[: whole_lines(data)].splitlines():
        try:
            events.append(_decoder.decode(line))
        except (msgspec.DecodeError, UnicodeDecodeError):
            continue
    return events


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
    """When that was, in seconds since 1970; 0 where it cannot be read."""
    try:
        return datetime.fromisoformat(event.started).timestamp()
    except ValueError:
        return 0.0
