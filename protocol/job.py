"""Messages and keys shared by gateways and workers through Redis Streams.

Every segment is identified by ``(session, segment)``, chosen by the client. Key names, stream fields and the
values of the session hash are defined only here. The scripts in ``backend/broker/lua`` and ``worker/lua`` change
them atomically and receive every key as an argument.

The session hash holds, for each segment ``n``::

    job:<n>       "<attempt> <entry id> <stream>"     waiting or being decoded
    end:<n>       "<final|failed|cancelled> <attempt>" ended; stays until the hash expires
    result:<n>    a Result or Failure as JSON          until the client has sent ``received``
    text:<n>      the text of a final result that the client has ``received``
    failures:<n>  how many engines failed while they decoded this segment alone
    spec:<n>      "<samples> <entry id> <stream>"      a speculative decode that may become the job
    span:<n>      the segments that this one replaces, as JSON; stays until the hash expires
    part:<n>      the segment that replaces this one, for the history

and ``owner`` (id of the key that created the session), ``gateway`` (where results are published now) and
``epoch``. If the gateway keeps a history, ``history`` is "<most entries of its stream> <owner of the session, as
JSON>".
"""

from binascii import crc_hqx
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Annotated, Any, Final, NamedTuple, TypeAlias

import msgspec
from msgspec import Meta, Struct

from protocol.decoding import JsonDecoder, explain
from protocol.errors import NOT_JSON, ErrorCode, MalformedMessage
from protocol.monitor import WorkerStatus
from protocol.recognition import Options, Word

GROUP: Final = "workers"
ANY_MODEL: Final = "any"
TRANSLATION: Final = "any+translate"
"""Replaces the model in the name of a stream that only translating workers read; earlier versions ignore it."""
CLASSES: Final = ("interactive", "bulk")
SESSION_TTL_MS: Final = 72 * 3600 * 1000
UNUSED_TTL_MS: Final = 3600 * 1000
"""Lifetime of a session without a segment. If its first segment comes later, its gateway attaches it again."""
TRANSIENT_GONE_MS: Final = 120_000
"""Time after which the transient sessions of a gateway that does not renew them are deleted."""
LEASE_MS: Final = 10_000
RENEW_MS: Final = 2_500
SWEEP_MS: Final = 2_500
HEARTBEAT_MS: Final = 5_000
WORKER_GONE_MS: Final = 15_000
MOST_FAILURES: Final = 3
MOST_DELIVERIES: Final = 20
DEAD_ENTRIES: Final = 1_000
MOST_TAKEN: Final = 64
"""Most jobs that a worker claims at once."""
LONGEST_NOTICE: Final = 64 * 1024
"""Most bytes of a result; also the longest message of a gateway."""
LEAST_NOTICE: Final = 4 * 1024
"""Bytes that every result may have. A longer result must not take more room than its audio."""
LONGEST_FAILURE: Final = 4 * 1024
LONGEST_STATUS: Final = 8 * 1024
DEAD_BYTES: Final = 16 * 1024 * 1024
"""Most bytes of dead letters, if all are as long as the last one."""
DEAD_MS: Final = 7 * 24 * 3600 * 1000
"""Age after which dead letters are deleted."""
STALE_MS: Final = 2_000
"""Age after which a request for a hypothesis is not answered."""
LIVE_STALE_MS: Final = 1_000
"""Age after which a piece of live speech is not answered: its gateway has sent the segment to another worker."""
LIVE_GONE_MS: Final = 3_000
"""Lifetime of the streams of live speech since a streaming worker last renewed them."""
LIVE_RENEW_MS: Final = 1_000
WORKERS_KEY: Final = "kiki:workers"
SHARDS_KEY: Final = "kiki:shards"
"""The number of shards, stored once: with another number, a session would be looked for in the wrong shard."""
MOST_SHARDS: Final = 1_000

SegmentIndex = Annotated[int, Meta(ge=0, le=2**32 - 1)]


class JobKind(StrEnum):
    """Work that a stream entry requests from a worker."""

    RECOGNISE = "recognise"
    SPECULATE = "speculate"
    HYPOTHESISE = "hypothesise"
    STREAM = "stream"


