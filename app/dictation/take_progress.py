"""Compute what the user sees of the takes of one run. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import inf
from typing import Final

from app.core.area import Area
from app.core.errors import Note
from app.core.live_text import LiveText, TextSpan
from app.core.states import SHAPES, State
from app.core.transcript import TranscriptSegment
from app.dictation.gestures import TalkMode
from app.dictation.held_texts import HeldTexts
from app.dictation.insertion_queue import InsertionQueue
from app.dictation.messages import Gauges
from app.dictation.view import View
from protocol.session import Partial
from protocol.texts import TimedText, append_text, join_pair

DONE_S: Final = 2.0
NOTICE_S: Final = 8.0
"""How long a finished take is shown (``DONE_S``), and how long a note or a take that needs attention is."""
SHORT_S: Final = 0.5
"""A shorter recording in which nothing is said was a slip of the key."""
CANCELLED_SHORT_S: Final = 2.0
"""A slip of the key that the user cancels takes longer, because the user has to notice it."""
HELD_EARLIER: Final = Note("held-earlier")
MOST: Final = 400
"""Limit on displayed characters: more than users read while speaking."""


class RunningText:
    """The text of one take in spoken order, with a one-character mark for each failed segment."""

    def __init__(self) -> None:
        self._live = LiveText()
        self._final = TimedText("")

    def partial(self, partial: Partial) -> None:
        """Record a partial result of a segment."""
        self._live.partial(partial)

    def add_result(self, segment: TranscriptSegment) -> None:
        """Record a segment's text or error."""
        for line in self._live.add_result(segment):
            text = SHAPES[State.FAILED] if line.failed else line.text
            start_ms, end_ms = line.times_ms or (None, None)
            whole = "".join(join_pair(self._final, TimedText(text.strip(), start_ms)))
            self._final = TimedText(whole[-MOST:], end_ms=end_ms)

    @property
    def spans(self) -> tuple[TextSpan, ...]:
        """The end of the text, ready for display: at most ``MOST`` characters."""
        if not self._final.text:
            return _last(self._live.spans)
        final = (TextSpan(self._final.text, stable=True),)
        if not (live := self._live.spans):
            return final
        first = replace(live[0], text=append_text(TimedText(self._final.text), TimedText(live[0].text)))
        return _last((*final, first, *live[1:]))


def _last(spans: Sequence[TextSpan]) -> tuple[TextSpan, ...]:
    left, kept = MOST, list[TextSpan]()
    for span in reversed(spans):
        if left > 0:
            kept.append(replace(span, text=span.text[-left:]))
            left -= len(span.text)
    return tuple(reversed(kept))


@dataclass
class TakeProgress:
    """The progress of one take.

    ``failures``: segments without a text. ``broken``: the take ended before all of its segments had ended.
    ``aside``: it was put aside; a text of it may still be on its way.
    ``has_text``: some of it was recognised. ``heard``: the VAD may have heard speech.
    ``silent``: the microphone, if it delivered only digital silence.
    ``replaced``: replacement rules changed a recognised text.
    ``over_at``: when the take was over, with no more text to come or to insert automatically.
    ``cancelled_at``: when the user cancelled it. ``window``: the place of the window that receives its texts.
    """

    number: int
    mode: TalkMode
    text: RunningText = field(default_factory=RunningText)
    recording: bool = True
    sounding_at: float | None = None
    stopped_at: float | None = None
    ended: bool = False
    aside: bool = False
    cancelled_at: float | None = None
    has_text: bool = False
    heard: bool = True
    silent: str = ""
    replaced: bool = False
    failures: int = 0
    broken: bool = False
    over_at: float | None = None
    window: Area | None = None

    @property
    def cancelled(self) -> bool:
        """True once the user has cancelled the take."""
        return self.cancelled_at is not None

    @property
    def empty(self) -> bool:
        """True for a take that has nothing to show, not even a reason."""
        return not (self.has_text or self.failures or self.broken)

    @property
    def why_empty(self) -> Note:
        """The reason why an empty take has no text. A device may need a moment before its first sound."""
        if self.replaced:
            return Note("nothing-left")
        if self.silent and not self.is_negligible:
            return Note("microphone-silent", {"device": self.silent})
        return Note("nothing-understood")

    @property
    def is_negligible(self) -> bool:
        """True for an empty take that is too short for speech, and in which the VAD heard none."""
        enough_s = CANCELLED_SHORT_S if self.cancelled else SHORT_S
        return self.empty and not (self.heard or self.replaced) and self.seconds(inf) < enough_s

    @property
    def settled(self) -> bool:
        """True once the user awaits no more texts of the take."""
        return self.cancelled or self.over_at is not None

    @property
    def pending(self) -> bool:
        """True while the user still awaits texts of the take."""
        return self.over_at is None and not self.cancelled

    def seconds(self, now: float) -> float:
        """Return how long the take has been recording, in seconds."""
        if self.sounding_at is None:
            return 0.0
        return max(0.0, (now if self.stopped_at is None else self.stopped_at) - self.sounding_at)


