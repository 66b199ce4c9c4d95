"""Define the steps of segments spoken here; observers such as the monitor are notified of each."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from uuid import UUID

from app.core.transcript import TranscriptSegment


class SegmentStep(Enum):
    """Steps of a segment; the last four concern a whole take."""

    BEGAN = auto()
    COMPLETED = auto()  # its audio is complete
    QUEUED = auto()  # the broker has it
    RECOGNISED = auto()
    INSERTED = auto()
    HELD = auto()  # its text waits to be pasted by the user
    CANCELLED = auto()  # the user cancelled the take
    CLOSED = auto()  # no more texts of the take are inserted automatically
    NOT_KEPT = auto()  # the take is closed, and the disk lacks some of it
    DISCARDED = auto()  # the take is deleted


@dataclass(frozen=True)
class SegmentEvent:
    """A step of one segment, or of a whole take.

    ``segment``: its number, ``None`` for a whole take. ``result``: present once the segment is recognised.
    """

    step: SegmentStep
    session: UUID
    segment: int | None = None
    result: TranscriptSegment | None = None


Observe = Callable[[SegmentEvent], None]
"""An observer, called in the loop's thread; it must not block. Some steps of a segment may be missing."""


def ignore(event: SegmentEvent) -> None:
    """Ignore an event: the observer for callers that need none."""


def notify_all(*observers: Observe) -> Observe:
    """Return an observer that notifies others in order."""

    def observe(event: SegmentEvent) -> None:
        for observer in observers:
            observer(event)

    return observe
