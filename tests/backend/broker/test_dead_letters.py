"""Parsing of dead letters and their next attempts."""

import pytest

from backend.broker.dead_letters import newest_of, next_attempt, place_of, read_letter, shown_from
from protocol.errors import ErrorCode
from protocol.job import Failure, Job, encode_job, encode_notice

JOB = Job("s", 3, b"\x01\x00", 1, attempt=2)
FAILURE = Failure("s", 3, ErrorCode.ENGINE_DIED, "it died", attempt=2)


def fields(failure: bytes | None) -> dict[bytes, bytes]:
    known = {name.encode(): value for name, value in encode_job(JOB).items()}
    return known if failure is None else known | {b"failure": failure}


def test_letter_has_job_and_failure() -> None:
    letter = read_letter(b"1-0", fields(encode_notice(FAILURE)))
    assert (letter.entry, letter.job, letter.failure) == ("1-0", JOB, FAILURE)


@pytest.mark.parametrize(
    "failure", [None, b"", b"{}", b'{"type":"detached","session":"s","gateway":"g","epoch":1}']
)
def test_letter_without_readable_failure_is_parsed(failure: bytes | None) -> None:
    letter = read_letter(b"1-0", fields(failure))
    assert (letter.job, letter.failure) == (JOB, None)


@pytest.mark.parametrize("kind", [b"sing", b"\xff"])
def test_unreadable_letter_keeps_its_identity_and_failure(kind: bytes) -> None:
    letter = read_letter(b"1-0", fields(encode_notice(FAILURE)) | {b"kind": kind})
    assert (letter.job, letter.failure) == (Job("s", 3, b"", 1, attempt=2), FAILURE)
    assert not letter.is_readable and read_letter(b"1-0", fields(None)).is_readable
    assert read_letter(b"1-0", {}).job == Job("", 0, b"", 0)


def test_next_attempt_has_same_audio() -> None:
    assert next_attempt(read_letter(b"1-0", fields(None))) == Job("s", 3, b"\x01\x00", 1, attempt=3)


def test_shown_entry_names_its_shard_where_there_are_several() -> None:
    assert place_of("5-0") == (0, "5-0")
    assert place_of("2:5-0") == (2, "5-0")
    assert place_of("x:5-0") == (0, "x:5-0")
    assert place_of("\u00b2:5-0") == (0, "\u00b2:5-0")


def test_older_letters_of_the_same_moment_are_in_lower_shards() -> None:
    assert shown_from("", 1) == "+"
    assert [shown_from("1:5-0", shard) for shard in range(3)] == ["5-0", "(5-0", "(5-0"]


def test_newest_letters_come_first() -> None:
    entries = ["0:9-0", "1:10-0", "0:10-0", "1:10-1"]
    letters = [read_letter(entry.encode(), fields(None)) for entry in entries]
    assert [letter.entry for letter in newest_of(letters, 3)] == ["1:10-1", "1:10-0", "0:10-0"]