@dataclass(frozen=True)
class Notice:
    """A note that is shown for a limited time.

    ``take``: it says why texts of this take are held, and is shown as long as they are, unless another note is.
    """

    note: Note
    until: float
    take: int | None = None


def state_of(take: TakeProgress, queue: InsertionQueue, unsent_s: float, now: float) -> State:
    """Return the state of a take, which becomes idle some time after its end."""
    if take.recording:
        return State.ARMING if take.sounding_at is None else State.LISTENING
    if take.cancelled:
        return State.CANCELLED if now < idle_at(take, queue) else State.IDLE
    if queue.inserting is not None and any(piece.take == take.number for piece in queue.inserting.pieces):
        return State.INSERTING
    if not take.ended:
        return State.SENDING if unsent_s > 0 else State.WAITING
    if take.over_at is None:  # earlier speech must be inserted first
        return State.WAITING
    end = _end(take, queue)
    return end if now < idle_at(take, queue) else State.IDLE


def idle_at(take: TakeProgress, queue: InsertionQueue) -> float:
    """Return when a finished take becomes idle."""
    if take.cancelled_at is not None:
        return take.cancelled_at + NOTICE_S
    over_at = take.over_at or 0.0
    return over_at + (DONE_S if _end(take, queue) is State.DONE else NOTICE_S)


def _end(take: TakeProgress, queue: InsertionQueue) -> State:
    if take.failures or take.broken:
        return State.FAILED
    return State.HELD if queue.holds(take.number) else State.DONE


_UNSAVED: Final = ("disk-waiting", "disk-full")


@dataclass(frozen=True)
class Scene:
    """Everything that ``view_of`` needs; ``takes`` are keyed by number, in order."""

    takes: Mapping[int, TakeProgress]
    queue: InsertionQueue
    held: HeldTexts
    notice: Notice | None
    quitting: bool


def view_of(scene: Scene, gauges: Gauges, now: float) -> View:
    """Compose the view of the newest take and of everything shown with it."""
    queue, takes = scene.queue, scene.takes
    unsent = sum(gauges.unsent_s.get(number, 0.0) for number, take in takes.items() if take.pending)
    base = View(
        unsent_s=unsent,
        destination=gauges.destination,
        device=gauges.device,
        state=State.HELD if queue.held else State.IDLE,
        held=int(scene.held.newest is not None),
        earlier=scene.held.earlier,
        note=_note(scene, gauges, now, unsent),
        note_until=scene.notice.until if scene.notice else 0.0,
    )
    newest = takes[max(takes)] if takes else None
    if newest is None:
        return base
    state = state_of(newest, queue, gauges.unsent_s.get(newest.number, 0.0), now)
    if state is State.LISTENING and gauges.lost:
        state = State.ARMING
    waiting = sum(take.pending for take in takes.values() if take is not newest)
    if state is State.IDLE:
        return replace(base, waiting=waiting)
    return replace(
        base,
        state=state,
        seconds=newest.seconds(now),
        level_dbfs=gauges.level_dbfs if newest.recording else View().level_dbfs,
        spans=newest.text.spans,
        waiting=waiting,
        window=newest.window,
        place=gauges.places.get(newest.number),
    )


def _note(scene: Scene, gauges: Gauges, now: float, unsent: float) -> Note | None:
    if scene.quitting:
        if gauges.note and gauges.note.key in _UNSAVED:
            return Note("quitting-unsaved")
        if round(unsent) == 0:
            return Note("quitting-sent")
        pending = sum(take.pending for take in scene.takes.values())
        return Note("quitting", {"seconds": f"{unsent:.0f}", "takes": str(pending)})
    if scene.queue.is_offer_due(now):
        return Note("insert-ready")
    notice = scene.notice
    said = notice.note if notice and notice.until > now else None
    if said == HELD_EARLIER:  # counted now, because the texts may be pasted while the note is shown
        said = replace(said, values={"count": str(scene.held.earlier)}) if scene.held.earlier else None
    reason = notice.note if notice and notice.take is not None else None
    return said or gauges.note or reason
