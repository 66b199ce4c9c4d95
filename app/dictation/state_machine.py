"""Implement dictation as a state machine over keys, results and insertions. Pure.

    for effect in dictation.handle(event, now):    # seconds on a monotonic clock
        perform(effect)

Each take has its own state. A new take may begin while earlier ones are recognised, but only one records at a
time. ``app.dictation.gestures`` decides what keys mean, and ``app.dictation.insertion_queue`` which text is next.
A cancelled take is still recognised for the history, but no more of its text is inserted.
"""

from typing import Final

from app.core.errors import Note
from app.core.transcript import TranscriptSegment
from app.dictation.actions import HELD_ACTIONS, Verb
from app.dictation.gestures import Gestures, KeyIntent, KeyWatch, TalkMode
from app.dictation.held_texts import HeldTexts
from app.dictation.insertion_queue import OFFER_S, InsertionQueue, SegmentId
from app.dictation.messages import (
    CANCEL,
    DICTATE,
    NO_GAUGES,
    PASTE_HELD,
    CancelTake,
    CloseTake,
    DiscardTake,
    Effect,
    Event,
    FindTarget,
    FirstSample,
    FocusedWindow,
    Gauges,
    HeldBefore,
    HotkeyEvent,
    InsertionEnded,
    InsertText,
    Leave,
    Locked,
    PartialResult,
    PassOnTap,
    PlayCue,
    Polled,
    PollKey,
    PutAside,
    Recognised,
    RecordHeld,
    RecordingOver,
    RecordInserted,
    Renew,
    SegmentBegan,
    SettleTake,
    SoundCue,
    StartRecording,
    StopRecording,
    TakeEnded,
    TakeEvent,
    TakeLimit,
    TargetFound,
    Tick,
    UserEvent,
    Woke,
)
from app.dictation.take_progress import HELD_EARLIER, NOTICE_S, Notice, Scene, TakeProgress, idle_at, view_of
from app.dictation.view import View
from app.insertion.outcome import HoldReason, Insertion, InsertionResult
from protocol.texts import without_spaces

MOST_TAKES: Final = 50
"""Limit on takes that are not over. Beyond it the oldest is put aside, so that a new take can always begin."""

JOINED_S: Final = 30.0
"""A take that begins within this time after an insertion continues its text, with a space where needed."""

_VERBS: Final = {CANCEL: Verb.CANCEL, PASTE_HELD: Verb.PASTE_HELD}


