"""Handle texts: find their target, insert them, and record the outcome in the journals.

If a held text is requested while no window of another program has the focus, it is copied to the clipboard.
"""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from typing import Any, Final

from app.dictation.delivery_log import DeliveryLog
from app.dictation.insertion_queue import ReadyTexts
from app.dictation.messages import (
    CancelTake,
    Effect,
    Event,
    FindFocusedWindow,
    FindTarget,
    FocusedWindow,
    InsertionEnded,
    InsertText,
    RecordDismissed,
    RecordHeld,
    RecordInserted,
    TargetFound,
)
from app.dictation.text_joint import at_caret, full_stop_of
from app.insertion.clipboard import Copier
from app.insertion.outcome import (
    FindText,
    HoldReason,
    Inserter,
    Insertion,
    InsertionResult,
    ReadAround,
    Target,
    TextPlace,
    find_nothing,
    held_insertion,
    read_nothing,
)
from app.insertion.plan import Rules, refusal, rules_for
from protocol.texts import without_spaces
from runtime import loggers
from runtime.event_names import LogEvent
from runtime.tasks import Tasks, complete

log = loggers.APP_TEXT_WORK

_TARGET_S: Final = 2.0
_INSERT_S: Final = 30.0
_PER_CHARACTER_S: Final = 0.02
"""Time that a slow program takes for each typed character."""
_CATCH_UP_S: Final = 1.0
_FOCUS_CHECKS: Final = 10
_CHECK_AGAIN_S: Final = 0.05
_FINISH_S: Final = 5.0


@dataclass(frozen=True)
class InsertionMeans:
    """The means of inserting or copying texts.

    ``find_text`` returns the place of the focused text, ``read_around`` what surrounds its caret, if known.
    ``seen`` is called with each window that has the focus. ``rules`` returns the rules of insertion.
    """

    inserter: Inserter
    copier: Copier | None = None
    find_text: FindText = find_nothing
    read_around: ReadAround = read_nothing
    seen: Callable[[Target], None] = lambda target: None
    rules: Callable[[], Rules] = Rules


