"""Valid conversations, from which mutations are made. Pure: equal random sources give equal conversations."""

import random
from collections.abc import Callable, Iterator
from typing import Any, Final, NamedTuple, TypeAlias
from uuid import UUID

import msgspec

from loadtest.core.raw_socket import BINARY, TEXT, frame
from protocol.audio import HEADER_BYTES, encode_frame
from protocol.recognition import Options
from protocol.session import (
    ClientMessage,
    Finish,
    Hello,
    Received,
    SegmentBegin,
    SegmentCancel,
    SegmentEnd,
    SegmentSpeculate,
)

_FINAL: Final = 0x80
_MOST_SEGMENTS: Final = 6
_MOST_FRAMES: Final = 8
_FRAME_SIZES: Final = (1, 7, 160, 400, 800)
_CHANCE: Final = 0.2
_ENDED: Final = 0.1
_CANCELLED: Final = 0.6
"""Share of the segments that is cancelled. Few are ended, because this does not test the workers."""

Fields: TypeAlias = dict[str, Any]
Item: TypeAlias = Fields | bytes
"""Fields of a text message, or an audio frame."""

SessionOf = Callable[[int], UUID]
"""Returns the session of the conversation with this number."""


class FuzzMessage(NamedTuple):
    """WebSocket message as one frame. ``first``: bits of its first byte beside the opcode.

    ``raw``: the payload is sent as it is, without a header.
    """

    opcode: int
    payload: bytes
    first: int = _FINAL
    raw: bool = False

    def encode(self) -> bytes:
        """Return the bytes for the wire."""
        return self.payload if self.raw else frame(self.opcode, self.payload, self.first)


def ordinary(source: random.Random, session: UUID) -> list[Item]:
    """Return a valid conversation, without the close: segments of a few frames, as clients send them."""
    options = Options(partials=source.random() < _CHANCE, language=source.choice(("auto", "en", "zh")))
    items: list[Item] = [fields(Hello(session, client="fuzz", options=options))]
    segments = source.randint(0, _MOST_SEGMENTS)
    for segment in range(segments):
        items += _segment(source, segment)
    if segments and source.random() < 2 * _CHANCE:
        items.append(fields(Finish(segments)))
    return items


def _segment(source: random.Random, segment: int) -> Iterator[Item]:
    yield fields(SegmentBegin(segment, at_ms=segment * 1000))
    offset = 0
    for _ in range(source.randint(0, _MOST_FRAMES)):
        samples = source.choice(_FRAME_SIZES)
        yield encode_frame(segment, offset, source.randbytes(2 * samples))
        offset += samples
        if source.random() < _CHANCE / 2:
            yield fields(SegmentSpeculate(segment, offset))
    ended = source.random()
    if ended < _ENDED:
        yield fields(SegmentEnd(segment, offset))
    elif ended < _ENDED + _CANCELLED:
        yield fields(SegmentCancel(segment))
    if source.random() < _CHANCE:
        yield fields(Received(source.randint(0, segment)))


def fields(message: ClientMessage) -> Fields:
    """Return the fields of a message, including its type."""
    found: Fields = msgspec.to_builtins(message)
    return found


def encode_items(items: list[Item]) -> list[FuzzMessage]:
    """Return the messages of these items."""
    return [
        FuzzMessage(BINARY, item) if isinstance(item, bytes) else FuzzMessage(TEXT, msgspec.json.encode(item))
        for item in items
    ]


def is_audio(item: Item) -> bool:
    """Return whether the item is an audio frame with samples."""
    return isinstance(item, bytes) and len(item) > HEADER_BYTES
