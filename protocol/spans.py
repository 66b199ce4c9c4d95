"""Spans of second passes: segments that contain the audio of several others, and replace them. Pure."""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from protocol.errors import NOT_JSON


def encode_replaces(replaces: Sequence[int]) -> str:
    """Encode the segments that a segment replaces, as stored; an empty text stands for none."""
    return msgspec.json.encode(replaces).decode() if replaces else ""


def parse_replaces(stored: str | bytes) -> tuple[int, ...]:
    """Parse the segments that a segment replaces; empty or unreadable text stands for none."""
    try:
        return msgspec.json.decode(stored, type=tuple[int, ...])
    except NOT_JSON:
        return ()


def without_replaced(segments: Iterable[int], spans: Mapping[int, Sequence[int]]) -> list[int]:
    """Return the segments whose texts make up the session, in order.

    ``spans``: the segments that each span with a text replaces. A span stands where the first of these stands. Of
    two spans that replace the same segment, the earlier one counts.
    """
    place: dict[int, int] = {}
    replaced: set[int] = set()
    for span in sorted(spans):
        if spans[span] and replaced.isdisjoint(spans[span]):
            place[span] = min(spans[span])
            replaced.update(spans[span])
    kept = (n for n in segments if n in place or (n not in spans and n not in replaced))
    return sorted(kept, key=lambda n: place.get(n, n))
