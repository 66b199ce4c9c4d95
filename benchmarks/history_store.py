"""Speed of the gateway's history with many sessions, in SQLite and PostgreSQL: recording, search, lists, deletion.

    python -m benchmarks history-store
    python -m benchmarks.history_store [--sessions N] [--segments N] [--databases sqlite,postgresql] [--json FILE]

Half of the sessions are English, half Chinese, with 3 to 14 words per segment, timed words, and the word
frequencies of a language (Zipf). They belong to 50 keys, one of which has a thousandth of them. Both databases
write through to the disk. A row of searches is the newest 50 hits of 60 words. Times are in ms; rates are
segments per second: straight into the store, and as in a gateway (read from the broker, recorded, deleted
there).
"""

import asyncio
import random
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from typing import Final

import msgspec
import numpy as np
from redis import Redis

from backend.broker.jobs import open_jobs
from backend.history.feeder import BATCH, Feeder
from backend.history.history_thread import open_history
from backend.history.inbox import Inbox
from backend.history.records import FeedEntry, HistoryLimits, SessionFilter, SessionOwner
from backend.history.store import Store, open_store
from benchmarks.history import Texts, since_ms
from benchmarks.report import arguments, table, write_json
from protocol.job import Keys, Result, encode_notice
from protocol.recognition import Word
from runtime.tasks import Tasks
from tests.helpers.postgres import running_postgres
from tests.helpers.valkey import running_broker
from tests.helpers.waiting import wait_until

_TYPED: Final = 60
_FED: Final = 20_000
_KEYS: Final = 49
_RARE: Final = 1_000
_FIRST_MS: Final = 1_700_000_000_000
_SECOND_MS: Final = 1_000
_REAL: Final[dict[str, str]] = {"shared_buffers": "128MB"}

Line = dict[str, object]


class Feed:
    """Source of entries as read from a broker, generated on demand, one session after the other."""

    def __init__(self, segments: int, name: str = "session") -> None:
        self._chance = random.Random(7)
        self._texts = Texts(random.Random(20_000))
        self._segments = segments
        self._name = name

    def entries(self, sessions: int) -> Iterator[FeedEntry]:
        """Yield the entries of this many sessions."""
        for number in range(sessions):
            owner = "rare" if number % _RARE == 0 else f"key {number % _KEYS}"
            about = SessionOwner(owner, f"device of {owner}", client="benchmark")
            for segment in range(self._segments):
                at_ms = _FIRST_MS + (number * self._segments + segment) * _SECOND_MS
                yield self._entry(about, f"{self._name} {number}", segment, at_ms)

    def words(self, chinese: bool, count: int) -> list[str]:
        """Return words that occur in the entries."""
        return self._texts.words(chinese, count)

    def _entry(self, about: SessionOwner, session: str, segment: int, at_ms: int) -> FeedEntry:
        chinese = at_ms // _SECOND_MS // self._segments % 2 == 0
        words = self._texts.words(chinese, self._chance.randint(3, 14))
        text = ",".join(words) + "。" if chinese else " ".join(words).capitalize() + "."
        timed = tuple(Word(word, 300 * n, 300 * n + 290) for n, word in enumerate(words))
        result = Result(
            session, segment, text, 0, "zh" if chinese else "en", timed, "sense-voice", "w/cuda:0", 12, 80
        )
        return FeedEntry(about, session, segment, 0, result, 64_000, at_ms)


def main() -> None:
    """Measure, print and save the figures."""
    options = arguments(__doc__, sessions=100_000, segments=4, databases="sqlite,postgresql")
    sessions, segments = options.sessions, options.segments
    every: list[Line] = []
    for kind in options.databases.split(","):
        with ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            url = f"sqlite:///{folder}/history.sqlite"
            if kind == "postgresql":
                url = stack.enter_context(running_postgres(_REAL)).new_database()
            lines = _measure(url, sessions, segments)
        table(f"{kind}, {sessions} sessions of {segments} segments", lines)
        every += [{"database": kind, **line} for line in lines]
    write_json(options.json, f"history store of {sessions} sessions", every)


