"""The model of ``test_state_machine_model.py`` with disturbances by users and desktops.

Sleep, a locked screen, limits, a change of mind about quitting, copies, foreign scripts, edits, windows that are
unknown or have cells, takes that are put aside, and events that come late.
"""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from app.core.errors import Note
from app.core.transcript import TranscriptSegment
from app.dictation.actions import HeldAction, Verb
from app.dictation.gestures import TalkMode
from app.dictation.insertion_queue import ReadyTexts, SegmentId
from app.dictation.messages import (
    CloseTake,
    DiscardTake,
    Effect,
    Event,
    FirstSample,
    HotkeyEvent,
    InsertionEnded,
    Locked,
    PutAside,
    Recognised,
    RecordingOver,
    SegmentBegan,
    SettleTake,
    StartRecording,
    TakeEnded,
    TakeLimit,
    TargetFound,
    Woke,
)
from app.dictation.state_machine import Dictation
from app.insertion.outcome import HoldReason, Insertion, InsertionResult, Target
from tests.app.dictation.story import Story, spoken, text
from tests.app.dictation.test_state_machine_model import VERBS, WORDS, Take, World
from tests.helpers.examples import examples

PASTE = HeldAction.PASTE
LATE = TranscriptSegment(10_000, 0, 1, text="late")


