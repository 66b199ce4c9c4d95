"""Explore arbitrary interleavings of keys, results, failures and insertions.

No recording may be stuck, and no text lost or duplicated.
"""

from dataclasses import dataclass, field

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from app.core.errors import Note
from app.core.states import State
from app.core.transcript import TranscriptSegment
from app.dictation.actions import HeldAction, Verb
from app.dictation.gestures import TalkMode
from app.dictation.insertion_queue import ReadyTexts, SegmentId
from app.dictation.messages import (
    CloseTake,
    DiscardTake,
    Effect,
    Event,
    FindFocusedWindow,
    FindTarget,
    FirstSample,
    FocusedWindow,
    HeldBefore,
    HotkeyEvent,
    InsertionEnded,
    InsertText,
    Leave,
    PartialResult,
    Polled,
    PollKey,
    Recognised,
    RecordDismissed,
    RecordHeld,
    RecordingOver,
    RecordInserted,
    SegmentBegan,
    SettleTake,
    StartRecording,
    StopRecording,
    TakeEnded,
    TargetFound,
    Tick,
)
from app.dictation.state_machine import Dictation
from app.insertion.outcome import HoldReason, Insertion, InsertionResult, Target
from protocol.session import Partial
from protocol.texts import join_texts
from tests.helpers.examples import examples

OFTEN = ("dictate",) * 4 + ("paste-held",) * 2 + ("cancel",)
USUAL = (Verb.START, Verb.STOP, Verb.TOGGLE, Verb.PASTE_HELD, Verb.PASTE_HELD)
VERBS = (*USUAL, Verb.INSERT_READY, Verb.CANCEL, Verb.DISMISS_HELD)
WORDS = ("one", "two.", "三", "四。", " five ", "")
HERE = Target(9_999)
BEFORE = {SegmentId(-1, 0): "before", SegmentId(-1, 3): "前。", SegmentId(0, 0): "then"}


@dataclass
class Take:
    """The model's knowledge of a take.

    ``texts``: results by segment, ``None`` for a failure.
    """

    number: int
    mode: TalkMode
    recording: bool = True
    begun: int = 0
    texts: dict[int, str | None] = field(default_factory=dict)
    ended: bool = False
    closed: bool = False
    dropped: bool = False

    @property
    def open(self) -> list[int]:
        return [segment for segment in range(self.begun) if segment not in self.texts]


