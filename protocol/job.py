"""What a gateway and a worker say to each other, through Redis Streams.

The identity of everything is ``(session, segment)``, made by the client. Key names, stream fields and the values
of the session hash are defined here and nowhere else; the scripts that change them atomically are in
``backend/lua`` and ``worker/lua``, and each key is passed to them.

The session hash holds, for each segment ``n``::

    job:<n>       "<attempt> <entry id> <stream>"     waiting or being decoded
    end:<n>       "<final|failed|cancelled> <attempt>" ended; stays until the hash expires
    result:<n>    a Result or Failure as JSON          until the client has ``received`` it
    text:<n>      the text of a final result that the client has ``received``
    failures:<n>  how many engines failed on it alone
    spec:<n>      "<samples> <entry id> <stream>"      a speculative decode that may become the job

and ``owner`` (id of the key that made it), ``gateway`` (where results go at this moment), ``epoch``, and where a
gateway keeps a history ``history``: "<most entries of its stream> <whose the session is, as JSON>".
"""

from binascii import crc_hqx
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, Final, NamedTuple, TypeAlias

import msgspec
from msgspec import Meta, Struct

from protocol.errors import NOT_JSON, ErrorCode, MalformedMessage
from protocol.monitor import WorkerStatus
from protocol.recognition import Options, Word

GROUP: Final = "workers"
ANY_MODEL: Final = "any"
CLASSES: Final = ("interactive", "bulk")
SESSION_TTL_MS: Final = 72 * 3600 * 1000
UNUSED_TTL_MS: Final = 3600 * 1000
"""Of a session without a segment. Its gateway attaches it again when its first segment comes later."""
LEASE_MS: Final = 10_000
RENEW_MS: Final = 2_500
SWEEP_MS: Final = 2_500
HEARTBEAT_MS: Final = 5_000
WORKER_GONE_MS: Final = 15_000
MOST_FAILURES: Final = 3
MOST_DELIVERIES: Final = 20
DEAD_ENTRIES: Final = 1_000
MOST_TAKEN: Final = 64
"""Jobs that a worker takes at a time."""
LONGEST_NOTICE: Final = 64 * 1024
"""Bytes of a result. A gateway says no more in one message either."""
LEAST_NOTICE: Final = 4 * 1024
"""A result may always be so long; above it must not be longer than its audio, so that it takes no more room."""
LONGEST_FAILURE: Final = 4 * 1024
LONGEST_STATUS: Final = 8 * 1024
DEAD_BYTES: Final = 16 * 1024 * 1024
"""Of dead letters, if all are as long as the last one."""
STALE_MS: Final = 2_000
"""Older requests for a hypothesis are not worth an answer."""
WORKERS_KEY: Final = "kiki:workers"
SHARDS_KEY: Final = "kiki:shards"

SegmentIndex = Annotated[int, Meta(ge=0, le=2**32 - 1)]


class JobKind(StrEnum):
    """What a worker is to do with an entry."""

    RECOGNISE = "recognise"
    SPECULATE = "speculate"
    HYPOTHESISE = "hypothesise"


class EndState(StrEnum):
    """How a segment ended."""

    FINAL = "final"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Job(Struct, frozen=True):
    """One stream entry: a segment to recognise. ``pcm`` is PCM16LE mono 16 kHz, ``samples`` long."""

    session: str
    segment: SegmentIndex
    pcm: bytes
    samples: SegmentIndex
    attempt: SegmentIndex = 0
    kind: JobKind = JobKind.RECOGNISE
    options: Options = Options()


class Result(Struct, frozen=True, tag="result"):
    """A recognised segment. ``queue_ms`` is measured with the broker's clock, ``decode_ms`` with the worker's."""

    session: str
    segment: SegmentIndex
    text: str
    attempt: SegmentIndex = 0
    language: str = ""
    words: tuple[Word, ...] = ()
    model: str = ""
    worker: str = ""
    queue_ms: int = 0
    decode_ms: int = 0
    emotion: str = ""
    event: str = ""


class Failure(Struct, frozen=True, tag="failure"):
    """A segment that no engine could recognise; it is among the dead letters."""

    session: str
    segment: SegmentIndex
    code: ErrorCode
    message: str
    attempt: SegmentIndex = 0
    retryable: bool = False


class Hypothesis(Struct, frozen=True, tag="hypothesis"):
    """What a segment that still goes on may say up to ``samples``. Published only: best effort, never stored."""

    session: str
    segment: SegmentIndex
    text: str
    attempt: SegmentIndex = 0
    samples: SegmentIndex = 0


class Detached(Struct, frozen=True, tag="detached"):
    """To the gateway that had a session until now: another one (``gateway``) has attached to it."""

    session: str
    gateway: str
    epoch: int


Outcome: TypeAlias = Result | Failure
Notice: TypeAlias = Result | Failure | Hypothesis | Detached


