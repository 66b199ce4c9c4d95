"""Compute the changes of the history by a batch of the feed, or by a plan. Pure.

The feed delivers every entry at least once, and in any order when one gateway takes over from another. The first
end of an attempt counts. A higher attempt replaces a failed one. A cancellation always wins. A session's state
is the state in its newest entry.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, Final, NamedTuple

import msgspec

from backend.history.records import FeedEntry, SessionOwner
from protocol.job import Failure, Result
from protocol.rest import SegmentState, SessionKind, SessionState
from protocol.spans import encode_replaces

OVER: Final = -1
"""The ``segment`` of an entry that marks the end of its session."""
SESSION_BYTES: Final = 700
SEGMENT_BYTES: Final = 600
_TERM_BYTES: Final = 6  # index bytes for each byte of a text
_LONGEST_NAME: Final = 200
_LONGEST_MS: Final = 2**53
_LATEST_MS: Final = 2**62


class _Known(NamedTuple):
    """Knowledge of a segment: the stored facts, the kind of session, and ``StoredFacts.counted``."""

    stored: "StoredFacts | None"
    kind: SessionKind
    counted: int | None


class StoredFacts(NamedTuple):
    """The stored facts about a segment. ``number`` 0: the segment is not stored yet.

    ``counted``: its samples that no other segment counts; ``None``: all.
    """

    state: SegmentState
    attempt: int
    samples: int
    size: int
    number: int = 0
    counted: int | None = None

    @property
    def audio(self) -> int:
        """Samples that the session and its key have used with this segment."""
        return self.samples if self.counted is None else self.counted


@dataclass
class SegmentChange:
    """The new row of one segment. ``before``: the state that it replaces."""

    before: StoredFacts | None
    after: StoredFacts
    row: dict[str, Any]


@dataclass
class SessionChange:
    """Increments to a session's figures.

    ``state`` is valid as of ``changed_ms``; ``None`` leaves the state unchanged.
    """

    segments: int = 0
    finals: int = 0
    failed: int = 0
    cancelled: int = 0
    samples: int = 0
    size: int = 0
    started_ms: int = _LATEST_MS
    changed_ms: int = -1
    state: SessionState | None = None


@dataclass
class DayUse:
    """Increments to the usage of one key on one day."""

    sessions: int = 0
    segments: int = 0
    failed: int = 0
    samples: int = 0
    characters: int = 0


UseKey = tuple[date, str, str]
"""Day, owner, tenant."""


@dataclass
class FoldedBatch:
    """All changes that a batch makes.

    ``changes`` is indexed by session and segment. ``counted``: entries that changed a segment.
    """

    changes: dict[tuple[str, int], SegmentChange] = field(default_factory=dict)
    sessions: dict[str, SessionChange] = field(default_factory=dict)
    uses: dict[UseKey, DayUse] = field(default_factory=dict)
    counted: list[FeedEntry] = field(default_factory=list)


def fold(
    entries: Iterable[FeedEntry], kept: Mapping[tuple[str, int], StoredFacts], kinds: Mapping[str, SessionKind]
) -> FoldedBatch:
    """Compute the changes that these entries make.

    ``kept``: stored segments. ``kinds``: known sessions; entries of other sessions are ignored.
    """
    folded = FoldedBatch()
    for entry in entries:
        kind = kinds.get(entry.session)
        if kind is None or (entry.segment == OVER and kind is SessionKind.FILE):
            continue
        _session(folded, entry, kind)
        key = entry.session, entry.segment
        change = folded.changes.get(key)
        before = change.after if change else kept.get(key)
        if entry.segment != OVER and counts(before, entry):
            counted = _counted_samples(entry, before, folded, kept)
            _apply(folded, entry, before, _Known(kept.get(key), kind, counted))
    return folded


def touched_segments(entry: FeedEntry) -> tuple[int, ...]:
    """Return the segments whose stored facts ``fold`` needs for an entry."""
    return (entry.segment, *entry.replaces, *((entry.part_of,) if entry.part_of >= 0 else ()))


def counts(before: StoredFacts | None, entry: FeedEntry) -> bool:
    """Return whether an entry changes its segment."""
    if before is None:
        return True
    if entry.outcome is None:
        return before.state is not SegmentState.CANCELLED
    if before.state is SegmentState.PLANNED:
        return entry.attempt >= before.attempt
    return before.state is SegmentState.FAILED and entry.attempt > before.attempt


def day_of(at_ms: int) -> date:
    """Return the UTC day of a time."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).date()


def segment_size(text: str, words: str) -> int:
    """Estimate how many bytes of the database a segment uses, indexes included."""
    return SEGMENT_BYTES + len(words.encode()) + (1 + _TERM_BYTES) * len(text.encode())


def clean(text: str) -> str:
    """Make a text storable in every database: replace NUL and unpaired surrogates.

    PostgreSQL rejects NUL; both databases reject unpaired surrogates.
    """
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()


def name(text: str) -> str:
    """Return a name that a user or client gave, cut to the longest stored length."""
    return clean(text)[:_LONGEST_NAME]


