"""What a person sees of the takes of one run. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from app.dictation_events import Gauges, NoteKey
from app.gestures import TalkMode
from app.held_texts import HeldTexts
from app.running_text import RunningText
from app.spoken_order import SpokenOrder
from app.states import State
from app.view import Note, View

DONE_S: Final = 2.0
NOTICE_S: Final = 8.0
"""How long an end that needs no attention, one that does, and a note stay."""


@dataclass
class TakeProgress:
    """One take. ``failures``: segments without a text; ``broken``: it ended before all of them had ended.
    ``said``: a text is there; ``replaced``: rules made another one of what was recognised.
    ``over_at``: since when nothing more of it is to come, or to be inserted by itself. ``cancelled_at``: when the
    user gave it up. ``at``: a point in the window that its texts go to."""

    number: int
    mode: TalkMode
    begun_at: float
    text: RunningText = field(default_factory=RunningText)
    recording: bool = True
    sounding_at: float | None = None
    stopped_at: float | None = None
    ended: bool = False
    cancelled_at: float | None = None
    said: bool = False
    replaced: bool = False
    failures: int = 0
    broken: bool = False
    over_at: float | None = None
    at: tuple[int, int] | None = None

    @property
    def cancelled(self) -> bool:
        """Return whether the user gave it up."""
        return self.cancelled_at is not None

    @property
    def settled(self) -> bool:
        """Return whether nothing more of it is awaited by the user."""
        return self.cancelled or self.over_at is not None

    @property
    def pending(self) -> bool:
        """Whether something of it is still wanted."""
        return self.over_at is None and not self.cancelled

    def seconds(self, now: float) -> float:
        """How long it has been recorded."""
        if self.sounding_at is None:
            return 0.0
        return max(0.0, (now if self.stopped_at is None else self.stopped_at) - self.sounding_at)


@dataclass(frozen=True)
class Notice:
    """Something to be read for a while."""

    note: Note
    until: float


def state_of(take: TakeProgress, order: SpokenOrder, unsent_s: float, now: float) -> State:
    """Where the take stands; some time after its end it is idle."""
    if take.recording:
        return State.ARMING if take.sounding_at is None else State.LISTENING
    if take.cancelled:
        return State.CANCELLED if now < idle_at(take, order) else State.IDLE
    if order.flight is not None and any(piece.take == take.number for piece in order.flight.pieces):
        return State.INSERTING
    if not take.ended:
        return State.SENDING if unsent_s > 0 else State.WAITING
    if take.over_at is None:  # it waits for what was said before it
        return State.WAITING
    end = _end(take, order)
    return end if now < idle_at(take, order) else State.IDLE


def idle_at(take: TakeProgress, order: SpokenOrder) -> float:
    """When a take that is over needs no more attention."""
    if take.cancelled_at is not None:
        return take.cancelled_at + NOTICE_S
    over_at = take.over_at or 0.0
    return over_at + (DONE_S if _end(take, order) is State.DONE else NOTICE_S)


def _end(take: TakeProgress, order: SpokenOrder) -> State:
    if take.failures or take.broken:
        return State.FAILED
    return State.HELD if order.holds(take.number) else State.DONE


@dataclass(frozen=True)
class Scene:
    """Everything that ``view_of`` looks at. ``takes`` by number, in order."""

    takes: Mapping[int, TakeProgress]
    order: SpokenOrder
    held: HeldTexts
    notice: Notice | None
    quitting: bool


def view_of(scene: Scene, gauges: Gauges, now: float) -> View:
    """The newest take, and what stands beside it."""
    order, takes = scene.order, scene.takes
    unsent = sum(gauges.unsent_s.get(number, 0.0) for number, take in takes.items() if take.pending)
    beside = View(
        unsent_s=unsent,
        destination=gauges.destination,
        device=gauges.device,
        state=State.HELD if order.held else State.IDLE,
        held=0 if scene.held.newest is None else order.count(scene.held.newest),
        earlier=scene.held.earlier,
        note=_note(scene, gauges, now, unsent),
    )
    newest = takes[max(takes)] if takes else None
    if newest is None:
        return beside
    state = state_of(newest, order, gauges.unsent_s.get(newest.number, 0.0), now)
    waiting = sum(take.pending for take in takes.values() if take is not newest)
    if state is State.IDLE:
        return replace(beside, waiting=waiting)
    return replace(
        beside,
        state=state,
        seconds=newest.seconds(now),
        level_dbfs=gauges.level_dbfs if newest.recording else View().level_dbfs,
        spans=newest.text.spans,
        waiting=waiting,
        at=newest.at,
    )


def _note(scene: Scene, gauges: Gauges, now: float, unsent: float) -> Note | None:
    if scene.quitting:
        pending = sum(take.pending for take in scene.takes.values())
        return Note(NoteKey.QUITTING, {"seconds": f"{unsent:.0f}", "takes": str(pending)})
    if scene.order.offered(now):
        return Note(NoteKey.INSERT_READY)
    if scene.notice and scene.notice.until > now:
        return scene.notice.note
    return gauges.note
