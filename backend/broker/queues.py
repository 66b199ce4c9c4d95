"""Entries of the queues in the broker: owner, age and size of each, and their removal.

The broker copies an entry's audio to read it; therefore entries are read in small pages.
"""

from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Any, Final, NamedTuple

from backend.broker.jobs import Jobs
from protocol.errors import ErrorCode
from protocol.job import SESSION_TTL_MS, STALE_MS, WORKER_GONE_MS, WORKERS_KEY, Failure, Keys, encode_notice

PARTIALS: Final = "partials"
_PAGE_ENTRIES: Final = 64
_PAGE_BYTES: Final = 2_000_000
_FORGOTTEN_MS: Final = 24 * 3600 * 1000


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
    """The queues of one shard. Every call raises ``BrokerError``."""

    def __init__(self, jobs: Jobs) -> None:
        self._jobs = jobs
        self._keys = Keys()

    async def streams(self) -> list[str]:
        """Return all streams of jobs that were ever used, then those of partials."""
        names = sorted(name.decode() for name in await self._jobs.administer("HKEYS", self._keys.backlog))
        models = {split(name)[1] for name in names} | {split(self._keys.partials())[1]}
        return [*names, *(self._keys.partials(model) for model in sorted(models))]

    async def entries(self) -> AsyncIterator[StreamEntry]:
        """Yield every entry that waits or is being decoded."""
        for stream in await self.streams():
            last = "-"
            while page := await self._page(stream, last):
                for entry in page:
                    yield entry
                last = f"({page[-1].id}"

    async def drop(self, entry: StreamEntry, code: ErrorCode, message: str) -> bool:
        """Remove an entry and report the reason to its session. Return false if the entry was gone."""
        failure = Failure(entry.session, entry.segment, code, message, entry.attempt)
        keys = (self._keys.session(entry.session), entry.stream, self._keys.backlog, *self._keys.history_keys)
        about = (entry.id, entry.segment, entry.attempt, entry.samples, encode_notice(failure))
        arguments = (*about, SESSION_TTL_MS, self._keys.results_prefix)
        return bool(await self._jobs.run_script("drop", keys, arguments) != b"gone")

    async def tidy(self) -> dict[str, float]:
        """Note the offered models and drop stale requests; return seconds since each model was last offered."""
        partials = [name for name in await self.streams() if split(name)[0] == PARTIALS]
        keys = (self._keys.offered, WORKERS_KEY, *partials)
        reply = await self._jobs.run_script("tidy", keys, (WORKER_GONE_MS, _FORGOTTEN_MS, STALE_MS))
        return {
            model.decode(errors="replace"): int(age) / 1000
            for model, age in zip(reply[::2], reply[1::2], strict=True)
        }

    async def _page(self, stream: str, start: str) -> list[StreamEntry]:
        reply = await self._jobs.run_script("queue", (stream,), (start, _PAGE_ENTRIES, _PAGE_BYTES))
        return read_page(stream, reply)


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


def summed(entries: Iterable[StreamEntry]) -> list[KeyQueue]:
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