class World(RuleBasedStateMachine):
    """Model that performs the effects and remembers what was inserted where."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.dictation = Dictation()
        self.takes: dict[int, Take] = {}
        self.down: set[str] = set()  # keys that are physically down
        self.flight: ReadyTexts | None = None
        self.asked_here: int | None = None  # the take whose held texts are to be pasted
        self.arrived: list[tuple[str, Target | None, bool]] = []
        self.inserted: list[SegmentId] = []
        self.in_order: list[SegmentId] = []
        self.rests: dict[SegmentId, str] = {}
        self.held: set[SegmentId] = set()
        self.dismissed: set[SegmentId] = set()
        self.left = False

    # -- effects -------------------------------------------------------------------------------------------

    def tell(self, event: Event) -> None:
        known = dict(self.dictation._takes)  # a finished take may be forgotten at once
        for effect in self.dictation.handle(event, self.now):
            self.perform(effect)
        for number, take in known.items():
            self.takes[number].dropped |= take.cancelled

    def perform(self, effect: Effect) -> None:
        match effect:
            case StartRecording(number, mode):
                assert not any(take.recording for take in self.takes.values()), "two recordings at once"
                assert not self.left
                self.takes[number] = Take(number, mode)
            case StopRecording(number):
                self.stop(self.takes[number])
            case DiscardTake(number):
                self.stop(self.takes[number])
                assert not self.takes[number].closed
                self.takes[number].ended = self.takes[number].dropped = True
            case InsertText(ordered):
                self.check(ordered)
                self.flight = ordered
            case RecordInserted() | RecordHeld() | RecordDismissed():
                self.note(effect)
            case CloseTake(number):
                assert not self.takes[number].closed and self.takes[number].ended
                self.takes[number].closed = True
            case FindFocusedWindow(number):
                assert self.asked_here is None and not (self.flight and self.flight.pasted), "two pastes at once"
                self.asked_here = number
            case Leave():
                self.left = True

    def note(self, effect: RecordInserted | RecordHeld | RecordDismissed) -> None:
        match effect:
            case RecordInserted(pieces):
                self.note_inserted(pieces)
            case RecordHeld((piece,), rest) if rest:
                assert rest == self.rests[piece], "the recorded rest is not the missing text"
            case RecordHeld(pieces):
                assert not self.held.intersection(pieces)
                assert not set(self.inserted).intersection(pieces)
                self.held |= set(pieces)
            case RecordDismissed(pieces):
                assert self.held.issuperset(pieces)
                self.held -= set(pieces)
                self.dismissed |= set(pieces)

    def stop(self, take: Take) -> None:
        assert take.recording
        take.recording = False

    def check(self, ordered: ReadyTexts) -> None:
        """Check that an insertion has the spoken text, is not a repetition, and goes to its target."""
        assert self.flight is None, "two insertions at once"
        assert not self.believed_down, "a text is inserted while the key counts as down"
        assert list(ordered.pieces) == sorted(set(ordered.pieces))
        assert not (set(self.inserted) | self.dismissed).intersection(ordered.pieces)
        assert "".join(ordered.texts) == ordered.text
        assert join_texts(ordered.texts) == ordered.text.strip()
        for piece, part in zip(ordered.pieces, ordered.texts, strict=True):
            text = part.strip()
            recognised = (self.takes[piece.take].texts[piece.segment] or "").strip()
            assert recognised == text or (ordered.pasted and self.rests[piece] == text)
            if ordered.pasted:
                assert piece in self.held and piece.take == ordered.pieces[0].take
            else:
                assert piece not in self.held
                assert ordered.target == self.target_of(piece)
        if ordered.pasted:
            together = {piece for piece in self.held if piece.take == ordered.pieces[0].take}
            assert together == set(ordered.pieces), "one paste has all held texts of the take"
        else:
            assert not self.in_order or self.in_order[-1] < ordered.pieces[0], "not in spoken order"
            self.in_order += ordered.pieces

    def target_of(self, piece: SegmentId) -> Target:
        each = self.takes[piece.take].mode is TalkMode.HANDS_FREE
        return Target(piece.take * 100 + (piece.segment + 1 if each else 0))

    def note_inserted(self, pieces: tuple[SegmentId, ...]) -> None:
        self.inserted += pieces
        assert len(set(self.inserted)) == len(self.inserted), "inserted twice"
        self.held -= set(pieces)

    @property
    def believed_down(self) -> bool:
        return bool(self.dictation.keys)

    # -- rules ---------------------------------------------------------------------------------------------

    @initialize(mode=st.sampled_from(list(TalkMode)), held=st.booleans())
    def begins(self, mode: TalkMode, held: bool) -> None:
        self.dictation.gestures.mode = mode
        if held:
            self.held_before()

    @rule()
    def held_before(self) -> None:
        """Report an earlier run's held texts, possibly again, and possibly before their paste is noted."""
        self.held |= set(BEFORE) - set(self.inserted) - self.dismissed
        for piece, text in BEFORE.items():
            take = self.takes.setdefault(piece.take, Take(piece.take, TalkMode.HOLD, recording=False))
            take.ended = take.closed = True
            take.texts[piece.segment] = text
        self.tell(HeldBefore(BEFORE))

    @precondition(lambda self: self.held)
    @rule(data=st.data(), how=st.sampled_from(HeldAction))
    def settle(self, data: st.DataObject, how: HeldAction) -> None:
        take = data.draw(st.sampled_from(sorted({piece.take for piece in self.held})))
        self.tell(SettleTake(take, how))

    @rule(mode=st.sampled_from(list(TalkMode)))
    def another_mode(self, mode: TalkMode) -> None:
        self.dictation.gestures.mode = mode

    @rule(key=st.sampled_from(OFTEN))
    def key_down(self, key: str) -> None:
        self.down.add(key)
        self.tell(HotkeyEvent(key, True))

    @rule(key=st.sampled_from(OFTEN), noticed=st.booleans(), chord=st.booleans())
    def key_up(self, key: str, noticed: bool, chord: bool) -> None:
        self.down.discard(key)
        if noticed:
            self.tell(HotkeyEvent(key, False, chord and key == "dictate"))

    @rule(verb=st.sampled_from(VERBS))
    def verb(self, verb: Verb) -> None:
        self.tell(verb)

    @rule(seconds=st.sampled_from([0.05, 0.3, 1.0, 11.0]))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds
        for effect in self.dictation.handle(Tick(), self.now):
            if isinstance(effect, PollKey):
                self.tell(Polled(effect.action, effect.action in self.down))
            else:
                self.perform(effect)

    def some(self, data: st.DataObject, takes: list[Take]) -> Take:
        return data.draw(st.sampled_from(takes))

    @property
    def live(self) -> list[Take]:
        return [take for take in self.takes.values() if not take.ended]

    @precondition(lambda self: self.live)
    @rule(data=st.data())
    def aimed_and_sounding(self, data: st.DataObject) -> None:
        take = self.some(data, self.live)
        self.tell(TargetFound(take.number, Target(take.number * 100)))
        self.tell(FirstSample(take.number))

    @precondition(lambda self: self.live)
    @rule(data=st.data(), aims=st.booleans())
    def segment_begins(self, data: st.DataObject, aims: bool) -> None:
        take = self.some(data, self.live)
        segment, take.begun = take.begun, take.begun + 1
        for effect in self.dictation.handle(SegmentBegan(take.number, segment), self.now):
            if isinstance(effect, FindTarget):
                assert take.mode is TalkMode.HANDS_FREE
                self.tell(TargetFound(take.number, self.target_of(SegmentId(take.number, segment)), segment))
            else:
                self.perform(effect)
        self.tell(PartialResult(take.number, Partial(segment, 1, "perhaps", 3)))

    @precondition(lambda self: self.dictation.recording is not None)
    @rule(word=st.sampled_from(WORDS))
    def says_something(self, word: str) -> None:
        take = self.takes[max(self.takes)]
        self.aim(take)
        segment, take.begun = take.begun, take.begun + 1
        self.tell(TargetFound(take.number, self.target_of(SegmentId(take.number, segment)), segment))
        take.texts[segment] = word
        self.tell(Recognised(take.number, TranscriptSegment(segment, 0, 1, text=word)))

    @precondition(lambda self: any(take.open for take in self.live))
    @rule(data=st.data(), word=st.sampled_from(WORDS), fails=st.sampled_from([False, False, False, True]))
    def result(self, data: st.DataObject, word: str, fails: bool) -> None:
        take = self.some(data, [take for take in self.live if take.open])
        segment = data.draw(st.sampled_from(take.open))
        take.texts[segment] = None if fails else word
        result = TranscriptSegment(segment, 0, 1, text="" if fails else word, error="no" if fails else "")
        self.tell(Recognised(take.number, result))
        if data.draw(st.booleans()):
            self.tell(Recognised(take.number, TranscriptSegment(segment, 0, 1, text="again")))

    @precondition(lambda self: self.live)
    @rule(data=st.data(), fails=st.booleans())
    def microphone_ends(self, data: st.DataObject, fails: bool) -> None:
        take = self.some(data, self.live)
        take.recording = False
        self.tell(RecordingOver(take.number, Note("microphone-failed") if fails else None))

    @precondition(lambda self: any(not take.recording for take in self.live))
    @rule(data=st.data(), breaks=st.sampled_from([False, False, False, True]))
    def take_ends(self, data: st.DataObject, breaks: bool) -> None:
        take = self.some(data, [take for take in self.live if not take.recording])
        if take.open and not breaks:
            return
        take.ended = True
        self.aim(take)
        self.tell(TakeEnded(take.number, Note("recording-kept") if breaks else None))

    def aim(self, take: Take) -> None:
        self.tell(TargetFound(take.number, Target(take.number * 100)))

    @precondition(lambda self: self.flight is not None)
    @rule(how=st.sampled_from([InsertionResult.TYPED, InsertionResult.PASTED]))
    def insertion_succeeds(self, how: InsertionResult) -> None:
        self.end_insertion(how, 0)

    @precondition(lambda self: self.flight is not None)
    @rule(share=st.sampled_from([0.0, 0.0, 0.3, 0.7, 1.0]))
    def insertion_fails(self, share: float) -> None:
        assert self.flight is not None
        self.end_insertion(InsertionResult.HELD, round(share * len(self.flight.text)))

    def end_insertion(self, how: InsertionResult, rest: int) -> None:
        """End the insertion with ``rest`` characters that did not arrive; for a held text, 0 means all of them."""
        flight, self.flight = self.flight, None
        assert flight is not None
        whole = len(flight.text)
        missing = (rest or whole) if how is InsertionResult.HELD else 0
        self.arrived.append((flight.text[: whole - missing], flight.target, flight.pasted))
        end = whole
        for piece, text in reversed(list(zip(flight.pieces, flight.texts, strict=True))):
            start = flight.text.rindex(text, 0, end)
            self.rests[piece] = (flight.text[max(start, whole - missing) : start + len(text)] or text).strip()
            end = start
        self.tell(InsertionEnded(Insertion(how, HoldReason.PARTLY_TYPED.value, flight.text[whole - rest :])))

    @precondition(lambda self: self.asked_here is not None)
    @rule()
    def focus_is_known(self) -> None:
        take, self.asked_here = self.asked_here, None
        assert take is not None
        self.tell(FocusedWindow(take, HERE))

    # -- invariants ----------------------------------------------------------------------------------------

    @invariant()
    def both_know_what_is_recorded(self) -> None:
        recording = [take.number for take in self.takes.values() if take.recording]
        assert recording == ([] if self.dictation.recording is None else [self.dictation.recording])
        view = self.dictation.view(self.now)
        assert (view.state in (State.ARMING, State.LISTENING)) is bool(recording)
        self.held = {piece for piece in self.held if not self.takes[piece.take].dropped}
        takes = {piece.take for piece in self.held}
        assert view.held + view.earlier == len(takes) and view.held <= 1
        assert not takes or view.state is not State.IDLE, "ready, while a text waits"

    def teardown(self) -> None:
        """Bring everything to an end: no recording is stuck, and each text arrived once or is held."""
        self.both_know_what_is_recorded()
        self.down.clear()
        for _ in range(3):
            self.time_passes(0.3)
        assert not self.believed_down
        self.tell(Verb.STOP)
        assert self.dictation.recording is None
        for take in list(self.live):
            for segment in reversed(take.open):
                take.texts[segment] = "last"
                self.tell(Recognised(take.number, TranscriptSegment(segment, 0, 1, text="last")))
            self.aim(take)
            take.ended = True
            self.tell(TakeEnded(take.number))
        while self.flight is not None:
            self.end_insertion(InsertionResult.TYPED, 0)
        self.both_know_what_is_recorded()
        for take in self.takes.values():
            self.check_end(take)
        self.tell(Verb.QUIT)
        assert self.left

    def check_end(self, take: Take) -> None:
        assert take.closed or take.dropped, "a take is never over"
        recognised = {
            SegmentId(take.number, number) for number, text in take.texts.items() if (text or "").strip()
        }
        arrived = {piece for piece in self.inserted if piece.take == take.number}
        held = {piece for piece in self.held | self.dismissed if piece.take == take.number}
        assert not arrived & held
        if take.dropped:
            assert arrived <= recognised
        else:
            assert arrived | held == recognised, "a text is lost"


World.TestCase.settings = settings(max_examples=examples(600), stateful_step_count=60)
test_world = World.TestCase
