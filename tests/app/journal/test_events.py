"""Lines of a journal: decoded as they were written; torn ones are skipped."""

import zlib
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.journal.events import (
    Begin,
    Cancelled,
    Edited,
    End,
    Event,
    Finished,
    Inserted,
    Inserting,
    Opened,
    Reran,
    Wanted,
    decode_line,
    decode_lines,
    encode_line,
    opened_event,
    seal_of,
    sealed,
    started_s,
    whole_lines,
)
from protocol.errors import ErrorCode
from protocol.recognition import Options
from protocol.session import Failed, Final, Queued

NUMBERS = st.integers(0, 2**32 - 1)
EVENTS: st.SearchStrategy[Event] = st.one_of(
    st.builds(Begin, NUMBERS, st.integers(0, 2**40)),
    st.builds(End, NUMBERS, NUMBERS),
    st.builds(Cancelled, NUMBERS, NUMBERS),
    st.builds(Queued, NUMBERS),
    st.builds(Final, NUMBERS, st.text()),
    st.builds(Failed, NUMBERS, st.sampled_from(ErrorCode), st.text(), st.booleans()),
    st.builds(Inserting, NUMBERS),
    st.builds(Inserted, NUMBERS),
    st.builds(Edited, st.text()),
    st.builds(Reran, st.just("2024"), st.builds(Options), st.booleans(), st.text(), st.text(), NUMBERS),
    st.builds(Finished, st.integers(0, 2**40)),
    st.builds(opened_event, st.uuids(), st.builds(Options), st.integers(0, 2**32)),
)


@given(st.lists(EVENTS))
def test_encoded_events_decode_to_the_same_events(events: list[Event]) -> None:
    lines = b"".join(map(encode_line, events))
    assert lines.count(b"\n") == len(events)
    assert decode_lines(lines) == events


@given(st.lists(EVENTS, min_size=1), st.data())
def test_torn_line_loses_only_its_own_event(events: list[Event], data: st.DataObject) -> None:
    lines = [encode_line(event) for event in events]
    cut = data.draw(st.integers(0, len(b"".join(lines))))
    whole = 0
    while len(b"".join(lines[: whole + 1])) <= cut and whole < len(lines):
        whole += 1
    torn = b"".join(lines)[:cut]
    assert decode_lines(torn) == events[:whole]
    assert whole_lines(torn) == len(b"".join(lines[:whole]))


@pytest.mark.parametrize("damage", [b"", b"{", b"\xff\xfe", b"\0\0\0", b'{"type":"of a newer version"}', b"[]"])
def test_damaged_line_loses_only_its_own_event(damage: bytes) -> None:
    lines = encode_line(Begin(0, 5)) + damage + b"\n" + encode_line(End(0, 7))
    assert decode_lines(lines) == [Begin(0, 5), End(0, 7)]


def test_start_time_of_a_take_can_be_read_back() -> None:
    event = opened_event(UUID(int=1), Options(), 1_700_000_000.9)
    assert event.started == "2023-11-14T22:13:20.900+00:00"
    assert started_s(event) == 1_700_000_000.9
    assert (event.mode, event.needs_context, event.by_pause) == ("", False, True)


@pytest.mark.parametrize("started", ["?", "1969-12-31T23:59:59+00:00", "2106-02-07T06:28:16+00:00"])
def test_unreadable_start_time_counts_as_zero(started: str) -> None:
    assert started_s(Opened(UUID(int=1), started)) == 0


@pytest.mark.parametrize(
    ("line", "event"),
    [
        (b'{"type":"wanted","inserted":true}', Wanted(True, cancelled=False)),
        (b'{"type":"cancelled","segment":3}', Cancelled(3, samples=0)),
        (
            b'{"type":"opened","session":"%s","started":"?"}' % str(UUID(int=1)).encode(),
            Opened(UUID(int=1), "?", Options(), 16_000, "pcm16", mode="", needs_context=False, by_pause=False),
        ),
        (
            b'{"type":"reran","started":"?","options":{},"vad":true,"model":"m","text":"said"}',
            Reran("?", Options(), True, "m", "said", missing=0),
        ),
    ],
)
def test_line_of_an_older_version_keeps_its_meaning(line: bytes, event: Event) -> None:
    assert decode_line(line) == event


@pytest.mark.parametrize("number", [b"", b"-1", b"x", b"9" * 11])
def test_line_without_a_plausible_number_has_no_seal(number: bytes) -> None:
    body = b'{"type":"inserted","segment":0,"line":' + number
    line = body + b',"check":"%08x"}' % zlib.crc32(body)
    assert seal_of(line) is None
    assert seal_of(sealed(encode_line(Inserted(0)), 9_999_999_999)[:-1]) == 9_999_999_999
