"""Dead letters: segments that no engine could recognise, as stored in the broker. Pure."""

from collections.abc import Mapping
from typing import NamedTuple

from msgspec.structs import replace

from protocol.errors import MalformedMessage
from protocol.job import Failure, Job, decode_job, decode_notice


class DeadLetter(NamedTuple):
    """A dead letter. ``entry`` is its id. ``failure`` is ``None`` if it is unreadable."""

    entry: str
    job: Job
    failure: Failure | None


def read_letter(entry: bytes, fields: Mapping[bytes, bytes]) -> DeadLetter:
    """Parse a stream entry: the job's fields and its ``failure``. Raises ``MalformedMessage``."""
    failure = None
    try:
        notice = decode_notice(fields.get(b"failure", b""))
        failure = notice if isinstance(notice, Failure) else None
    except MalformedMessage:
        pass
    return DeadLetter(entry.decode(), decode_job(fields), failure)


def next_attempt(letter: DeadLetter) -> Job:
    """Return the same audio as a new attempt, which replaces the failed one."""
    return replace(letter.job, attempt=letter.job.attempt + 1)
