"""Decide which text goes to the cursor next: in spoken order, one insertion at a time, each text once. Pure.

Takes are numbered in the order in which they begin, the segments of a take from 0. A text waits until everything
spoken before it has ended. Failed segments are skipped, cancelled takes are dropped. After 10 s of waiting for a
predecessor ``is_offer_due`` is true. Then ``accept`` releases the available texts, and late predecessors are held.

A held text was recognised but not inserted. After a held insertion, the following texts of that take are held too,
so that no text is missing in the middle, until the held texts are pasted. Hands-free, each segment has its own
target, so a held segment does not hold the next. Held texts are pasted take by take, each take as one insertion.

A take for a spreadsheet is inserted as a whole once it has ended, because each paste replaces the contents of the
cell. Hands-free it is not: the user may move to another cell after each text.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from app.dictation.take_texts import NOTHING_BEFORE, Last, TakeTexts, untimed
from app.insertion.outcome import Insertion, InsertionResult, Target
from app.insertion.plan import has_cells, length_before_cleaning
from protocol.texts import TimedText, joined_parts, without_spaces

OFFER_S: Final = 10.0
MOST_HELD: Final = 200_000
"""Limit on characters of held text in memory. The oldest are dropped first; the history keeps them."""
_MOST_AT_ONCE: Final = 100
_TAIL: Final = 200


@dataclass(frozen=True, order=True)
class SegmentId:
    """The identity of one segment of a take."""

    take: int
    segment: int


@dataclass(frozen=True)
class ReadyTexts:
    """Texts to insert now, as one insertion.

    ``text`` includes any leading space, and ``texts`` are its parts. ``pasted``: the texts were held, and the user
    pastes them now. ``continues``: the end of the text inserted last, if this one continues it.
    """

    pieces: tuple[SegmentId, ...]
    texts: tuple[str, ...]
    text: str
    target: Target | None
    pasted: bool = False
    continues: str = field(default="", compare=False)


@dataclass(frozen=True)
class _Paste:
    """A request to insert the held texts of a take.

    ``joins``: they continue the text inserted last. ``followed``: later text for the same window continues after
    them.
    """

    take: int
    target: Target | None
    joins: bool = False
    followed: bool = False


class InsertionQueue:
    """Queue that releases texts in spoken order.

    ``held``: texts to paste. ``dropped``: takes of which held texts were dropped, to save memory. ``inserting``:
    the insertion in progress. ``partly``: the text of which the last insertion left only a rest, and that rest.
    """

    def __init__(self) -> None:
        self.held: dict[SegmentId, str] = {}
        self.partly: dict[SegmentId, str] = {}
        self.dropped = set[int]()
        self.inserting: ReadyTexts | None = None
        self._last = NOTHING_BEFORE
        self._times: dict[SegmentId, tuple[int, int]] = {}
        self._takes: dict[int, TakeTexts] = {}
        self._paste: _Paste | None = None
        self._settled: set[SegmentId] = set()  # pieces of earlier runs that are never held again
        self._newly_held: list[SegmentId] = []

    # -- results -------------------------------------------------------------------------------------------

    def begin(self, take: int, *, each: bool = False, joins: bool = False) -> None:
        """Begin the newest take, with a target per segment if ``each``, extending the last text if ``joins``."""
        self._takes[take] = begun = TakeTexts(take, each, max(self._takes, default=None))
        if begun.follows is not None:
            begun.last = untimed(self._takes[begun.follows].last)
        elif joins:
            begun.last = untimed(self._last)

    def set_target(self, take: int, target: Target | None, segment: int | None = None) -> None:
        """Set the target of a take's texts, or of one segment.

        Texts are not released before their target is known.
        """
        if known := self._takes.get(take):
            known.targets.setdefault(segment, target)

    def result(self, piece: SegmentId, text: str, now: float, times_ms: tuple[int, int] | None = None) -> None:
        """Record a segment's first result: its text, empty if it failed. ``times_ms``: its start and end."""
        take, number = self._takes.get(piece.take), piece.segment
        if take is None or take.ended or number in take.known:
            return
        take.known.add(number)
        if times_ms is not None:
            self._times[piece] = times_ms
        text = without_spaces(text)
        passed = take.skips_missing or number < take.first
        take.late.discard(number)
        if not passed:
            take.texts[number] = text
            if text:
                take.arrived_at[number] = now
        elif text:
            self._hold(piece, text)

    def withhold(self, piece: SegmentId, text: str) -> None:
        """Record a segment's first result, but hold its text. The texts after it do not wait for it."""
        take = self._takes.get(piece.take)
        if take is not None and not take.ended and piece.segment not in take.known:
            self.result(piece, "", 0.0)
            self._hold(piece, without_spaces(text))

    def ended(self, take: int) -> None:
        """Record that a take has no more results, so that segments without one count as failed."""
        if known := self._takes.get(take):
            known.ended = True

    def drop(self, take: int) -> None:
        """Drop all remaining texts of a take, except an insertion in progress."""
        self.held = {piece: text for piece, text in self.held.items() if piece.take != take}
        self.forget(take)

    def forget(self, take: int) -> None:
        """Forget a take that is over, but keep its held texts."""
        self._takes.pop(take, None)
        self._times = {piece: ms for piece, ms in self._times.items() if piece.take != take or piece in self.held}

    def over(self, take: int) -> bool:
        """Return whether no more of a take will be inserted or become held."""
        known, ready = self._takes.get(take), self.inserting
        if ready is not None and any(piece.take == take for piece in ready.pieces):
            return False
        return known is None or (known.ended and not known.texts)

    # -- insertions ----------------------------------------------------------------------------------------

    def next(self) -> ReadyTexts | None:
        """Return the next texts to insert, or ``None``; the caller must report the outcome to ``inserted``."""
        if self.inserting is not None:
            return None
        self.inserting = self._pasting() or self._following()
        return self.inserting

    def inserted(self, insertion: Insertion) -> tuple[SegmentId, ...]:
        """Record the outcome, hold texts that did not arrive, and return the pieces that did."""
        ready, self.inserting = self.inserting, None
        self.partly = {}
        if ready is None:
            return ()
        if edited := insertion.edited:  # one edit replaces all of the texts: count its rest as that of the last
            ready = replace(ready, text=edited, texts=(*("" for _ in ready.texts[1:]), edited))
        whole = len(ready.text)
        missing = 0
        if insertion.how is InsertionResult.HELD:
            missing = length_before_cleaning(insertion.rest, ready.text) or whole
        arrived = [piece for piece, rest in _missing(ready, missing) if not self._hold_rest(piece, rest, ready)]
        if ready.pasted:
            self._settle(arrived)
        if missing < whole and insertion.how is not InsertionResult.COPIED:
            at = self._times.get(arrived[-1]) if arrived and not missing else None
            written = without_spaces(ready.continues + ready.text[: whole - missing])[-_TAIL:]
            text = TimedText(written, end_ms=at[1] if at else None)
            target = ready.target and replace(ready.target, clicked=insertion.clicks)
            self._last = (text, target)
            for take in self._followers(ready):
                same = take.number == ready.pieces[0].take
                self._continue_after(take, self._last if same else untimed(self._last))
        if own := self._takes.get(ready.pieces[0].take):
            own.holding = self.holds(own.number) and not own.each and (own.holding or missing > 0)
        if ready.pasted:
            self._paste = None
        return tuple(arrived)

    def _followers(self, ready: ReadyTexts) -> list[TakeTexts]:
        """Return the takes whose next text directly follows this insertion."""
        own, followed = ready.pieces[0].take, ready.pasted and self._paste is not None and self._paste.followed

        def follows(take: TakeTexts) -> bool:
            return take.number == own or (followed and ready.target in take.targets.values())

        return [take for take in self._takes.values() if follows(take)]

    def _continue_after(self, take: TakeTexts, last: Last) -> None:
        """Make the next text of this take, and of takes that follow it, continue after ``last``."""
        take.last = last
        for later in self._takes.values():
            if later.follows == take.number:
                self._continue_after(later, untimed(last))

    def hold_again(self, texts: Mapping[SegmentId, str]) -> None:
        """Hold texts of an earlier run, whose takes count from 0 downwards, except those settled since."""
        self.held = {**{piece: text for piece, text in texts.items() if piece not in self._settled}, **self.held}
        self._limit_held()

    def holds(self, take: int) -> bool:
        """Return whether texts of the take are held."""
        return any(piece.take == take for piece in self.held)

    def count(self, take: int) -> int:
        """Return how many texts of the take are held."""
        return sum(piece.take == take for piece in self.held)

    @property
    def holding(self) -> list[int]:
        """The takes with held texts, newest first."""
        return sorted({piece.take for piece in self.held}, reverse=True)

    @property
    def pasting(self) -> bool:
        """True while held texts are being pasted or wait for another insertion to end."""
        return self._paste is not None

    def paste(self, take: int, target: Target | None, *, joins: bool = False, followed: bool = False) -> bool:
        """Insert the held texts of a take unless another paste is in progress.

        Returns whether the paste was started. ``joins``: the texts continue the text inserted last, if it went
        to the same window. ``followed``: later text for that window continues after them.
        """
        begun = self.holds(take) and not self.pasting
        if begun:
            self._paste = _Paste(take, target, joins, followed)
        return begun

    def dismiss(self, take: int) -> tuple[SegmentId, ...]:
        """Dismiss and return a take's held texts, except any being pasted, so that later texts are inserted."""
        pasting = set(self.inserting.pieces) if self.inserting is not None and self.inserting.pasted else set()
        dismissed = tuple(piece for piece in self.held if piece.take == take and piece not in pasting)
        self._settle(dismissed)
        if known := self._takes.get(take):
            known.holding = known.holding and self.holds(take)
        return dismissed

    def _settle(self, pieces: Iterable[SegmentId]) -> None:
        """Stop holding these pieces for good, even if they are read from disk again."""
        gone = set(pieces)
        self.held = {piece: text for piece, text in self.held.items() if piece not in gone}
        self._settled |= {piece for piece in gone if piece.take <= 0}

    def newly_held(self) -> tuple[SegmentId, ...]:
        """Return the pieces that became held since the last call."""
        newly, self._newly_held = tuple(self._newly_held), []
        return newly

    # -- offers --------------------------------------------------------------------------------------------

    @property
    def offer_at(self) -> float | None:
        """The time since which a text waits for its predecessors, or ``None``."""
        return min(
            (self._takes[piece.take].arrived_at[piece.segment] for piece in self._blocked_segments()), default=None
        )

    def is_offer_due(self, now: float) -> bool:
        """Return whether a text has waited so long for its predecessors that it may be inserted first."""
        oldest = self.offer_at
        return oldest is not None and now - oldest >= OFFER_S

    def accept(self) -> None:
        """Stop waiting for the predecessors of the texts that have arrived."""
        last = max(self._blocked_segments(), default=None)
        if last is None:
            return
        for take in self._takes.values():
            if take.number < last.take:
                take.skips_missing = True
            elif take.number == last.take:
                take.late |= set(range(take.first, last.segment)) - take.known

    def _blocked_segments(self) -> Iterator[SegmentId]:
        waits = False
        for take in self._takes.values():
            if waits:
                yield from (SegmentId(take.number, segment) for segment in take.arrived_at)
            else:
                yield from (SegmentId(take.number, segment) for segment in take.blocked_segments())
                waits = not (take.ended or take.skips_missing)

    # -- releasing texts -----------------------------------------------------------------------------------

    def _following(self) -> ReadyTexts | None:
        for take in self._takes.values():
            while take.reach_text():
                if not take.holding:
                    whole = _has_cells(take.target) and not (take.each or take.ended or take.skips_missing)
                    return self._together(take) if take.target_known and not whole else None
                self._hold(SegmentId(take.number, take.first), take.release())
            if not (take.ended or take.skips_missing):
                return None
        return None

    def _together(self, take: TakeTexts) -> ReadyTexts:
        target, texts = take.target, dict[SegmentId, str]()
        most = MOST_HELD if _has_cells(target) else _MOST_AT_ONCE
        while len(texts) < most and take.reach_text() and take.target_known and take.target == target:
            piece = SegmentId(take.number, take.first)
            texts[piece] = take.release()
        return self._combined_texts(texts, take.last, target)

    def _pasting(self) -> ReadyTexts | None:
        asked = self._paste
        texts = {piece: self.held[piece] for piece in sorted(self.held) if asked and piece.take == asked.take}
        if asked is None or not texts:
            self._paste = None
            return None
        if asked.joins and self._last[1] == asked.target:
            return self._combined_texts(texts, untimed(self._last), asked.target, pasted=True)
        known = self._takes.get(asked.take)
        return self._combined_texts(texts, known.last if known else NOTHING_BEFORE, asked.target, pasted=True)

    def _combined_texts(
        self, texts: dict[SegmentId, str], last: Last, target: Target | None, *, pasted: bool = False
    ) -> ReadyTexts:
        """Return these texts as one insertion.

        It continues ``last`` if that went to the same window, which is no spreadsheet, and no click followed. For
        ``pasted`` texts, clicks do not matter.
        """
        pieces = [TimedText(text, *self._times.get(piece, (None, None))) for piece, text in texts.items()]
        before, where = last
        same = where == target and not _has_cells(target) and (pasted or not _clicked_since(where, target))
        continues = before.text if same else ""
        if continues:  # joined like the history, which reads the texts of several insertions in a row
            pieces[:1] = before, pieces[0]._replace(after_written=True)
        parts = joined_parts(pieces)[-len(texts) :]
        return ReadyTexts(tuple(texts), tuple(parts), "".join(parts), target, pasted, continues)

    def _hold_rest(self, piece: SegmentId, rest: str, ready: ReadyTexts) -> bool:
        """Hold the missing ``rest`` of a piece unless its take was dropped, and return whether any was missing."""
        if not rest:
            return False
        if rest != without_spaces(ready.texts[ready.pieces.index(piece)]):
            self.partly[piece] = rest
        if ready.pasted and piece in self.held:
            self.held[piece] = rest
        elif not ready.pasted and piece.take in self._takes:
            self._hold(piece, rest)
        return True

    def _hold(self, piece: SegmentId, text: str) -> None:
        self.held[piece] = text
        self._newly_held.append(piece)
        self._limit_held()

    def _limit_held(self) -> None:
        characters = sum(len(text) for text in self.held.values())
        while characters > MOST_HELD and len(self.held) > 1:
            oldest = min(self.held)
            characters -= len(self.held.pop(oldest))
            self.dropped.add(oldest.take)


def _has_cells(target: Target | None) -> bool:
    return target is not None and has_cells(target.program)


def _clicked_since(last: Target | None, target: Target | None) -> bool:
    """Return whether the user has clicked into the window since the last text came there."""
    return last is not None and target is not None and target.clicked > last.clicked


def _missing(ready: ReadyTexts, missing: int) -> Iterator[tuple[SegmentId, str]]:
    """Yield each piece with the part of it that lies in the last ``missing`` characters."""
    after = len(ready.text)
    for piece, text in zip(ready.pieces, ready.texts, strict=True):
        after -= len(text)
        yield piece, without_spaces(text[max(0, len(text) - max(0, missing - after)) :])