def use_of(folded_uses: dict[UseKey, DayUse], about: SessionOwner, at_ms: int) -> DayUse:
    """Return the usage increments of this key on that day."""
    return folded_uses.setdefault((day_of(at_ms), about.owner, about.tenant), DayUse())


def _session(folded: FoldedBatch, entry: FeedEntry, kind: SessionKind) -> None:
    change = folded.sessions.setdefault(entry.session, SessionChange())
    if kind is SessionKind.STREAM:
        change.started_ms = min(change.started_ms, entry.at_ms)
        over = entry.segment == OVER
        if (entry.at_ms, over) >= (change.changed_ms, change.state is SessionState.DONE):
            change.state = SessionState.DONE if over else SessionState.WORKING
    change.changed_ms = max(change.changed_ms, entry.at_ms)


def _apply(folded: FoldedBatch, entry: FeedEntry, before: StoredFacts | None, known: _Known) -> None:
    folded.counted.append(entry)
    state, row = _row(entry)
    stored, kind, counted = known
    row["samples"] = _samples(entry, before, kind)
    row["replaces"] = encode_replaces(entry.replaces)
    row["counted"] = counted
    size = segment_size(row["text"], row["words"])
    number = stored.number if stored else 0
    after = StoredFacts(state, entry.attempt, row["samples"], size, number, counted)
    folded.changes[entry.session, entry.segment] = SegmentChange(stored, after, row)
    session = folded.sessions[entry.session]
    session.segments += before is None
    session.samples += after.audio - (before.audio if before else 0)
    session.size += after.size - (before.size if before else 0)
    for kept, sign in ((before, -1), (after, 1)):
        if kept is not None:
            _count(session, kept.state, sign)
    _use(use_of(folded.uses, entry.about, entry.at_ms), entry, counted)


def _samples(entry: FeedEntry, before: StoredFacts | None, kind: SessionKind) -> int:
    """Return the samples to count for a segment.

    A stream's cancelled segment counts nothing; a file's segment keeps its planned length.
    """
    if entry.outcome is None and kind is SessionKind.STREAM:
        return 0
    return entry.samples or (before.samples if before else 0)


def _counted_samples(
    entry: FeedEntry,
    before: StoredFacts | None,
    folded: FoldedBatch,
    kept: Mapping[tuple[str, int], StoredFacts],
) -> int | None:
    """Return the samples that no other segment counts, where a second pass plays a part; ``None``: all.

    Audio that a second pass and a piece share counts for the one that is recognised first. A piece keeps what it
    counted before its second pass was recognised.
    """
    others: dict[int, StoredFacts] = {}
    for n in touched_segments(entry)[1:]:
        change = folded.changes.get((entry.session, n))
        if facts := change.after if change else kept.get((entry.session, n)):
            others[n] = facts
    if entry.replaces:
        if not isinstance(entry.outcome, Result):
            return 0
        return max(0, entry.samples - sum(others[n].audio for n in entry.replaces if n in others))
    span = others.get(entry.part_of)
    if span is None or span.state is not SegmentState.FINAL:
        return None
    return before.audio if before else 0


def _count(session: SessionChange, state: SegmentState, sign: int) -> None:
    session.finals += sign * (state is SegmentState.FINAL)
    session.failed += sign * (state is SegmentState.FAILED)
    session.cancelled += sign * (state is SegmentState.CANCELLED)


def _use(use: DayUse, entry: FeedEntry, counted: int | None) -> None:
    """Add an outcome. Speech counts once: with its pieces, or with a second pass that ended before all of them."""
    if isinstance(entry.outcome, Result):
        use.samples += entry.samples if counted is None else counted
        if counted is None or 0 < counted == entry.samples:
            use.segments += 1
            use.characters += len(entry.outcome.text)
    elif entry.outcome is not None:
        use.failed += 1


def _row(entry: FeedEntry) -> tuple[SegmentState, dict[str, Any]]:
    """Return the segment's new state and all its columns; earlier values are cleared."""
    row = dict(_NOTHING, attempt=entry.attempt, ended_ms=entry.at_ms)
    outcome, state = entry.outcome, SegmentState.CANCELLED
    if isinstance(outcome, Result):
        state = SegmentState.FINAL
        for field_name in ("text", "language", "model", "worker", "emotion", "event"):
            row[field_name] = clean(getattr(outcome, field_name))
        for field_name in ("queue_ms", "decode_ms"):  # workers report these, so they are clamped
            row[field_name] = max(0, min(getattr(outcome, field_name), _LONGEST_MS))
        row["words"] = clean(msgspec.json.encode(outcome.words).decode()) if outcome.words else ""
    elif isinstance(outcome, Failure):
        state = SegmentState.FAILED
        row["code"], row["message"] = str(outcome.code), clean(outcome.message)
        row["retryable"] = outcome.retryable
    return state, row | {"state": str(state)}


_NOTHING: Final[dict[str, Any]] = {
    **dict.fromkeys(("text", "language", "words", "model", "worker", "emotion", "event", "code", "message"), ""),
    **dict.fromkeys(("queue_ms", "decode_ms", "samples"), 0),
    "retryable": False,
}
