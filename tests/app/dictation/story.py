"""Drive the dictation state machine with timed events and collect its effects."""

from dataclasses import dataclass, field

from app.core.area import Area
from app.core.states import State
from app.core.transcript import TranscriptSegment
from app.dictation.actions import Verb
from app.dictation.gestures import TalkMode
from app.dictation.messages import (
    Effect,
    Event,
    FirstSample,
    HotkeyEvent,
    InsertionEnded,
    InsertText,
    Recognised,
    RecordingOver,
    TargetFound,
)
from app.dictation.state_machine import Dictation
from app.insertion.outcome import Insertion, InsertionResult, Target

WINDOW = Target(1, area=Area(10, 20, 40, 40))
DOWN, UP = HotkeyEvent("dictate", True), HotkeyEvent("dictate", False)
TYPED, HELD = (
    InsertionEnded(Insertion(InsertionResult.TYPED)),
    InsertionEnded(Insertion(InsertionResult.HELD, "focus-moved")),
)


@dataclass
class Story:
    """A sequence of events at given times.

    ``effects`` are those of the latest call.
    """

    dictation: Dictation = field(default_factory=lambda: Dictation(TalkMode.TOGGLE))
    now: float = 0.0
    effects: list[Effect] = field(default_factory=list)

    def at(self, now: float, *events: Event) -> list[Effect]:
        self.now = now
        self.effects = [effect for event in events for effect in self.dictation.handle(event, now)]
        return self.effects

    def then(self, *events: Event) -> list[Effect]:
        return self.at(self.now, *events)

    def state(self) -> State:
        return self.dictation.view(self.now).state

    @property
    def note(self) -> str:
        note = self.dictation.view(self.now).note
        return note.key if note else ""

    def inserts(self) -> list[str]:
        return [effect.texts.text for effect in self.effects if isinstance(effect, InsertText)]


def text(take: int, segment: int, text: str = "", error: str = "") -> Recognised:
    return Recognised(take, TranscriptSegment(segment, 0, 1, text=text, error=error))


def spoken(take: int = 1) -> list[Event]:
    """Return the events of a take from its start to its last sample."""
    return [Verb.START, TargetFound(take, WINDOW), FirstSample(take), Verb.STOP, RecordingOver(take)]
