"""Lines are read in order, each once, and missing lines are reported."""

from collections.abc import Sequence

import pytest

from app.journal.events import Begin, End, Event, Finished, Inserted, encode_line, sealed
from app.journal.lines import JournalLines, read_lines

EVENTS: Sequence[Event] = [Begin(0, 5), End(0, 7), Begin(1, 20), End(1, 3), Finished(30)]
OLDER = [encode_line(event) for event in EVENTS]
SEALED = [sealed(line, number) for number, line in enumerate(OLDER)]


def read(*lines: bytes) -> JournalLines:
    return read_lines(b"".join(lines))


def events(lines: JournalLines) -> list[Event]:
    return [line.event for line in lines.lines]


def faults(lines: JournalLines) -> list[str]:
    return [str(fault).removeprefix("events.jsonl") for fault in lines.faults]


UNUSUAL = OLDER[1].replace(b":0", b": 0")


@pytest.mark.parametrize(
    "lines", [OLDER, SEALED, [OLDER[0], UNUSUAL, *(sealed(line, n) for n, line in enumerate(OLDER[2:]))]]
)
def test_whole_journal_has_no_faults(lines: list[bytes]) -> None:
    found = read(*lines)
    assert events(found) == EVENTS and found.faults == [] and found.count == 5
    assert found.following == sum(b'"check"' in line for line in lines)
    assert [line.place for line in found.lines] == [1, 2, 3, 4, 5]


def test_torn_last_line_is_no_fault() -> None:
    found = read(*SEALED[:2], SEALED[2][:-1])
    assert events(found) == EVENTS[:2] and found.faults == [] and found.following == 2


@pytest.mark.parametrize("number", range(4))
def test_lost_line_is_reported_after_the_line_before_it(number: int) -> None:
    found = read(*SEALED[:number], *SEALED[number + 1 :])
    where = (
        f", line {number}: a line is missing after this one" if number else ": a line is missing at the beginning"
    )
    assert faults(found) == [where]
    assert found.following == 5 and sum(count for _, count in found.lost) == 1


@pytest.mark.parametrize(
    "spoiled", [b"", b"\0" * 70, b"{", b'{"type":"end","segment":0,"samples":8}', b"[" * 99_999]
)
@pytest.mark.parametrize("number", range(5))
def test_unreadable_line_is_reported_with_its_number(number: int, spoiled: bytes) -> None:
    found = read(*SEALED[:number], spoiled + b"\n", *SEALED[number + 1 :])
    canonical = spoiled.endswith(b"8}") and number == 4  # exactly as an older version would write it
    assert faults(found) == ([] if canonical else [f", line {number + 1}: the line cannot be read"])
    if not canonical:
        assert events(found) == [*EVENTS[:number], *EVENTS[number + 1 :]]


def test_missing_lines_are_counted_without_the_unreadable_ones_in_their_place() -> None:
    assert faults(read(SEALED[0], b"{\n", *SEALED[3:])) == [
        ", line 2: the line cannot be read",
        ", line 1: a line is missing after this one",
    ]


def test_next_number_leaves_the_gap_of_an_unreadable_last_line() -> None:
    found = read(*SEALED[:4], b"{\n")
    again = read(*SEALED[:4], b"{\n", sealed(OLDER[4], found.following))
    assert faults(found) == faults(again) == [", line 5: the line cannot be read"]
    joined = read(*SEALED[:4], SEALED[4][:-1] + b"rubbish\n")
    assert (faults(joined), joined.following) == (faults(found), 6), "a damaged line may have joined the last one"
    named = read(*SEALED[:3], b"rubbish" + SEALED[4])
    assert (faults(named), named.following) == ([", line 4: the line cannot be read"], 5)


@pytest.mark.parametrize("lines", [OLDER, SEALED])
@pytest.mark.parametrize("feed", [b"\x0b", b"\x8a", b""])
def test_lines_joined_by_a_damaged_line_feed_are_split(lines: list[bytes], feed: bytes) -> None:
    merged = feed + lines[1][:-1] + feed + lines[2][:-1] + feed + lines[3]
    found = read(lines[0], merged, lines[4])
    assert events(found) == EVENTS and found.faults == []


def test_moved_and_duplicated_lines_are_put_in_order() -> None:
    found = read(SEALED[3], SEALED[0], SEALED[2], SEALED[2], SEALED[1], SEALED[4], SEALED[0])
    assert events(found) == EVENTS and found.faults == []


@pytest.mark.parametrize("extra", [b"rubbish\n", UNUSUAL])
@pytest.mark.parametrize("place", [0, 1])
def test_unreadable_extra_line_is_no_fault_when_no_number_is_missing(extra: bytes, place: int) -> None:
    found = read(*SEALED[: place + 1], extra, *SEALED[place + 1 :])
    assert events(found) == EVENTS and found.faults == []


def test_lines_of_an_older_version_are_valid_after_sealed_lines() -> None:
    """The user may run an older version for a while."""
    older = encode_line(Inserted(0))
    found = read(*SEALED, older[:-1], older, sealed(encode_line(Inserted(1)), 5))
    assert events(found) == [*EVENTS, Inserted(0), Inserted(0), Inserted(1)] and found.faults == []
    assert read(*SEALED, older.replace(b":0", b": 0")).faults != [], "no version writes like that"
    assert read(*SEALED[:4], SEALED[4][:-1], UNUSUAL).faults != []


def test_line_of_a_newer_version_is_ignored_without_a_fault() -> None:
    newer = b'{"type":"of a newer version"}\n'
    found = read(*SEALED[:2], sealed(newer, 2)[:-1], sealed(OLDER[2], 3), sealed(newer, 4))
    assert events(found) == EVENTS[:3] and found.faults == [] and found.following == 5


def test_absurd_line_number_is_reported_without_wasting_memory() -> None:
    found = read(*SEALED, sealed(encode_line(Inserted(0)), 9_999_999_999))
    assert faults(found) == [", line 5: 9999999994 lines are missing after this one"]


def test_all_unreadable_lines_of_an_older_version_are_reported() -> None:
    found = read(OLDER[0], b"?\n", OLDER[2], b"\n", sealed(OLDER[4], 0))
    assert faults(found) == [", line 2: the line cannot be read", ", line 4: the line cannot be read"]
    assert found.following == 1
