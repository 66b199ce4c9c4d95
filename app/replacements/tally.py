"""Count of the changes that rules would make in takes, and the recognised texts in a take's journal. Pure.

Only relevant lines are decoded, so that twenty thousand takes are read in seconds.
"""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

import msgspec
from msgspec import Struct

from app.journal.events import Opened, decode_lines, started_s, whole_lines
from app.replacements.replacer import AppliedRule, Replacer
from app.replacements.rules import Replacement
from app.replacements.view import MOST_EXAMPLES, Example, ReplacementsTried, RuleTried

_AROUND: Final = 24
_MOST_KEPT: Final = 2_000
_LINES: Final = (b'{"type":"final"', b'{"type":"cancelled"')


class _Final(Struct, frozen=True, tag="final"):
    segment: int
    text: str


class _Cancelled(Struct, frozen=True, tag="cancelled"):
    segment: int


_decoder = msgspec.json.Decoder(_Final | _Cancelled)


def recognised(events: bytes) -> list[str]:
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


def started(events: bytes) -> float:
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
        for text in recognised(events):
            written = self._replacer.written(text)
            for hit in written.hits:
                if text[hit.start : hit.end] != written.text[hit.at : hit.until]:
                    changed.setdefault(hit.rule, (text, written.text, hit))
        self._takes += bool(changed)
        for rule, (before, after, hit) in changed.items():
            self._counts[rule] += 1
            if len(self._examples[rule]) < MOST_EXAMPLES and self._kept < _MOST_KEPT:
                self._kept += 1
                self._examples[rule].append(_example(session, started(events), before, after, hit))

    def tried(self, serial: int, done: int, total: int) -> ReplacementsTried:
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
