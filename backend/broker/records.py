"""The broker's state of a session as values: replies of scripts and fields of the session hash."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, Final, NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from backend.core.errors import SessionDamaged
from protocol.errors import ErrorCode, Forbidden, MalformedMessage, OutOfOrder, TakenOver
from protocol.job import (
    Ended,
    EndState,
    Failure,
    Job,
    Outcome,
    decode_notice,
    decode_status,
    encode_job,
    parse_end,
)
from protocol.monitor import WorkerStatus
from protocol.spans import encode_replaces, parse_replaces

_PER_SEGMENT: Final = (b"job", b"end", b"result", b"text")
_SLOWEST: Final = 0.001  # workers report speeds in thousandths
_FASTEST: Final = 1e6
_MOST_SLOTS: Final = 10_000


class Record(Struct, frozen=True):
    """Content of the session hash for one segment. All ``None``: the broker does not know the segment.

    ``job``: attempt of its queued job. ``outcome``: result that the client has not confirmed; ``text``: text of a
    confirmed one.
    ``replaces``: segments of which it is the second pass; only an attachment has it.
    """

    job: int | None = None
    end: Ended | None = None
    outcome: Outcome | None = None
    text: str | None = None
    replaces: tuple[int, ...] = ()

    @property
    def attempt(self) -> int | None:
        """Attempt that this record describes."""
        return self.job if self.end is None else self.end.attempt

    @property
    def good(self) -> bool:
        """True when the segment ended without a failure: no higher attempt will ever end."""
        return self.end is not None and self.end.state is not EndState.FAILED


class SessionGone(Struct, frozen=True):
    """Reply of a broker that does not know the session: attach again and request the audio again."""


class JobQueued(Struct, frozen=True):
    """Reply for a segment that is in its stream, behind ``ahead`` samples."""

    ahead: int


class NothingToPromote(Struct, frozen=True):
    """Reply when no speculation matches: submit the segment instead."""


Submitted = JobQueued | Record | SessionGone


class StoredSegments(Mapping[int, Record]):
    """All segments in a flat HGETALL reply. Records are parsed on access, because there may be many.

    Construction and access raise ``SessionDamaged``.
    """

    def __init__(self, fields: Sequence[bytes]) -> None:
        self._fields = dict(zip(fields[::2], fields[1::2], strict=True))
        try:
            self._numbers = {int(name[4:]): None for name in fields[::2] if name.startswith((b"job:", b"end:"))}
        except ValueError as error:
            raise SessionDamaged("the name of a field") from error

    def __getitem__(self, segment: int) -> Record:
        if segment not in self._numbers:
            raise KeyError(segment)
        record = _record(*(self._fields.get(name) for name in _names(segment)))
        span = self._fields.get(b"span:%d" % segment)
        return replace(record, replaces=parse_replaces(span)) if span else record

    def __iter__(self) -> Iterator[int]:
        return iter(self._numbers)

    def __len__(self) -> int:
        return len(self._numbers)


class Attachment(NamedTuple):
    """Reply for an attached session, with all its records in the broker."""

    epoch: int
    segments: Mapping[int, Record]


class Reread(NamedTuple):
    """Current records of some segments. ``gateway`` now receives the results; empty: the session is gone."""

    gateway: str
    epoch: int
    segments: dict[int, Record]


def parse_attached(reply: Sequence[Any]) -> Attachment | SessionGone:
    """Parse a reply of ``attach.lua``.

    Raises ``Forbidden``, ``OutOfOrder``, ``TakenOver`` or ``SessionDamaged``.
    """
    match reply:
        case [b"attached", epoch, fields]:
            return Attachment(int(epoch), StoredSegments(fields))
        case [b"unknown"]:
            return SessionGone()
        case [b"superseded"]:
            raise TakenOver("a later connection of this client speaks for this session")
        case [b"exists"]:
            raise OutOfOrder("this session exists: say hello with resume to go on with it")
        case _:
            raise Forbidden("this session belongs to another key")


def is_there(reply: bytes) -> bool:
    """Parse a reply of ``cancel.lua`` or ``received.lua``: return whether the broker knows the session."""
    return reply != b"gone"


def is_discarded(reply: bytes) -> bool:
    """Parse a reply of ``discard.lua``: return whether the session is deleted."""
    return reply == b"discarded"


def is_queued(reply: bytes) -> bool:
    """Parse a reply of ``speculate.lua`` or ``hypothesise.lua``: return whether the request was accepted."""
    return reply == b"queued"


def parse_submitted(reply: Sequence[Any]) -> Submitted:
    """Parse a reply of ``submit.lua``. Raises ``SessionDamaged``."""
    match reply:
        case [b"queued", ahead]:
            return JobQueued(int(ahead))
        case [b"ended", end, result, text]:
            return _record(None, end, result, text)
        case _:
            return SessionGone()


def parse_promoted(reply: Sequence[Any]) -> Submitted | NothingToPromote:
    """Parse a reply of ``promote.lua``. Raises ``SessionDamaged``."""
    return NothingToPromote() if reply[0] == b"submit" else parse_submitted(reply)


def parse_reread(segments: Sequence[int], values: Sequence[bytes | None]) -> Reread:
    """Parse a reply of ``look.lua``. Raises ``SessionDamaged``."""
    gateway, epoch, *rest = values
    width = len(_PER_SEGMENT)
    records = {n: _record(*rest[i * width : (i + 1) * width]) for i, n in enumerate(segments)}
    try:
        return Reread((gateway or b"").decode(), int(epoch or 0), records)
    except ValueError as error:
        raise SessionDamaged("its field gateway or epoch") from error


def _names(segment: int) -> list[bytes]:
    return [b"%b:%d" % (name, segment) for name in _PER_SEGMENT]


def _record(job: bytes | None, end: bytes | None, result: bytes | None, text: bytes | None) -> Record:
    try:
        return _parse_record(job, end, result, text)
    except (ValueError, MalformedMessage) as error:
        raise SessionDamaged("a field of a segment") from error


def _parse_record(job: bytes | None, end: bytes | None, result: bytes | None, text: bytes | None) -> Record:
    if not end:
        return Record(job=int(job.split(b" ")[0]) if job else None)
    ended = parse_end(end)
    try:
        notice = decode_notice(result) if result else None
    except MalformedMessage:  # written by another program, or damaged; the script accepts no other attempt
        failed = Failure("", 0, ErrorCode.INTERNAL, "its result in the broker is unreadable", ended.attempt)
        return Record(end=ended._replace(state=EndState.FAILED), outcome=failed)
    if ended.state is not EndState.CANCELLED and isinstance(notice, Outcome):
        return Record(end=ended, outcome=notice)
    return Record(end=ended, text=(text or b"").decode() if ended.state is EndState.FINAL else None)


def read_status(data: bytes, now_ms: int = 0) -> WorkerStatus | None:
    """Parse a worker's status; ``None`` if it is unreadable or implausible (speeds serve as divisors).

    ``now_ms``: the broker's time, which gives the age of the heartbeat; 0: unknown.
    """
    try:
        status = decode_status(data)
    except MalformedMessage:
        return None
    likely = status.speed == 0 or _SLOWEST <= status.speed <= _FASTEST
    if not likely or not 0 <= status.slots <= _MOST_SLOTS:
        return None
    return replace(status, age_ms=max(0, now_ms - status.at_ms) if now_ms else 0)


def flat(job: Job) -> list[str | bytes]:
    """Return a job's fields and values for a stream, with the audio last."""
    fields = encode_job(job)
    fields["pcm"] = fields.pop("pcm")
    return list(chain.from_iterable(fields.items()))


def with_replaces(job: Job) -> list[str | bytes]:
    """Return the segments that a job replaces, first as the session's hash keeps them, then as ``flat``."""
    return [encode_replaces(job.replaces), *flat(job)]
