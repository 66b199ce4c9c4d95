"""Dead letters: segments that no engine could recognise, as stored in the broker. Pure."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from msgspec.structs import replace

from protocol.errors import MalformedMessage
from protocol.job import Failure, Job, decode_job, decode_notice, salvage_job


class DeadLetter(NamedTuple):
    """A dead letter. ``entry`` is its id. ``failure`` is ``None`` if the stored failure is unreadable.

    If the job is unreadable, for example from a later version, ``job`` has only its identity.
    """

    entry: str
    job: Job
    failure: Failure | None
    is_readable: bool = True


def read_letter(entry: bytes, fields: Mapping[bytes, bytes]) -> DeadLetter:
    """Parse a stream entry: the job's fields and its ``failure``."""
    failure = None
    try:
        notice = decode_notice(fields.get(b"failure", b""))
        failure = notice if isinstance(notice, Failure) else None
    except MalformedMessage:
        pass
    try:
        return DeadLetter(entry.decode(), decode_job(fields), failure)
    except MalformedMessage:
        return DeadLetter(entry.decode(), salvage_job(fields), failure, is_readable=False)


def next_attempt(letter: DeadLetter) -> Job:
    """Return the same audio as a new attempt, which replaces the failed one."""
    return replace(letter.job, attempt=letter.job.attempt + 1)


def place_of(entry: str) -> tuple[int, str]:
    """Return shard and id of a shown entry: SHARD:ID, or the id alone if the broker has one shard."""
    shard, colon, id = entry.rpartition(":")
    return (int(shard), id) if colon and shard.isdecimal() else (0, entry)


def may_exist(id: str) -> bool:
    """Return whether a dead letter can have this id: MS-NUMBER, or MS alone for its first one."""
    parts = id.split("-")
    return len(parts) <= 2 and all(part.isdecimal() and int(part) < 1 << 64 for part in parts)


def shown_from(before: str, shard: int) -> str:
    """Return the upper end of an XREVRANGE over the entries of a shard that are older than ``before``.

    Entries of the same moment are ordered by their shards.
    """
    if not before:
        return "+"
    number, id = place_of(before)
    return id if shard < number else f"({id}"


def newest_of(letters: Iterable[DeadLetter], count: int) -> list[DeadLetter]:
    """Return the newest dead letters, the newest first."""

    def age(letter: DeadLetter) -> tuple[int, int, int]:
        shard, id = place_of(letter.entry)
        ms, _, number = id.partition("-")
        return int(ms), int(number), shard

    return sorted(letters, key=age, reverse=True)[:count]
