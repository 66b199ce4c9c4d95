"""Server-sent events, split at arbitrary bytes by the network."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from client.event_stream import EventStream, ServerSentEvent
from protocol.errors import MalformedMessage

SAID = (
    b": welcome\n\nevent: snapshot\ndata: {}\n\n"
    b"event: segment\r\ndata:  two\r\ndata: lines\r\nid: 7\r\n\r\nevent: nothing\n\ndata: bare\n\n"
)
HEARD = [
    ServerSentEvent("snapshot", b"{}"),
    ServerSentEvent("segment", b" two\nlines"),
    ServerSentEvent("message", b"bare"),
]


@given(st.lists(st.integers(1, len(SAID) - 1), max_size=20))
def test_events_are_the_same_for_any_chunk_sizes(cuts: list[int]) -> None:
    places = [0, *sorted(cuts), len(SAID)]
    stream = EventStream()
    pieces = [SAID[begin:end] for begin, end in zip(places, places[1:], strict=False)]
    assert [event for piece in pieces for event in stream.feed(piece)] == HEARD


def test_incomplete_event_waits_for_its_end() -> None:
    stream = EventStream()
    assert stream.feed(b"event: segment\ndata: 1\n") == []
    assert stream.feed(b"\n") == [ServerSentEvent("segment", b"1")]


@pytest.mark.parametrize("piece", [b"data: aaaa\n", b"data:\n", b"a"])
def test_event_over_the_size_limit_is_refused(piece: bytes) -> None:
    stream = EventStream(100)
    with pytest.raises(MalformedMessage, match="100 bytes"):
        for _ in range(200):
            stream.feed(piece)


def test_size_limit_applies_to_each_event_alone() -> None:
    stream = EventStream(100)
    assert len([event for _ in range(50) for event in stream.feed(b"data: aaaa\n\n")]) == 50
