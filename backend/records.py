"""What the broker says about a session, as values: replies of the scripts and the fields of the session hash."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from protocol.errors import Forbidden, MalformedMessage, OutOfOrder, TakenOver
from protocol.job import Ended, EndState, Job, Outcome, decode_notice, decode_status, encode_job, parse_end
from protocol.monitor import WorkerStatus

_PER_SEGMENT: Final = (b"job", b"end", b"result", b"text")
_SLOWEST: Final = 0.001  # a worker says thousandths
_FASTEST: Final = 1e6
_MOST_SLOTS: Final = 10_000


class Record(NamedTuple):
    """What the session hash holds of one segment. All ``None``: the broker does not know it.

    ``job`` is its attempt; ``outcome`` what the client has not yet ``received``; ``text`` what it has.
    """

    job: int | None = None
    end: Ended | None = None
    outcome: Outcome | None = None
    text: str | None = None

    @property
    def attempt(self) -> int | None:
        """Which attempt this is about."""
        return self.job if self.end is None else self.end.attempt

    @property
    def good(self) -> bool:
        """Whether it ended for good, whichever attempt it was: no higher one will ever end."""
        return self.end is not None and self.end.state is not EndState.FAILED


class SessionGone(NamedTuple):
    """The broker has no such session (any more): attach again, ask for the audio again."""


class JobQueued(NamedTuple):
    """The segment is in its stream, behind ``ahead`` samples."""

    ahead: int


class NothingToPromote(NamedTuple):
    """No speculation fits: submit the segment."""


Submitted = JobQueued | Record | SessionGone


class StoredSegments(Mapping[int, Record]):
    """Every segment in a flat reply of HGETALL. Each record is read when it is asked for: there may be many."""

    def __init__(self, fields: Sequence[bytes]) -> None:
        self._fields = dict(zip(fields[::2], fields[1::2], strict=True))
        self._numbers = {int(name[4:]): None for name in fields[::2] if name.startswith((b"job:", b"end:"))}

    def __getitem__(self, segment: int) -> Record:
        if segment not in self._numbers:
            raise KeyError(segment)
        return _record(*(self._fields.get(name) for name in _names(segment)))

    def __iter__(self) -> Iterator[int]:
        return iter(self._numbers)

    def __len__(self) -> int:
        return len(self._numbers)


class Attachment(NamedTuple):
    """This gateway has the session, with everything that the broker holds of it."""

    epoch: int
    segments: Mapping[int, Record]


class Reread(NamedTuple):
    """A look at some segments. ``gateway`` is where results go at this moment; empty: the session is gone."""

    gateway: str
    epoch: int
    segments: dict[int, Record]


def parse_attached(reply: Sequence[Any]) -> Attachment | SessionGone:
    """Reply of ``attach.lua``. Raises ``Forbidden``, ``OutOfOrder`` or ``TakenOver``."""
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
    """Reply of ``cancel.lua`` and ``received.lua``: whether the broker knows the session."""
    return reply != b"gone"


def is_queued(reply: bytes) -> bool:
    """Reply of ``speculate.lua`` and ``hypothesise.lua``: whether the request was taken."""
    return reply == b"queued"


def parse_submitted(reply: Sequence[Any]) -> Submitted:
    """Reply of ``submit.lua``."""
    match reply:
        case [b"queued", ahead]:
            return JobQueued(int(ahead))
        case [b"ended", end, result, text]:
            return _record(None, end, result, text)
        case _:
            return SessionGone()


def parse_promoted(reply: Sequence[Any]) -> Submitted | NothingToPromote:
    """Reply of ``promote.lua``."""
    return NothingToPromote() if reply[0] == b"submit" else parse_submitted(reply)


def parse_reread(segments: Sequence[int], values: Sequence[bytes | None]) -> Reread:
    """Reply of ``look.lua``."""
    gateway, epoch, *rest = values
    width = len(_PER_SEGMENT)
    records = {n: _record(*rest[i * width : (i + 1) * width]) for i, n in enumerate(segments)}
    return Reread((gateway or b"").decode(), int(epoch or 0), records)


def _names(segment: int) -> list[bytes]:
    return [b"%b:%d" % (name, segment) for name in _PER_SEGMENT]


def _record(job: bytes | None, end: bytes | None, result: bytes | None, text: bytes | None) -> Record:
    if not end:
        return Record(job=int(job.split(b" ")[0]) if job else None)
    ended = parse_end(end)
    notice = decode_notice(result) if result else None
    if ended.state is not EndState.CANCELLED and isinstance(notice, Outcome):
        return Record(end=ended, outcome=notice)
    return Record(end=ended, text=(text or b"").decode() if ended.state is EndState.FINAL else None)


def read_status(data: bytes) -> WorkerStatus | None:
    """What a worker says of itself; ``None``: not to be read, or to be reckoned with: speeds are divided by."""
    try:
        status = decode_status(data)
    except MalformedMessage:
        return None
    likely = status.speed == 0 or _SLOWEST <= status.speed <= _FASTEST
    return status if likely and 0 <= status.slots <= _MOST_SLOTS else None


def flat(job: Job) -> Iterator[str | bytes]:
    """Fields and values for a stream, the audio last."""
    fields = encode_job(job)
    fields["pcm"] = fields.pop("pcm")
    for name, value in fields.items():
        yield name
        yield value
