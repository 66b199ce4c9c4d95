"""Segments that no engine could recognise, as they are kept in the broker. Pure."""

from collections.abc import Mapping
from typing import NamedTuple

from msgspec.structs import replace

from protocol.errors import MalformedMessage
from protocol.job import Failure, Job, decode_job, decode_notice


class DeadLetter(NamedTuple):
    """``entry`` is its id. ``failure`` is ``None`` where it cannot be read."""

    entry: str
    job: Job
    failure: Failure | None


def read_letter(entry: bytes, fields: Mapping[bytes, bytes]) -> DeadLetter:
    """A stream entry: the job's fields and its ``failure``. Raises ``MalformedMessage``."""
    failure = None
    try:
        notice = decode_notice(fields.get(b"failure", b""))
        failure = notice if isinstance(notice, Failure) else None
    except MalformedMessage:
        pass
    return DeadLetter(entry.decode(), decode_job(fields), failure)


def next_attempt(letter: DeadLetter) -> Job:
    """The same audio as a new attempt, which replaces the failed one."""
    return replace(letter.job, attempt=letter.job.attempt + 1)
