"""Parsing of dead letters and their next attempts."""

import pytest

from backend.broker.dead_letters import next_attempt, read_letter
from protocol.errors import ErrorCode, MalformedMessage
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


def test_letter_without_job_is_refused() -> None:
    with pytest.raises(MalformedMessage):
        read_letter(b"1-0", {b"pcm": b""})


def test_next_attempt_has_same_audio() -> None:
    assert next_attempt(read_letter(b"1-0", fields(None))) == Job("s", 3, b"\x01\x00", 1, attempt=3)