class Dictation:
    """State machine for every take of one run of the app. Not thread-safe.

    ``gestures``: how the key works. ``begun``: the number of the newest take. ``joins``: a take that begins
    shortly after the last insertion continues that text. ``keys``: true while a hotkey is down.
    """

    def __init__(self, mode: TalkMode = TalkMode.HYBRID, most_takes: int = MOST_TAKES) -> None:
        self.gestures = Gestures(mode)
        self._most_takes = most_takes
        self.keys = KeyWatch()
        self._queue = InsertionQueue()
        self._held = HeldTexts(self._queue)
        self._takes: dict[int, TakeProgress] = {}
        self.begun = 0
        self._dropped = 0
        self._inserted_at = -JOINED_S
        self.joins = True
        self._notice: Notice | None = None
        self._quitting = False
        self._left = False
        self._effects: list[Effect] = []

    @property
    def recording(self) -> int | None:
        """The number of the take that is being recorded, or ``None``."""
        newest = self._takes.get(self.begun)
        return self.begun if newest is not None and newest.recording else None

    @property
    def pending(self) -> int:
        """The number of takes with texts that are still awaited."""
        return sum(take.pending for take in self._takes.values())

    def held_of(self, take: int) -> int:
        """Return the number of held texts of a take."""
        return self._queue.count(take)

    @property
    def holding(self) -> list[int]:
        """The takes with held texts, newest first."""
        return self._queue.holding

    def waits_for(self, newest: int) -> bool:
        """Return whether any take up to ``newest`` still has texts that are awaited."""
        return any(take.pending for number, take in self._takes.items() if number <= newest)

    def handle(self, event: Event, now: float) -> list[Effect]:
        """Process one event and return the effects to perform, in order."""
        match event:
            case HotkeyEvent() | Polled() | Verb() | FocusedWindow() | SettleTake():
                self._handle_user(event, now)
            case InsertionEnded(insertion):
                self._insertion_ended(insertion, now)
            case HeldBefore(texts):
                self._queue.hold_again(texts)
            case Woke():  # later speech is for another take
                self._stop_because(Note("slept"), now)
                self._effects.append(Renew())
            case Locked():
                self._stop_because(Note("locked"), now)
            case Tick():
                pass
            case _ if take := self._takes.get(event.take):
                self._handle_take(event, take, now)
        self._conclude(now)
        effects, self._effects = self._effects, []
        return effects

    def due(self, now: float) -> float | None:
        """Return when the state next changes by itself, so that a ``Tick`` is needed; ``None`` if it does not."""
        offer_at, notice = self._queue.offer_at, self._notice
        times = [
            self.keys.poll_at,
            None if offer_at is None else offer_at + OFFER_S,
            notice.until if notice else None,
            *(idle_at(take, self._queue) for take in self._takes.values() if take.settled),
        ]
        return min((time for time in times if time is not None and time > now), default=None)

    def view(self, now: float, gauges: Gauges = NO_GAUGES) -> View:
        """Return the view that the user sees."""
        return view_of(Scene(self._takes, self._queue, self._held, self._notice, self._quitting), gauges, now)

    # -- user actions --------------------------------------------------------------------------------------

    def _handle_user(self, event: UserEvent, now: float) -> None:
        match event:
            case HotkeyEvent(action, pressed=True, at_s=at_s):
                if self.keys.pressed(action, now):
                    self._handle_press(action, _moved_at(at_s, now), now)
            case HotkeyEvent(action, chord=chord, at_s=at_s):
                if self.keys.released(action):
                    self._handle_release(action, _moved_at(at_s, now), now, chord=chord)
            case Polled(action, down):
                if (released_at := self.keys.record_poll(action, down, now)) is not None:
                    self._handle_release(action, released_at, now)
            case FocusedWindow(take, target):
                self._held.paste_into(take, target, joins=self._joins(now), followed=self.joins)
            case SettleTake(take, how):
                self._effects += self._held.settle(take, how)
            case Verb():
                self._perform_verb(event, now)

    def _handle_press(self, action: str, at: float, now: float) -> None:
        if action == DICTATE:
            self._follow_intent(self.gestures.pressed(at, self.recording, self.begun + 1), at, now)
        elif verb := _VERBS.get(action):
            self._perform_verb(verb, now)

    def _handle_release(self, action: str, at: float, now: float, *, chord: bool = False) -> None:
        if action == DICTATE:
            self._follow_intent(self.gestures.released(at, self.recording, chord=chord), at, now)

    def _follow_intent(self, intent: KeyIntent | None, at: float, now: float) -> None:
        match intent:
            case KeyIntent.BEGIN:
                self._begin(now)
            case KeyIntent.END:
                self._stop(now, now - at)
            case KeyIntent.TAP | KeyIntent.CHORD:
                self._discard()
        if intent in (KeyIntent.TAP, KeyIntent.PASS):
            self._effects.append(PassOnTap(DICTATE))

    def _perform_verb(self, verb: Verb, now: float) -> None:
        match verb:
            case Verb.START | Verb.TOGGLE if self.recording is None:
                self._begin(now)
            case Verb.STOP | Verb.TOGGLE:
                self._stop(now)
            case Verb.CANCEL:
                self._cancel(now)
            case Verb.PASTE_HELD | Verb.COPY_HELD | Verb.DISMISS_HELD if self._held.newest is not None:
                self._effects += self._held.settle_newest(HELD_ACTIONS[verb])
            case Verb.PASTE_HELD | Verb.INSERT_READY if self._queue.is_offer_due(now):
                self._queue.accept()
            case Verb.PASTE_HELD | Verb.COPY_HELD | Verb.DISMISS_HELD if self._held.earlier:
                self._show_note(HELD_EARLIER, now)
            case Verb.QUIT:
                self._quit(now)
            case Verb.SHOW:  # starting the app again while it is quitting keeps it running
                self._quitting = False

    # -- lifecycle of a take -------------------------------------------------------------------------------

    def _begin(self, now: float) -> None:
        if self._quitting:
            return
        self._make_room(now)
        self.begun += 1
        self._notice = None
        self._takes[self.begun] = TakeProgress(self.begun, self.gestures.mode)
        each = self.gestures.mode is TalkMode.HANDS_FREE
        self._queue.begin(self.begun, each=each, joins=self._joins(now))
        self._effects.append(StartRecording(self.begun, self.gestures.mode))

    def _joins(self, now: float) -> bool:
        """Return whether text inserted now continues the text inserted last."""
        return self.joins and now - self._inserted_at < JOINED_S

    def _stop(self, now: float, late_s: float = 0.0) -> None:
        if (number := self.recording) is not None:
            take = self._takes[number]
            self._end_recording(take, now)
            self._effects.append(StopRecording(number, late_s))

    def _stop_because(self, note: Note, now: float) -> None:
        if self.recording is not None:
            self._stop(now)
            self._show_note(note, now)

    def _end_recording(self, take: TakeProgress, now: float) -> None:
        take.recording, take.stopped_at = False, now
        if take.sounding_at is not None:
            self._effects.append(PlayCue(SoundCue.STOP))

    def _discard(self) -> None:
        """Discard the take that is being recorded, leaving no trace of it."""
        if (number := self.recording) is not None:
            del self._takes[number]
            self._queue.drop(number)
            self._effects.append(DiscardTake(number))

    def _cancel(self, now: float) -> None:
        newest = max((number for number, take in self._takes.items() if take.pending), default=None)
        if newest is not None:
            self._stop(now)
            self._takes[newest].cancelled_at = now
            self._queue.drop(newest)
            self._effects.append(CancelTake(newest))
            self._show_note(Note("cancelled"), now)

    def _make_room(self, now: float) -> None:
        waiting = [take for take in self._takes.values() if take.over_at is None and not take.aside]
        if len(waiting) >= self._most_takes:
            waiting[0].aside = True
            self._effects.append(PutAside(waiting[0].number))
            self._end_take(waiting[0], Note("recognised-later"), now)
            self._close(now)

    def _quit(self, now: float) -> None:
        if self._quitting:
            self._leave()
        self._stop(now)
        self._quitting = True

    # -- progress of a take --------------------------------------------------------------------------------

    def _handle_take(self, event: TakeEvent, take: TakeProgress, now: float) -> None:
        match event:
            case TargetFound(number, target, segment):
                self._queue.set_target(number, target, segment)
                take.window = target.area if target else take.window
            case FirstSample():
                self._hear_first_sample(take, now)
            case SegmentBegan(number, segment) if take.mode is TalkMode.HANDS_FREE:
                self._effects.append(FindTarget(number, segment))
            case PartialResult(_, partial):
                take.text.partial(partial)
            case Recognised(_, segment, foreign):
                self._handle_result(take, segment, now, foreign=foreign)
            case TakeLimit(_, note) if take.recording:
                self._stop_because(note, now)
            case RecordingOver(_, note):
                if take.recording:
                    self._end_recording(take, now)
                self._note_failure(take, note, now)
            case TakeEnded(_, note):
                take.heard, take.silent = event.heard, event.silent
                self._end_take(take, note, now)

    def _hear_first_sample(self, take: TakeProgress, now: float) -> None:
        if take.recording and take.sounding_at is None:
            take.sounding_at = now
            self._effects.append(PlayCue(SoundCue.START))

    def _handle_result(self, take: TakeProgress, segment: TranscriptSegment, now: float, *, foreign: bool) -> None:
        if take.ended:
            return
        take.text.add_result(segment)
        take.failures += bool(segment.error)
        take.has_text = take.has_text or bool(without_spaces(segment.text))
        take.replaced = take.replaced or bool(segment.recognised)
        piece, text = SegmentId(take.number, segment.index), segment.text
        if segment.unsupported:
            self._show_note(Note("language-unknown"), now)
        if text and foreign:
            self._queue.withhold(piece, text)
            self._show_note(Note(HoldReason.FOREIGN_SCRIPT), now, take.number)
        self._queue.result(piece, text, now, (segment.start_ms, segment.end_ms))

    def _end_take(self, take: TakeProgress, note: Note | None, now: float) -> None:
        if take.recording:
            self._end_recording(take, now)
        take.ended = True
        self._queue.ended(take.number)
        self._note_failure(take, note, now)

    def _note_failure(self, take: TakeProgress, note: Note | None, now: float) -> None:
        if note is not None:
            take.broken = True
            self._show_note(note, now)

    def _insertion_ended(self, insertion: Insertion, now: float) -> None:
        take = self._queue.inserting.pieces[0].take if self._queue.inserting else None
        if arrived := self._queue.inserted(insertion):
            self._effects.append(RecordInserted(arrived))
            self._inserted_at = now
        self._effects += [RecordHeld((piece,), rest) for piece, rest in self._queue.partly.items()]
        if insertion.how is InsertionResult.HELD and insertion.reason:
            self._show_note(Note(insertion.reason), now, take)
        elif insertion.how is InsertionResult.COPIED:
            self._show_note(Note("copied"), now)

    # -- consequences of every event -----------------------------------------------------------------------

    def _conclude(self, now: float) -> None:
        needed = {DICTATE} if self.gestures.release_ends(self.recording) else ()
        self._effects += [PollKey(action, action in needed) for action in self.keys.polls(now)]
        # While a hotkey is down X11 sends every key to us, including those that would type or paste.
        ready = None if self.keys else self._queue.next()
        if held := self._queue.newly_held():
            self._effects += [RecordHeld(held), PlayCue(SoundCue.HELD)]
        if self._notice and self._notice.take is not None and not self._queue.holds(self._notice.take):
            self._notice = None  # the note is outdated: the text was inserted or dismissed
        if ready is not None:
            self._effects.append(InsertText(ready))
        if (dropped := len(self._queue.dropped)) > self._dropped:
            self._dropped = dropped
            self._show_note(Note("held-let-go", {"count": str(dropped)}), now)
        self._close(now)
        if self._quitting and not self.pending and self._queue.inserting is None:
            self._leave()

    def _close(self, now: float) -> None:
        for number, take in list(self._takes.items()):
            if take.over_at is None and take.ended and self._queue.over(number):
                take.over_at = now
                self._queue.forget(number)
                self._effects.append(DiscardTake(number) if take.is_negligible else CloseTake(number))
                if take.empty and not take.cancelled:
                    self._show_note(take.why_empty, now)
                elif take.is_negligible and self._notice and self._notice.note.key == "cancelled":
                    self._notice = None  # it says that the recording is kept
            if take.over_at is not None and number != max(self._takes):
                del self._takes[number]

    def _leave(self) -> None:
        if not self._left:
            self._left = True
            self._effects.append(Leave())

    def _show_note(self, note: Note, now: float, take: int | None = None) -> None:
        self._notice = Notice(note, now + NOTICE_S, take)


def _moved_at(at_s: float | None, now: float) -> float:
    """Return when a key moved: a busy computer handles a release so late that a tap would look like a hold."""
    return now if at_s is None else min(at_s, now)
