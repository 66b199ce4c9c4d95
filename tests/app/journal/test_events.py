"""Lines of a journal: decoded as they were written; torn ones are skipped."""

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
    Reran,
    decode_lines,
    encode_line,
    opened,
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
    st.builds(opened, st.uuids(), st.builds(Options), st.integers(0, 2**32)),
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
    event = opened(UUID(int=1), Options(), 1_700_000_000.9)
    assert event.started == "2023-11-14T22:13:20.900+00:00"
    assert started_s(event) == 1_700_000_000.9


def test_unreadable_start_time_counts_as_zero() -> None:
    (event,) = decode_lines(b'{"type":"opened","session":"%s","started":"?"}\n' % str(UUID(int=1)).encode())
    assert started_s(event) == 0  # type: ignore[arg-type]  # the line above decodes to ``Opened``
