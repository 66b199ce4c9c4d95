"""What became of texts is in the journals, in order, whether they are open or not."""

import asyncio
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest

from app.capture.events import Dismissed, Inserted, Inserting, decode_lines
from app.capture.journal import Journal
from app.capture.library import Library
from app.capture.take import TakeState
from app.ledger import Ledger
from app.spoken_order import Piece
from app.witness import Nobody
from protocol.recognition import Options
from protocol.session import Final

ONE, TWO = UUID(int=1), UUID(int=2)


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library(tmp_path)


class Told(Nobody):
    """What it was told."""

    def __init__(self) -> None:
        self.heard: list[tuple[object, ...]] = []

    def held(self, session: UUID, segment: int) -> None:
        self.heard.append(("held", session, segment))

    def inserted(self, session: UUID, segment: int) -> None:
        self.heard.append(("inserted", session, segment))

    def closed(self, session: UUID) -> None:
        self.heard.append(("closed", session))

    def discarded(self, session: UUID) -> None:
        self.heard.append(("discarded", session))


def begun(library: Library, session: UUID, segments: int = 2) -> Journal:
    journal = library.create(session, Options(), 0)
    journal.hear(np.zeros(segments, np.int16))
    for segment in range(segments):
        journal.begin(segment, segment)
        journal.end(segment, 1)
        journal.settle(segment, Final(segment, "text"))
    journal.finish()
    return journal


def told(library: Library, session: UUID) -> list[tuple[str, int]]:
    events = decode_lines((library.root / str(session) / "events.jsonl").read_bytes())
    return [
        (type(event).__name__.lower(), event.segment)
        for event in events
        if isinstance(event, Inserting | Inserted | Dismissed)
    ]


async def test_in_the_order_in_which_it_happened_and_only_once(library: Library) -> None:
    ledger = Ledger(library)
    await ledger.opened(1, begun(library, ONE))
    pieces = (Piece(1, 0), Piece(1, 1))
    await asyncio.gather(
        ledger.inserting(pieces), ledger.inserted(pieces[:1]), ledger.inserting(pieces), ledger.close(1)
    )
    assert told(library, ONE) == [("inserting", 0), ("inserting", 1), ("inserted", 0)]
    assert library.find(ONE).state is TakeState.HELD
    await ledger.close(1)


async def test_what_is_pasted_later_is_noted_in_a_journal_that_is_closed(library: Library) -> None:
    ledger = Ledger(library)
    for take, session in ((1, ONE), (2, TWO)):
        await ledger.opened(take, begun(library, session))
    pieces = (Piece(1, 0), Piece(1, 1), Piece(2, 0))
    await ledger.inserting(pieces)
    await ledger.close(1)
    await ledger.inserted(pieces)
    assert library.find(ONE).state is TakeState.DONE
    assert told(library, TWO) == [("inserting", 0), ("inserted", 0)]
    await ledger.close_all()
    assert library.find(TWO).state is TakeState.DONE


async def test_what_an_earlier_run_held_is_noted_too(library: Library) -> None:
    with begun(library, ONE) as journal:
        journal.want(inserted=True)
    assert library.find(ONE).state is TakeState.HELD
    ledger = Ledger(library)
    assert ledger.earlier(ONE) == 0
    await ledger.inserting((Piece(0, 0), Piece(0, 1)))
    await ledger.inserted((Piece(0, 0), Piece(0, 1)))
    assert library.find(ONE).state is TakeState.DONE


async def test_what_is_dismissed_is_for_the_history_alone(library: Library) -> None:
    with begun(library, ONE) as journal:
        journal.want(inserted=True)
    ledger = Ledger(library)
    assert ledger.earlier(ONE) == 0
    await ledger.dismissed((Piece(0, 0), Piece(0, 1)))
    assert library.find(ONE).state is TakeState.DONE
    assert [kind for kind, _ in told(library, ONE)] == ["dismissed", "dismissed"]


async def test_what_is_given_up_is_wanted_nowhere(library: Library) -> None:
    ledger = Ledger(library)
    for take, session in ((1, ONE), (2, TWO)):
        journal = begun(library, session)
        journal.want(inserted=True)
        await ledger.opened(take, journal)
    await ledger.close(2)
    await ledger.give_up(1)
    await ledger.give_up(2)
    await ledger.close_all()
    assert [found.state for found in library.all()] == [TakeState.CANCELLED] * 2


async def test_what_is_given_up_before_it_has_a_journal_is_wanted_nowhere(library: Library) -> None:
    """A key may be pressed and Esc after it while the disk still makes the journal."""
    ledger = Ledger(library)
    await ledger.give_up(1)
    for take, session in ((1, ONE), (2, TWO)):
        journal = begun(library, session)
        journal.want(inserted=True)
        await ledger.opened(take, journal)
    await ledger.close_all()
    assert [library.find(session).take.wanted for session in (ONE, TWO)] == [False, True]


async def test_a_journal_that_cannot_be_opened_stops_nobody(library: Library) -> None:
    ledger = Ledger(library)
    await ledger.opened(1, begun(library, ONE))
    await ledger.close(1)
    with library.reopen(ONE):  # somebody sends it again
        await ledger.inserted((Piece(1, 0), Piece(9, 0)))
    assert told(library, ONE) == []


async def test_a_take_that_never_was_leaves_nothing(library: Library) -> None:
    ledger = Ledger(library)
    await ledger.opened(1, begun(library, ONE))
    await ledger.discard(1)
    await ledger.discard(1)
    await ledger.discard(2)
    assert library.all() == []
    assert not list(library.root.iterdir())


async def test_a_witness_is_told_before_anything_is_on_disk(library: Library) -> None:
    witness = Told()
    ledger = Ledger(library, witness)
    await ledger.opened(1, begun(library, ONE))
    pieces = (Piece(1, 0), Piece(9, 0), Piece(1, 1))
    await ledger.inserting(pieces)
    assert witness.heard == []
    await ledger.held(pieces[:1])
    await ledger.inserted(pieces[1:])
    await ledger.close(1)
    await ledger.discard(1)
    await ledger.close(9)
    assert witness.heard == [("held", ONE, 0), ("inserted", ONE, 1), ("closed", ONE), ("discarded", ONE)]
    assert library.all() == []