def _measure(url: str, sessions: int, segments: int) -> list[Line]:
    feed = Feed(segments)
    store = open_store(url)
    lines = [_record(store, feed, sessions)]
    for what, wanted, queries in _searches(feed):
        took, hits = _each(queries, lambda query, wanted=wanted: store.search(query, wanted).items)
        lines.append(_line(f"search: {what}", took, hits))
    took, _ = _each(range(20), lambda _: store.sessions(SessionFilter()).items)
    lines.append(_line("page of sessions", took))
    took, _ = _each(range(20), lambda _: store.sessions(SessionFilter("rare")).items)
    lines.append(_line("page of sessions of a rare key", took))
    took, _ = _each(range(20), lambda n: store.segments(f"session {n * 17}"))
    lines.append(_line("segments of a session", took))
    took, _ = _each(range(20), lambda n: [store.delete(f"session {n * 23}")])
    lines.append(_line("a session deleted", took))
    took, _ = _each(range(20), lambda _: [store.retain(HistoryLimits(days=0, megabytes=1))])
    lines.append(_line("20 sessions let go for want of room", took))
    held = store.size()
    lines.append(_line(f"room: {held.bytes / held.segments:.0f} bytes a segment, {held.bytes / 1e6:.0f} MB", []))
    store.close()
    lines.append(asyncio.run(_fed(url, segments)))
    return lines


def _record(store: Store, feed: Feed, sessions: int) -> Line:
    """Record the sessions in batches, as the feeder does; the time to generate the entries is not counted."""
    entries, took, count = feed.entries(sessions), [], 0
    while batch := list(islice(entries, BATCH)):
        start = time.perf_counter()
        store.record(batch)
        took.append(since_ms(start))
        count += len(batch)
    return _line(f"a batch of {BATCH} recorded", took) | {"a_second": round(1000 * count / sum(took))}


def _searches(feed: Feed) -> Iterator[tuple[str, SessionFilter, list[str]]]:
    chinese = feed.words(True, 40 * _TYPED)
    pairs = [word for word in chinese if len(word) == 2][:_TYPED]
    english = feed.words(False, _TYPED)
    every, rare = SessionFilter(), SessionFilter("rare")
    yield "two Chinese characters", every, pairs
    yield "two Chinese characters, a rare key's", rare, pairs
    yield "one Chinese character", every, [word[0] for word in pairs]
    yield "one Chinese character, a rare key's", rare, [word[0] for word in pairs]
    yield "four Chinese characters", every, [word for word in chinese if len(word) == 4][:_TYPED]
    yield "two Chinese words", every, [f"{a} {b}" for a, b in zip(pairs, chinese, strict=False)]
    yield "an English word", every, english
    yield "an English word, a rare key's", rare, english
    yield "the beginning of an English word", every, [word[:2] for word in english]
    yield "English words", every, [f"{a} {b}" for a, b in zip(english, feed.words(False, _TYPED), strict=True)]
    yield "a word in no text", every, ["龘龘龘"] * _TYPED


async def _fed(url: str, segments: int) -> Line:
    """Measure recording as in a gateway: from the broker, through the thread of the history."""
    entries = list(Feed(segments, "fed").entries(_FED // segments))
    with running_broker(None, "--appendonly", "yes", "--appendfsync", "everysec") as broker:
        with Redis.from_url(broker.url, protocol=2) as redis, redis.pipeline(transaction=False) as pipeline:
            for entry in entries:
                assert entry.outcome is not None
                about = msgspec.json.encode(entry.about)
                fields = {"about": about, "notice": encode_notice(entry.outcome), "samples": entry.samples}
                pipeline.xadd(Keys().history_keys[0], fields)
            pipeline.execute()
        async with open_jobs(broker.url, "g") as jobs, open_history(url, HistoryLimits(0, 0)) as history:
            feeder = Feeder(Inbox(jobs.shards[0].administer, "g"), history, lambda _: None)
            start = time.perf_counter()
            async with Tasks("benchmark") as tasks:
                tasks.start(feeder.run(), "feeder")

                async def settled() -> bool:
                    return bool(await jobs.shards[0].administer("XLEN", Keys().history_keys[0]) == 0)

                await wait_until(settled, "everything is recorded", 600)
            took = since_ms(start)
    return _line("fed from the broker", []) | {"a_second": round(1000 * len(entries) / took)}


def _each(values: Sequence[object] | range, work: Callable[..., Sequence[object]]) -> tuple[list[float], float]:
    took, found = [], 0
    for value in values:
        start = time.perf_counter()
        found += len(work(value))
        took.append(since_ms(start))
    return took, found / max(1, len(values))


def _line(what: str, took: list[float], hits: float | str = "") -> Line:
    p50, p95 = np.percentile(took, (50, 95)) if took else ("", "")
    return {
        "what": what,
        "times": len(took) or "",
        "p50": p50,
        "p95": p95,
        "worst": max(took, default=""),
        "hits": hits,
        "a_second": "",
    }


if __name__ == "__main__":
    main()
