"""Build entries of a feed, and read back what the store made of them, for tests."""

from collections.abc import Sequence
from datetime import date, timedelta

import msgspec

from backend.broker.jobs import Jobs
from backend.history.folding import OVER
from backend.history.records import FeedEntry, SessionFilter, SessionOwner, StoredSession
from backend.history.store import Store
from protocol.errors import ErrorCode
from protocol.job import Failure, Keys, Result, encode_notice
from protocol.recognition import Word
from protocol.rest import SegmentState, SessionKind

DAY_MS = 86_400_000
NOON_MS = 20_000 * DAY_MS + DAY_MS // 2
ANN = SessionOwner("ann", "Ann's laptop", client="kikipounamu/0.1")
BOB = SessionOwner("bob", tenant="acme")
FILE = SessionOwner("ann", kind=SessionKind.FILE)


def final(
    text: str = "hello",
    session: str = "s",
    segment: int = 0,
    about: SessionOwner = ANN,
    at_ms: int = NOON_MS,
    attempt: int = 0,
    samples: int = 16_000,
) -> FeedEntry:
    words = (Word(text, 0, 500),) if text else ()
    result = Result(session, segment, text, attempt, "en", words, "m", "w/cuda:0", queue_ms=5, decode_ms=70)
    return FeedEntry(about, session, segment, attempt, result, samples, at_ms)


def failure(
    session: str = "s", segment: int = 0, about: SessionOwner = ANN, at_ms: int = NOON_MS, attempt: int = 0
) -> FeedEntry:
    failed = Failure(session, segment, ErrorCode.ENGINE_FAILED, "no", attempt, retryable=True)
    return FeedEntry(about, session, segment, attempt, failed, 16_000, at_ms)


def cancelled(session: str = "s", segment: int = 0, about: SessionOwner = ANN, at_ms: int = NOON_MS) -> FeedEntry:
    return FeedEntry(about, session, segment, 0, None, 0, at_ms)


def over(session: str = "s", about: SessionOwner = ANN, at_ms: int = NOON_MS) -> FeedEntry:
    return FeedEntry(about, session, OVER, 0, None, 0, at_ms)


ALL_SESSIONS = SessionFilter()
NOON = date(1970, 1, 1) + timedelta(days=NOON_MS // DAY_MS)


def texts(store: Store, session: str = "s") -> list[tuple[int, SegmentState, str]]:
    """Return number, state and text of each segment."""
    return [(one.segment, one.state, one.text) for one in store.segments(session)]


def found(store: Store, query: str, wanted: SessionFilter = ALL_SESSIONS) -> list[tuple[str, int]]:
    """Return session and number of each hit, the newest first."""
    return [(hit.session.id, hit.segment) for hit in store.search(query, wanted).items]


def stored_session(store: Store, id: str = "s") -> StoredSession:
    """Return a session that must exist."""
    session = store.session(id)
    assert session is not None
    return session


async def publish(jobs: Jobs, entries: Sequence[FeedEntry]) -> None:
    """Add entries to the feed, as the broker's scripts do."""
    for entry in entries:
        about, number = msgspec.json.encode(entry.about).decode(), str(entry.segment)
        if entry.outcome is not None:
            notice = encode_notice(entry.outcome).decode()
            fields: tuple[str, ...] = ("notice", notice, "samples", str(entry.samples))
        else:
            fields = ("session", entry.session)
            fields += () if entry.segment == OVER else ("segment", number, "attempt", str(entry.attempt))
        await jobs.shards[0].administer("XADD", Keys().history_keys[0], "*", "about", about, *fields)
