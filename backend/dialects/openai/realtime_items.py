"""Turns of a realtime transcription: which segments each has, and which text of it is certain. Pure."""

from dataclasses import dataclass, field
from uuid import uuid4

from msgspec.structs import replace

from backend.dialects.transcript import JoinedResults
from protocol.session import Failed, Final, Partial


@dataclass(frozen=True)
class TurnFailure:
    """Reason why a turn has no text."""

    code: str
    message: str


@dataclass
class Item:
    """Turn of a conversation. ``segments``: their numbers, in order. ``sent``: text that was sent as deltas.

    ``failure``: why it has no text, which the client learns once the turn is ``closed``.
    """

    id: str = field(default_factory=lambda: f"item_{uuid4().hex[:20]}")
    segments: list[int] = field(default_factory=list)
    closed: bool = False
    done: bool = False
    sent: str = ""
    failure: TurnFailure | None = None
    transcript: JoinedResults = field(default_factory=JoinedResults)
    _partial: tuple[int, str] = (-1, "")

    def take(self, event: Final | Failed | Partial, place_ms: tuple[int, int] = (0, 0)) -> None:
        """Note a result or a provisional text of one of the segments."""
        number = self.segments.index(event.segment)
        if isinstance(event, Partial):
            if number not in self.transcript.finals:
                self._partial = number, event.text[: event.stable]
            return
        self.transcript.places[number] = place_ms
        self.transcript.take(replace(event, segment=number))

    def delta(self) -> str:
        """Return the text that became certain since the last call; it is never taken back."""
        if self.failure is not None:
            return ""
        text = self.text() if self.complete else self._certain()
        if not text.startswith(self.sent) or len(text) == len(self.sent):
            return ""
        more, self.sent = text[len(self.sent) :], text
        return more

    @property
    def complete(self) -> bool:
        """True when the turn is closed and every segment has its text."""
        return self.closed and len(self.transcript.finals) == len(self.segments)

    def text(self) -> str:
        """Return the whole text so far."""
        return self.transcript.text()

    def _certain(self) -> str:
        number, partial = self._partial
        if number == len(self.transcript.finals) == 0:  # a later text may still change how the one before it ends
            return partial.lstrip()
        return self.transcript.certain()


class Items:
    """The turns of one session, each found by its segments."""

    def __init__(self) -> None:
        self._of: dict[int, Item] = {}

    def add(self, item: Item, segment: int) -> None:
        """Assign a segment to this turn."""
        item.segments.append(segment)
        self._of[segment] = item

    def of(self, segment: int) -> Item | None:
        """Return the turn of a segment, or ``None`` if it was forgotten."""
        return self._of.get(segment)

    def forget(self, segment: int) -> None:
        """Forget the turn of a segment."""
        self._of.pop(segment, None)

    def unfinished_items(self) -> list[Item]:
        """Return the turns whose text is not complete, in order."""
        found = {item.id: item for item in self._of.values() if not item.done}
        return list(found.values())