class EndState(StrEnum):
    """Final state of a segment."""

    FINAL = "final"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Job(Struct, frozen=True):
    """Stream entry with a segment to recognise. ``pcm`` is PCM16LE mono 16 kHz, ``samples`` long.

    ``gain_db``: amplification before decoding. ``replaces``: segments that contain the same audio. Of kind
    ``stream``, ``pcm`` is only the newest piece: it ends at ``samples``.
    """

    session: str
    segment: SegmentIndex
    pcm: bytes
    samples: SegmentIndex
    attempt: SegmentIndex = 0
    kind: JobKind = JobKind.RECOGNISE
    options: Options = Options()
    gain_db: int = 0
    replaces: tuple[SegmentIndex, ...] = ()


class Result(Struct, frozen=True, tag="result"):
    """Recognised segment. ``queue_ms`` is measured with the broker's clock, ``decode_ms`` with the worker's."""

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
    """Segment that no engine could recognise; its entry is among the dead letters."""

    session: str
    segment: SegmentIndex
    code: ErrorCode
    message: str
    attempt: SegmentIndex = 0
    retryable: bool = False


class Hypothesis(Struct, frozen=True, tag="hypothesis"):
    """Provisional text of an unfinished segment, up to ``samples``. Best effort: published, never stored.

    ``inbox``: the worker that keeps the state of the segment, and takes the samples that follow.
    """

    session: str
    segment: SegmentIndex
    text: str
    attempt: SegmentIndex = 0
    samples: SegmentIndex = 0
    inbox: str = ""


class Gap(Struct, frozen=True, tag="gap"):
    """Answer to a piece of kind ``stream`` that does not follow: the worker ``inbox`` has ``have`` samples."""

    session: str
    segment: SegmentIndex
    have: SegmentIndex
    attempt: SegmentIndex = 0
    inbox: str = ""


class Detached(Struct, frozen=True, tag="detached"):
    """Notice to a session's previous gateway: another gateway (``gateway``) has attached to the session."""

    session: str
    gateway: str
    epoch: int


Outcome: TypeAlias = Result | Failure
LiveAnswer: TypeAlias = Hypothesis | Gap
Notice: TypeAlias = Result | Failure | Hypothesis | Gap | Detached


@dataclass(frozen=True)
class Keys:
    """Redis key names of one shard. All share one hash tag, so that a script stays in one cluster slot.

    ``alone``: the only shard of a broker that is no cluster; every version reads its key of workers.
    """

    shard: int = 0
    alone: bool = True

    @cached_property
    def _prefix(self) -> str:
        return f"kiki:{{{self.shard}}}"

    def jobs(self, priority: str, model: str = "") -> str:
        """Return the job stream of one priority class, for one model or for any."""
        return f"{self._prefix}:jobs:{priority}:{model or ANY_MODEL}"

    def jobs_of(self, options: Options) -> str:
        """Return the job stream for segments with these options."""
        return self.jobs(options.priority, TRANSLATION if options.task == "translate" else options.model)

    def partials(self, model: str = "") -> str:
        """Return the bounded stream of best-effort hypothesis requests."""
        return f"{self._prefix}:partials:{model or ANY_MODEL}"

    def live(self, model: str) -> str:
        """Return the stream of live speech that any streaming worker with this model may take."""
        return f"{self._prefix}:stream:{model}"

    def inbox(self, worker: str) -> str:
        """Return the stream of live speech whose state this streaming worker has."""
        return f"{self._prefix}:stream-of:{worker}"

    @property
    def streamers(self) -> str:
        """Hash: the status of each streaming worker. Workers and gateways of earlier versions do not read it."""
        return f"{self._prefix}:streamers"

    def session(self, session: str) -> str:
        """Return the key of a session's hash."""
        return f"{self._prefix}:session:{session}"

    @property
    def transient(self) -> str:
        """Hash: sessions that no client can resume, with the time when their gateway last noted them.

        The time is in ms of the broker's clock. Gateways of earlier versions do not read it.
        """
        return f"{self._prefix}:transient"

    def results(self, gateway: str) -> str:
        """Return the sharded Pub/Sub channel of one gateway process."""
        return f"{self._prefix}:results:{gateway}"

    @property
    def workers(self) -> str:
        """Hash: the status of each worker, by its name."""
        return WORKERS_KEY if self.alone else f"{self._prefix}:workers"

    @property
    def results_prefix(self) -> str:
        """Channel name without the gateway, for scripts that read the gateway from the session hash."""
        return f"{self._prefix}:results:"

    @property
    def dead(self) -> str:
        """Stream of the dead letters."""
        return f"{self._prefix}:dead"

    @property
    def sweep(self) -> str:
        """Lock (SET NX PX) of the worker that currently searches for abandoned entries."""
        return f"{self._prefix}:sweep"

    @property
    def history_keys(self) -> tuple[str, str]:
        """Stream of entries for the gateways' history, and the hash that counts the entries left out."""
        return f"{self._prefix}:history", f"{self._prefix}:history:figures"

    @property
    def offered(self) -> str:
        """Hash: the last time a worker offered each model, in ms of the broker's clock, by model."""
        return f"{self._prefix}:offered"

    @property
    def backlog(self) -> str:
        """Hash: samples waiting or being decoded, by stream key. The scripts keep it exact."""
        return f"{self._prefix}:backlog"


