"""Trial of rules on the takes of the history in the background, without changing them.

Only the newest request counts. A thread reads takes in small groups, so that a newer request waits for one group
at most. It decodes only relevant lines, so that twenty thousand takes are read in seconds.
"""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import Final
from uuid import UUID

import msgspec
from msgspec import Struct

from app.journal.errors import JournalError
from app.journal.events import Opened, decode_lines, started_s, whole_lines
from app.journal.library import Library
from app.journal.take_files import Unreadable, read_events
from app.replacements.replacer import AppliedRule, Replacer
from app.replacements.rules import (
    MOST_EXAMPLES,
    MOST_TAKES,
    Example,
    Replacement,
    ReplacementsTried,
    RuleTried,
    TryReplacements,
)
from runtime import loggers
from runtime.event_names import LogEvent
from runtime.tasks import Closing, OneTask, Tasks, loop_time

log = loggers.APP_REPLACING_DRY_RUN

_REPORT_S: Final = 0.2
_SLICE: Final = 100
_AROUND: Final = 24
_MOST_KEPT: Final = 2_000
_LINES: Final = (b'{"type":"final"', b'{"type":"cancelled"')


class _Final(Struct, frozen=True, tag="final"):
    segment: int
    text: str


class _Cancelled(Struct, frozen=True, tag="cancelled"):
    segment: int


_decoder = msgspec.json.Decoder(_Final | _Cancelled)


def recognised_texts(events: bytes) -> list[str]:
    """Return the recognised texts of a take's segments in order, before any rule, without cancelled segments."""
    found: dict[int, str] = {}
    for line in events[: whole_lines(events)].split(b"\n"):
        if line.startswith(_LINES):
            try:
                event = _decoder.decode(line)
            except (msgspec.DecodeError, UnicodeDecodeError):
                continue
            found.setdefault(event.segment, event.text.strip() if isinstance(event, _Final) else "")
    return [text for _, text in sorted(found.items()) if text]


def start_time(events: bytes) -> float:
    """Return when the take began, in seconds since 1970."""
    first = decode_lines(events[: events.find(b"\n") + 1])
    return started_s(first[0]) if first and isinstance(first[0], Opened) else 0.0


class ChangeTally:
    """Count of changes per rule.

    ``add`` takes, newest first. A rule that writes the same text changes nothing.
    """

    def __init__(self, rules: Sequence[Replacement]) -> None:
        self._replacer = Replacer(rules)
        self._takes = 0
        self._counts = [0] * len(rules)
        self._examples: list[list[Example]] = [[] for _ in rules]
        self._kept = 0

    def add(self, session: UUID, events: bytes) -> None:
        """Count the changes in this take."""
        changed: dict[int, tuple[str, str, AppliedRule]] = {}
        for text in recognised_texts(events):
            written = self._replacer.apply(text)
            for hit in written.hits:
                if text[hit.start : hit.end] != written.text[hit.at : hit.until]:
                    changed.setdefault(hit.rule, (text, written.text, hit))
        self._takes += bool(changed)
        for rule, (before, after, hit) in changed.items():
            self._counts[rule] += 1
            if len(self._examples[rule]) < MOST_EXAMPLES and self._kept < _MOST_KEPT:
                self._kept += 1
                self._examples[rule].append(_example(session, start_time(events), before, after, hit))

    def result(self, serial: int, done: int, total: int) -> ReplacementsTried:
        """Return the result so far."""
        rules = (RuleTried(count, tuple(some)) for count, some in zip(self._counts, self._examples, strict=True))
        return ReplacementsTried(serial, done, total, self._takes, tuple(rules))


def _example(session: UUID, started_s: float, before: str, after: str, hit: AppliedRule) -> Example:
    old, old_mark = _excerpt(before, hit.start, hit.end)
    new, new_mark = _excerpt(after, hit.at, hit.until)
    return Example(session, started_s, old, new, old_mark, new_mark)


def _excerpt(text: str, start: int, end: int) -> tuple[str, tuple[int, int]]:
    """Return the text around a range on one line, and the position of the range in it."""
    first, last = max(0, start - _AROUND), min(len(text), end + _AROUND)
    before, after = "…" * bool(first), "…" * (last < len(text))
    line = "".join(" " if char.isspace() and char != "\n" else char for char in text[first:last])
    shift = len(before) - first
    return before + line.replace("\n", "↵") + after, (start + shift, end + shift)


class DryRun(Closing):
    """Trial of rules; an async context manager of one loop.

    ``post`` gets the progress and then the final result.
    """

    def __init__(self, library: Library, post: Callable[[ReplacementsTried], None]) -> None:
        self._library, self._post = library, post
        self._tasks = Tasks("dry run")
        self._thread = ThreadPoolExecutor(1, "dry-run")
        self._running = OneTask(self._tasks, "try")

    async def close(self) -> None:
        """End all work. Safe to call twice."""
        await self._tasks.close()
        self._thread.shutdown(wait=False, cancel_futures=True)

    def ask(self, action: TryReplacements) -> None:
        """Start a trial and cancel the previous one; returns at once.

        A request without rules only cancels.
        """
        self._running.stop()
        if action.rules:
            self._running.start(partial(self._try_on_takes, action))
        else:
            self._post(ReplacementsTried(action.serial, 0, 0))

    async def _try_on_takes(self, action: TryReplacements) -> None:
        aside = asyncio.get_running_loop().run_in_executor
        try:
            tally = await aside(self._thread, ChangeTally, action.rules)
            takes = (await aside(self._thread, self._library.newest_sessions))[:MOST_TAKES]
            reported_at = loop_time()
            for start in range(0, len(takes), _SLICE):
                await aside(self._thread, partial(self._read_takes, tally, takes[start : start + _SLICE]))
                if loop_time() - reported_at >= _REPORT_S:
                    reported_at = loop_time()
                    self._post(tally.result(action.serial, min(start + _SLICE, len(takes)), len(takes)))
            self._post(tally.result(action.serial, len(takes), len(takes)))
        except (OSError, JournalError) as error:
            log.warning(LogEvent.REPLACEMENTS_TRIAL_FAILED, reason=str(error))
            self._post(ReplacementsTried(action.serial, 0, 0))

    def _read_takes(self, tally: ChangeTally, sessions: Sequence[UUID]) -> None:
        """Read the takes that still exist."""
        for session in sessions:
            with suppress(Unreadable):
                tally.add(session, read_events(self._library.root / str(session)))