class Disturbed(World):
    """The model, with at most three takes that wait."""

    def __init__(self) -> None:
        super().__init__()
        self.dictation = Dictation(most_takes=3)

    # -- effects -------------------------------------------------------------------------------------------

    def perform(self, effect: Effect) -> None:
        match effect:
            case PutAside(number):
                assert not self.takes[number].recording, "a recording is put aside"
                self.takes[number].ended = True
            case DiscardTake(number) if not (take := self.takes[number]).recording:
                assert take.ended and not any((text or "").strip() for text in take.texts.values())
                assert not take.closed
                take.dropped = True
            case _:
                super().perform(effect)

    def place_of(self, number: int) -> Target | None:
        """Return the window of a take: no known one, one with cells, or a usual one."""
        return (None, Target(number * 100, "libreoffice-calc"), Target(number * 100))[number % 3]

    def target_of(self, piece: SegmentId) -> Target | None:  # type: ignore[override] # unknown windows too
        each = self.takes[piece.take].mode is TalkMode.HANDS_FREE
        place = self.place_of(piece.take)
        if place is None or not each:
            return place
        return Target(piece.take * 100 + piece.segment + 1, place.program)

    def aim(self, take: Take) -> None:
        self.tell(TargetFound(take.number, self.place_of(take.number)))

    # -- rules ---------------------------------------------------------------------------------------------

    @precondition(lambda self: self.live)
    @rule(data=st.data())
    def aimed_and_sounding(self, data: st.DataObject) -> None:
        take = self.some(data, self.live)
        self.aim(take)
        self.tell(FirstSample(take.number))

    @precondition(lambda self: self.dictation.recording is not None)
    @rule(event=st.sampled_from([Woke(), Locked()]), joins=st.booleans())
    def stops(self, event: Woke | Locked, joins: bool) -> None:
        self.dictation.joins = joins
        self.tell(event)
        assert self.dictation.recording is None

    @precondition(lambda self: self.dictation.recording is not None)
    @rule()
    def limit(self) -> None:
        self.tell(TakeLimit(max(self.takes), Note("too-long")))
        assert self.dictation.recording is None

    @precondition(lambda self: any(not take.dropped for take in self.live))
    @rule(data=st.data())
    def quits_and_stays(self, data: st.DataObject) -> None:
        """Quit, press the key and speak no more, and start the app again before it has ended."""
        begun = self.dictation.begun
        self.tell(Verb.QUIT)
        meanwhile: tuple[Event, ...] = (Verb.START, Locked(), HotkeyEvent("dictate", True), Woke())
        self.tell(data.draw(st.sampled_from(meanwhile)))
        self.tell(HotkeyEvent("dictate", False))
        self.down.discard("dictate")
        assert self.dictation.begun == begun, "a recording begins while the app quits"
        if not self.left:
            self.tell(Verb.SHOW)
        else:
            assert not self.dictation.pending and self.flight is None
            self.left = self.dictation._left = self.dictation._quitting = False

    @rule(verb=st.sampled_from((*VERBS, Verb.COPY_HELD)))
    def verb(self, verb: Verb) -> None:
        self.tell(verb)

    @precondition(lambda self: self.held and self.asked_here is None)
    @rule(data=st.data())
    def pastes(self, data: st.DataObject) -> None:
        """Paste held texts, and learn the window before anything else happens."""
        self.tell(SettleTake(data.draw(st.sampled_from(sorted({piece.take for piece in self.held}))), PASTE))
        if self.asked_here is not None:
            self.focus_is_known()

    @precondition(lambda self: self.flight is not None and self.flight.pasted)
    @rule()
    def insertion_copies(self) -> None:
        self.end_insertion(InsertionResult.COPIED, 0)

    @precondition(lambda self: any(take.open for take in self.live))
    @rule(data=st.data(), word=st.sampled_from(WORDS))
    def foreign_result(self, data: st.DataObject, word: str) -> None:
        take = self.some(data, [take for take in self.live if take.open])
        segment = data.draw(st.sampled_from(take.open))
        take.texts[segment] = word
        for _ in range(2):
            self.tell(Recognised(take.number, TranscriptSegment(segment, 0, 1, text=word), foreign=True))

    @precondition(lambda self: self.flight is not None and self.flight.pasted)
    @rule(kept=st.integers(1, 5))
    def edited_insertion_fails(self, kept: int) -> None:
        """Insert only a part of held texts that the user has edited before."""
        flight, self.flight = self.flight, None
        assert isinstance(flight, ReadyTexts)
        edited = " edited text"
        self.rests[flight.pieces[-1]] = edited[kept:].strip()
        partly = HoldReason.PARTLY_TYPED.value
        self.tell(InsertionEnded(Insertion(InsertionResult.HELD, partly, edited[kept:], edited)))

    @precondition(lambda self: any(not take.recording for take in self.live))
    @rule(data=st.data())
    def silent_take_ends(self, data: st.DataObject) -> None:
        take = self.some(data, [take for take in self.live if not take.recording])
        if not take.open:
            take.ended = True
            self.aim(take)
            self.tell(TakeEnded(take.number, None, heard=False, silent="microphone"))

    @precondition(lambda self: any(take.ended and take.number > 0 for take in self.takes.values()))
    @rule(data=st.data())
    def late_events(self, data: st.DataObject) -> None:
        """Report events of a take that is already over."""
        over = [take.number for take in self.takes.values() if take.ended and take.number > 0]
        number = data.draw(st.sampled_from(over))
        late: tuple[Event, ...] = (
            Recognised(number, LATE),
            Recognised(number, LATE, foreign=True),
            SegmentBegan(number, LATE.index),
            TargetFound(number, self.place_of(number)),
            RecordingOver(number, Note("microphone-failed")),
            TakeLimit(number, Note("too-long")),
            TakeEnded(number),
        )
        self.tell(data.draw(st.sampled_from(late)))

    def teardown(self) -> None:
        """Learn every window, also those of takes that were put aside, before all ends."""
        for number in range(1, self.dictation.begun + 1):
            self.aim(self.takes[number])
        super().teardown()


Disturbed.TestCase.settings = settings(max_examples=examples(600), stateful_step_count=60)
test_disturbed_world = Disturbed.TestCase


def test_take_is_put_aside_once_although_its_text_is_still_inserted() -> None:
    """If it were put aside twice, its runner would be gone, and the error would cost the new recording."""
    story = Story(Dictation(TalkMode.TOGGLE, most_takes=2))
    story.then(*spoken(1), text(1, 0, "one"), *spoken(2))
    assert story.then(Verb.START) == [PutAside(1), StartRecording(3, TalkMode.TOGGLE)]
    story.then(Verb.STOP, RecordingOver(3))
    assert story.then(Verb.START) == [PutAside(2), CloseTake(2), StartRecording(4, TalkMode.TOGGLE)]