def shard_of_key(key: str) -> int:
    """Return the shard in a key's name."""
    return int(key.partition("{")[2].partition("}")[0])


def in_shard(key: str, shard: int) -> str:
    """Return the name that this key has in another shard."""
    return f"kiki:{{{shard}}}{key.partition('}')[2]}"


def shard_of(session: str, shards: int) -> int:
    """Return the shard of a session: CRC-16/XMODEM, as for Redis Cluster slots."""
    return crc_hqx(session.encode(), 0) % shards


# -- codecs, derived from the fields -----------------------------------------------------------------------

_json: Final = msgspec.json.Encoder()
_JOB_FIELDS: Final = {field.name: field for field in msgspec.structs.fields(Job)}


def _encoder_of(kind: Any) -> Callable[[Any], bytes]:
    """Return the encoder of fields of a type."""
    if kind is bytes:
        return bytes
    return str.encode if isinstance(kind, type) and issubclass(kind, str) else _json.encode


_JOB_ENCODERS: Final = [(name, _encoder_of(field.type)) for name, field in _JOB_FIELDS.items()]


def encode_job(job: Job) -> dict[str, bytes]:
    """Return the stream fields of a job: bytes and text unchanged, everything else as JSON."""
    return {name: encode(getattr(job, name)) for name, encode in _JOB_ENCODERS}


def decode_job(fields: Mapping[bytes, bytes]) -> Job:
    """Parse a stream entry, ignoring unknown fields. Raises ``MalformedMessage``."""
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
        raise MalformedMessage(f"not a job: {explain(error, Job)}") from error


def salvage_job(fields: Mapping[bytes, bytes]) -> Job:
    """Return the identity of a job that ``decode_job`` refuses, as far as it is readable, without audio."""

    def number(name: bytes) -> int:
        text = fields.get(name, b"")
        return int(text) if text.isdigit() and len(text) <= 10 else 0

    session = fields.get(b"session", b"").decode(errors="replace")
    return Job(session, number(b"segment"), b"", number(b"samples"), number(b"attempt"))


def encode_notice(notice: Notice) -> bytes:
    """Encode a notice as it is stored in ``result:<n>`` and published to a gateway."""
    return msgspec.json.encode(notice)


def is_room_for(notice: bytes, pcm: bytes) -> bool:
    """Return whether the broker has room for a result of this length for this audio.

    The result may use half of the limits; the rest is a margin.
    """
    return 2 * len(notice) <= min(LONGEST_NOTICE, max(LEAST_NOTICE, len(pcm)))


decode_notice: Final[JsonDecoder[Notice]] = JsonDecoder(Notice, "not a notice: ")
"""Parses a published or stored notice."""


def encode_status(status: WorkerStatus) -> bytes:
    """Encode one worker's field of ``kiki:workers``."""
    return msgspec.json.encode(status)


decode_status: Final[JsonDecoder[WorkerStatus]] = JsonDecoder(WorkerStatus, "not a worker's status: ")
"""Parses one worker's field of ``kiki:workers``."""


class Ended(NamedTuple):
    """Value of ``end:<n>``: how and at which attempt a segment ended."""

    state: EndState
    attempt: int

    def __str__(self) -> str:
        return f"{self.state} {self.attempt}"


def parse_end(value: bytes) -> Ended:
    """Parse the value of ``end:<n>``. Raises ``MalformedMessage``."""
    try:
        state, attempt = value.decode().split(" ")
        return Ended(EndState(state), int(attempt))
    except ValueError as error:
        raise MalformedMessage(f"not an end of a segment: {value!r}") from error
