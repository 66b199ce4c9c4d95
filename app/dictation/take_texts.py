"""The texts of one take on their way to the cursor. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from app.insertion.outcome import Target
from protocol.texts import TimedText

Last = tuple[TimedText, Target | None]
"""The text inserted last, and its window."""
NOTHING_BEFORE: Final[Last] = (TimedText(""), None)


@dataclass
class TakeTexts:
    """The results of one take and their progress towards insertion.

    ``texts``: results not yet released, empty for a failure. ``arrived_at``: when each arrived.
    ``first``: the first segment not yet released. ``late``: missing segments that were skipped.
    ``skips_missing``: every missing segment is skipped.
    ``last``: the text inserted last and its window. ``follows``: the take that was not over when this one
    began; the user cannot have moved the cursor between their texts.
    """

    number: int
    each: bool = False
    follows: int | None = None
    targets: dict[int | None, Target | None] = field(default_factory=dict)
    known: set[int] = field(default_factory=set)
    texts: dict[int, str] = field(default_factory=dict)
    arrived_at: dict[int, float] = field(default_factory=dict)
    first: int = 0
    late: set[int] = field(default_factory=set)
    skips_missing: bool = False
    ended: bool = False
    holding: bool = False
    last: Last = NOTHING_BEFORE

    def reach_text(self) -> bool:
        """Skip failures and segments that are no longer awaited; return whether a text can be released."""
        while True:
            if self.first in self.texts:
                if self.texts[self.first]:
                    return True
                self.release()
            elif self.first in self.late:
                self.first += 1
            elif self.texts and (self.ended or self.skips_missing):
                self.first = min(self.texts)
            else:
                return False

    def release(self) -> str:
        """Release the text of ``first`` and return it."""
        self.arrived_at.pop(self.first, None)
        self.first += 1
        return self.texts.pop(self.first - 1)

    @property
    def target_known(self) -> bool:
        """True if the target of the text of ``first`` is known."""
        return (self.first if self.each else None) in self.targets

    @property
    def target(self) -> Target | None:
        return self.targets.get(self.first if self.each else None)

    def blocked_segments(self) -> Iterator[int]:
        """Yield the segments whose texts wait for a missing segment of this take."""
        if self.ended or self.skips_missing:
            return
        reach = self.first
        while reach in self.texts or reach in self.late:
            reach += 1
        yield from (segment for segment in self.arrived_at if segment > reach)


def untimed(last: Last) -> Last:
    """Return a text of another recording, whose times say nothing about this one."""
    return TimedText(last[0].text), last[1]