class Keys(NamedTuple):
    """Names of every key of one shard. One hash tag per shard, so that a script stays in one slot."""

    shard: int = 0

    @property
    def _prefix(self) -> str:
        return f"kiki:{{{self.shard}}}"

    def jobs(self, priority: str, model: str = "") -> str:
        """Stream of jobs of one class for one model, or for any."""
        return f"{self._prefix}:jobs:{priority}:{model or ANY_MODEL}"

    def partials(self, model: str = "") -> str:
        """Bounded stream of best-effort hypotheses to make."""
        return f"{self._prefix}:partials:{model or ANY_MODEL}"

    def session(self, session: str) -> str:
        """Hash of one session."""
        return f"{self._prefix}:session:{session}"

    def results(self, gateway: str) -> str:
        """Sharded channel on which one gateway process listens."""
        return f"{self._prefix}:results:{gateway}"

    @property
    def results_prefix(self) -> str:
        """The channel's name without the gateway, for scripts that read the gateway from the session hash."""
        return f"{self._prefix}:results:"

    @property
    def dead(self) -> str:
        """Stream of dead letters."""
        return f"{self._prefix}:dead"

    @property
    def sweep(self) -> str:
        """Held (SET NX PX) by the worker that looks for abandoned entries at this moment."""
        return f"{self._prefix}:sweep"

    @property
    def history_keys(self) -> tuple[str, str]:
        """Stream of what the history of the gateways is to hold, and the hash of how much of that was left out."""
        return f"{self._prefix}:history", f"{self._prefix}:history:figures"

    @property
    def offered(self) -> str:
        """Hash: when a worker had each model last, in ms of the broker's clock, by model."""
        return f"{self._prefix}:offered"

    @property
    def backlog(self) -> str:
        """Hash: samples that wait or are being decoded, by stream key. Kept exact by the scripts."""
        return f"{self._prefix}:backlog"


def shard_of(session: str, shards: int) -> int:
    """Which shard a session belongs to: CRC-16/XMODEM, as Redis Cluster's own slots."""
    return crc_hqx(session.encode(), 0) % shards


# -- codecs, derived from the fields -----------------------------------------------------------------------

_JOB_FIELDS: Final = {field.name: field for field in msgspec.structs.fields(Job)}
_RAW_TYPES: Final = (str, bytes)


def encode_job(job: Job) -> dict[str, bytes]:
    """Stream fields of a job: bytes and text as they are, everything else as JSON."""
    fields: dict[str, bytes] = {}
    for name in _JOB_FIELDS:
        value = getattr(job, name)
        if isinstance(value, bytes):
            fields[name] = value
        elif isinstance(value, str):
            fields[name] = value.encode()
        else:
            fields[name] = msgspec.json.encode(value)
    return fields


def decode_job(fields: Mapping[bytes, bytes]) -> Job:
    """Read a stream entry; unknown fields are ignored. Raises ``MalformedMessage``."""
    values: dict[str, Any] = {}
    try:
        for name, info in _JOB_FIELDS.items():
            raw = fields.get(name.encode())
            if raw is None:
                continue
            if info.type is bytes:
                values[name] = raw
            elif isinstance(info.type, type) and issubclass(info.type, str):
                values[name] = raw.decode()
            else:
                values[name] = msgspec.json.decode(raw)
        return msgspec.convert(values, Job)
    except NOT_JSON as error:
        raise MalformedMessage(f"not a job: {error}") from error


def encode_notice(notice: Notice) -> bytes:
    """What is stored as ``result:<n>`` and published to a gateway."""
    return msgspec.json.encode(notice)


def is_room_for(notice: bytes, pcm: bytes) -> bool:
    """Return whether the broker takes a result of this length for this audio; half of its limits, to be sure."""
    return 2 * len(notice) <= min(LONGEST_NOTICE, max(LEAST_NOTICE, len(pcm)))


_notice_decoder = msgspec.json.Decoder(Notice)
_status_decoder = msgspec.json.Decoder(WorkerStatus)


def decode_notice(data: bytes) -> Notice:
    """Read a published or stored notice. Raises ``MalformedMessage``."""
    try:
        notice: Notice = _notice_decoder.decode(data)
        return notice
    except NOT_JSON as error:
        raise MalformedMessage(f"not a notice: {error}") from error


def encode_status(status: WorkerStatus) -> bytes:
    """One worker's field of ``kiki:workers``."""
    return msgspec.json.encode(status)


def decode_status(data: bytes) -> WorkerStatus:
    """Read one worker's field. Raises ``MalformedMessage``."""
    try:
        return _status_decoder.decode(data)
    except NOT_JSON as error:
        raise MalformedMessage(f"not a worker's status: {error}") from error


class Ended(NamedTuple):
    """Value of ``end:<n>``."""

    state: EndState
    attempt: int

    def __str__(self) -> str:
        return f"{self.state} {self.attempt}"


def parse_end(value: bytes) -> Ended:
    """Read ``end:<n>``. Raises ``MalformedMessage``."""
    try:
        state, attempt = value.decode().split(" ")
        return Ended(EndState(state), int(attempt))
    except ValueError as error:
        raise MalformedMessage(f"not an end of a segment: {value!r}") from error