class TextInserter:
    """Runner of the state machine's effects that concern texts, in its owner's ``tasks``.

    ``handle`` receives events. ``on_recorded`` is called when a journal has changed.
    """

    def __init__(
        self,
        means: InsertionMeans,
        deliveries: DeliveryLog,
        handle: Callable[[Event], None],
        tasks: Tasks,
        on_recorded: Callable[[], None] = lambda: None,
    ) -> None:
        self._means = means
        self._deliveries = deliveries
        self._handle = handle
        self._tasks = tasks
        self._on_recorded = on_recorded
        self._inserting: asyncio.Task[None] | None = None
        self._recording: set[asyncio.Task[None]] = set()
        self._finishing = False
        self._left_out = ""  # the full stop of the text inserted last, if its program shall not get it
        self.places: dict[int, TextPlace] = {}  # of the newest take

    def perform(self, effect: Effect) -> bool:
        """Start an effect and return at once.

        Return whether the effect concerns texts.
        """
        match effect:
            case FindTarget(take, segment):
                self.find_target(take, segment)
            case FindFocusedWindow(take, leaves):
                self._tasks.start(self._find_focused(take, leaves=leaves), "aim here")
            case InsertText(ready):
                if not self._finishing:
                    self._inserting = self._tasks.start(self._insert(ready), "insert")
            case RecordInserted(pieces):
                self.record(self._deliveries.record_inserted(pieces))
            case RecordHeld(pieces, rest):
                self.record(self._deliveries.record_held(pieces, rest))
            case RecordDismissed(pieces):
                self.record(self._deliveries.record_dismissed(pieces))
            case CancelTake(take):
                self.record(self._deliveries.cancel(take))
            case _:
                return False
        return True

    def find_target(self, take: int, segment: int | None = None) -> None:
        """Report the window that has the focus now."""
        self._tasks.start(self._find_target(take, segment), "aim")

    def record(self, work: Coroutine[Any, Any, None]) -> None:
        """Start writing to a journal and return at once; the end of the tasks does not stop the write."""
        writing = asyncio.ensure_future(work)  # so that it begins although its task may be cancelled at once
        task = self._tasks.start(complete(writing), "record")
        self._recording.add(task)
        task.add_done_callback(self._finish_recording)

    def _finish_recording(self, task: asyncio.Task[None]) -> None:
        self._recording.discard(task)
        self._on_recorded()

    async def until_recorded(self) -> None:
        """Wait until the outcome of texts is on disk."""
        if self._recording:
            await asyncio.wait(self._recording, timeout=_FINISH_S)

    async def finish(self) -> None:
        """Begin no more insertion; wait a little for the one under way, and until its outcome is on disk."""
        self._finishing = True
        if self._inserting is not None:
            await asyncio.wait({self._inserting}, timeout=_FINISH_S)
        await self.until_recorded()

    async def _find_target(self, take: int, segment: int | None) -> None:
        target = await self._target()
        self._handle(TargetFound(take, target, segment))
        found = await self._means.find_text(target) if target is not None else None
        if take >= max(self.places, default=take):
            self.places = {take: found} if found is not None else {}

    async def _find_focused(self, take: int, *, leaves: bool) -> None:
        target = await self._target()
        for _ in range(_FOCUS_CHECKS):  # the menu or window of the request may still have the focus
            if target is not None and not (leaves and target.own):
                break
            await asyncio.sleep(_CHECK_AGAIN_S)
            target = await self._target()
        self._handle(FocusedWindow(take, target))

    async def _target(self) -> Target | None:
        try:
            async with asyncio.timeout(_TARGET_S):
                target = await self._means.inserter.target()
            if target is not None:
                self._means.seen(target)
            return target
        except TimeoutError:
            return None
        except Exception:  # the text will be held, and later texts continue
            log.exception(LogEvent.INSERTION_FOCUS_UNKNOWN)
            return None

    async def _insert(self, ready: ReadyTexts) -> None:
        """Insert texts and always report the outcome.

        An unknown outcome counts as held. If the disk cannot record the start of an automatic insertion, the text
        is held: otherwise it would be offered again after a crash, although it was inserted.
        """
        try:
            program = ready.target.program if ready.target else ""
            recorded = await self._deliveries.inserting(ready.pieces, program)
            wanted = recorded or ready.pasted
            insertion = await self._insert_in_time(ready) if wanted else held_insertion(HoldReason.UNRECORDED)
            if _is_missing(insertion):
                await self._deliveries.record_missing(ready.pieces)
        except Exception:  # top level of a task: this text is held, and later texts continue
            log.exception(LogEvent.INSERTION_FAILED)
            insertion = held_insertion(HoldReason.UNCERTAIN)
        self._handle(InsertionEnded(insertion))

    async def _insert_in_time(self, ready: ReadyTexts) -> Insertion:
        """Copy or insert texts. After the deadline, the outcome is uncertain."""
        working = asyncio.ensure_future(self._copy_or_insert(ready))
        try:
            # The second wait is for a process that was suspended: an answer may have arrived, but is not read yet.
            for patience_s in (_INSERT_S + _PER_CHARACTER_S * len(ready.text), _CATCH_UP_S):
                if (await asyncio.wait({working}, timeout=patience_s))[0]:
                    return working.result()
        except asyncio.CancelledError:
            if working.done() and not working.cancelled():  # it ended just now: report its outcome
                return working.result()
            raise
        finally:
            if not working.done():
                working.cancel()
                await asyncio.wait({working}, timeout=_CATCH_UP_S)
        return held_insertion(HoldReason.UNCERTAIN)

    async def _copy_or_insert(self, ready: ReadyTexts) -> Insertion:
        text = await self._deliveries.edited_text(ready.pieces, ready.texts) if ready.pasted else None
        if text is None:
            return await self._insert_or_copy(ready)
        if not text.strip():  # the user has deleted it
            return Insertion(InsertionResult.PASTED)
        before = ready.text[: len(ready.text) - len(ready.text.lstrip())]
        ready = replace(ready, text=before + text.strip())
        insertion = await self._insert_or_copy(ready)
        partly = 0 < len(insertion.rest.strip()) < len(text.strip())
        return replace(insertion, edited=ready.text) if partly else replace(insertion, rest="")

    async def _insert_or_copy(self, ready: ReadyTexts) -> Insertion:
        """Insert texts; copy them if the user asks for them now and no window can receive them."""
        target = ready.target
        nowhere = ready.pasted and (target is None or target.own)
        if nowhere and await self._copy_texts(ready):
            return Insertion(InsertionResult.COPIED)
        if nowhere and target is not None:
            return held_insertion(HoldReason.NO_TARGET)
        insertion = await self._insert_here(ready)
        impossible = ready.pasted and insertion.reason == HoldReason.TARGET_UNKNOWN  # no key was pressed
        return Insertion(InsertionResult.COPIED) if impossible and await self._copy_texts(ready) else insertion

    async def _insert_here(self, ready: ReadyTexts) -> Insertion:
        """Insert texts as they fit at the caret, unless the focused element takes none."""
        target, text = ready.target, ready.text
        found = await self._means.read_around(target) if target is not None else None
        if reason := refusal(found, requested=ready.pasted):
            return held_insertion(reason)
        before, after = (found.before, found.after) if found is not None else (None, "")
        text = at_caret(text, before, ready.continues, after, self._left_out)
        drops = target is not None and not rules_for(target, self._means.rules()).full_stop
        left_out = full_stop_of(text) if drops else ""
        insertion = await self._means.inserter.insert(text.removesuffix(left_out), target)
        if insertion.rest:
            insertion = replace(insertion, rest=insertion.rest + left_out)
        if insertion.rest or insertion.how is not InsertionResult.HELD:
            self._left_out = "" if insertion.rest else left_out
        if text.endswith(" ") and not ready.text.endswith(" "):
            insertion = _without_added_space(insertion)
        if target is not None and target.own and insertion.reason == HoldReason.NOT_READ:
            return held_insertion(HoldReason.NO_FIELD)  # each of our own fields reads at once
        return insertion

    async def _copy_texts(self, ready: ReadyTexts) -> bool:
        """Copy texts, and return whether this desktop let the app copy them."""
        copier = self._means.copier
        return copier is not None and await copier.copy(without_spaces(ready.text))


def _without_added_space(insertion: Insertion) -> Insertion:
    """Return the outcome for the recognised text, which lacks the space that was added at its end."""
    rest = insertion.rest.removesuffix(" ")
    if insertion.rest and not rest:  # only the space is missing
        return Insertion(InsertionResult.TYPED, clicks=insertion.clicks)
    return replace(insertion, rest=rest)


def _is_missing(insertion: Insertion) -> bool:
    """Return whether nothing of the texts arrived, nor will."""
    held = insertion.how is InsertionResult.HELD and not insertion.rest
    return held and insertion.reason != HoldReason.UNCERTAIN
