"""Entries of the queues in the broker: owner, age and size of each, and their removal.

The broker copies an entry's audio to read it; therefore entries are read in small pages.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from typing import Any, Final, NamedTuple, TypeVar

from backend.broker.jobs import Jobs
from backend.broker.shard import Shard
from backend.core.errors import BrokerError
from protocol.errors import ErrorCode
from protocol.job import (
    DEAD_MS,
    SESSION_TTL_MS,
    STALE_MS,
    WORKER_GONE_MS,
    Failure,
    encode_notice,
    shard_of_key,
)

PARTIALS: Final = "partials"
_PAGE_ENTRIES: Final = 64
_PAGE_BYTES: Final = 2_000_000
_FORGOTTEN_MS: Final = 24 * 3600 * 1000
T = TypeVar("T")


class StreamEntry(NamedTuple):
    """Entry of a stream. ``owner``: id of the key of its session; empty: the session is gone."""

    stream: str
    id: str
    session: str
    segment: int
    attempt: int
    samples: int
    bytes: int
    owner: str
    age_ms: int

    @property
    def priority(self) -> str:
        """Class of the entry; ``partials`` for a request for a partial."""
        return split(self.stream)[0]

    @property
    def model(self) -> str:
        """Requested model, or ``any`` for any model."""
        return split(self.stream)[1]


def split(stream: str) -> tuple[str, str]:
    """Return class and model of a stream's name."""
    _, _, rest = stream.partition("}:")
    kind, _, which = rest.partition(":")
    if kind == PARTIALS:
        return kind, which
    priority, _, model = which.partition(":")
    return priority, model


def read_page(stream: str, reply: Sequence[Any]) -> list[StreamEntry]:
    """Parse a reply of ``queue.lua``; values that are not numbers count as 0."""
    now_ms, page = reply
    return [
        StreamEntry(
            stream,
            id.decode(),
            session.decode(errors="replace"),
            _number(segment),
            _number(attempt),
            _number(samples),
            int(size),
            owner.decode(errors="replace"),
            max(0, int(now_ms) - int(id.partition(b"-")[0])),
        )
        for id, session, segment, attempt, samples, size, owner in page
    ]


def _number(digits: bytes) -> int:
    return int(digits) if digits.isdigit() and len(digits) <= 10 else 0


class Queues:
    """The queues of all shards. ``missing``: shards that did not answer in the last call.

    Every call raises ``BrokerError``, those about all shards only if none answers.
    """

    def __init__(self, jobs: Jobs) -> None:
        self._jobs = jobs
        self.missing: tuple[int, ...] = ()

    async def streams(self) -> list[str]:
        """Return all streams of jobs that were ever used, then those of partials."""
        return [name for names in await self._each(_streams) for name in names]

    async def entries(self) -> AsyncIterator[StreamEntry]:
        """Yield every entry that waits or is being decoded."""
        missing = set[int]()
        for stream in await self.streams():
            last = "-"
            try:
                while page := await self._page(stream, last):
                    for entry in page:
                        yield entry
                    last = f"({page[-1].id}"
            except BrokerError:
                if len(self._jobs.shards) == 1:
                    raise
                missing.add(shard_of_key(stream))
        self.missing = tuple(sorted(missing.union(self.missing)))

    async def drop(self, entry: StreamEntry, code: ErrorCode, message: str) -> bool:
        """Remove an entry and report the reason to its session. Return false if the entry was gone."""
        failure = Failure(entry.session, entry.segment, code, message, entry.attempt)
        shard = self._shard(entry.stream)
        keys = (shard.keys.session(entry.session), entry.stream, shard.keys.backlog, *shard.keys.history_keys)
        about = (entry.id, entry.segment, entry.attempt, entry.samples, encode_notice(failure))
        arguments = (*about, SESSION_TTL_MS, shard.keys.results_prefix)
        return bool(await shard.run_script("drop", keys, arguments))

    async def tidy(self) -> dict[str, float]:
        """Note the offered models, drop what is too old; return seconds since each model was last offered."""
        ages: dict[str, float] = {}
        for reply in await self._each(_tidy_shard):
            for model, age in zip(reply[::2], reply[1::2], strict=True):
                name = model.decode(errors="replace")
                ages[name] = min(ages.get(name, float("inf")), int(age) / 1000)
        return ages

    async def _page(self, stream: str, start: str) -> list[StreamEntry]:
        script = self._shard(stream).run_script("queue", (stream,), (start, _PAGE_ENTRIES, _PAGE_BYTES))
        return read_page(stream, await script)

    async def _each(self, ask: Callable[[Shard], Awaitable[T]]) -> list[T]:
        answers = await self._jobs.ask_all(ask)
        self.missing = tuple(number for number, one in enumerate(answers) if isinstance(one, BrokerError))
        return [one for one in answers if not isinstance(one, BrokerError)]

    def _shard(self, stream: str) -> Shard:
        return self._jobs.shards[shard_of_key(stream)]


async def _streams(shard: Shard) -> list[str]:
    names = sorted(name.decode() for name in await shard.administer("HKEYS", shard.keys.backlog))
    models = {split(name)[1] for name in names} | {split(shard.keys.partials())[1]}
    return [*names, *(shard.keys.partials(model) for model in sorted(models))]


async def _tidy_shard(shard: Shard) -> Sequence[Any]:
    partials = [name for name in await _streams(shard) if split(name)[0] == PARTIALS]
    keys = (shard.keys.offered, shard.keys.workers, shard.keys.dead, *partials)
    ages_ms = (WORKER_GONE_MS, _FORGOTTEN_MS, STALE_MS, DEAD_MS)
    reply: Sequence[Any] = await shard.run_script("tidy", keys, ages_ms)
    return reply


class KeyQueue(NamedTuple):
    """Sum of one key's entries in one stream. Ages in seconds."""

    priority: str
    model: str
    owner: str
    entries: int = 0
    samples: int = 0
    bytes: int = 0
    oldest_s: float = 0.0
    newest_s: float = float("inf")


def sum_by_key(entries: Iterable[StreamEntry]) -> list[KeyQueue]:
    """Return sums by stream and key, in the order in which streams are read, the largest first."""
    lines: dict[tuple[str, str, str], KeyQueue] = {}
    for entry in entries:
        which = entry.priority, entry.model, entry.owner
        line = lines.get(which, KeyQueue(*which))
        age_s = entry.age_ms / 1000
        lines[which] = line._replace(
            entries=line.entries + 1,
            samples=line.samples + entry.samples,
            bytes=line.bytes + entry.bytes,
            oldest_s=max(line.oldest_s, age_s),
            newest_s=min(line.newest_s, age_s),
        )
    order = ("interactive", "bulk", PARTIALS)
    return sorted(lines.values(), key=lambda line: (order.index(line.priority), line.model, -line.bytes))
