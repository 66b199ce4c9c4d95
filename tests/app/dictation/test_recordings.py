"""Tests of the list of recordings: the state on disk, combined with the held texts of this run."""

import time
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest

from app.core.errors import UsageMistake
from app.dictation.actions import HeldAction, Verb
from app.dictation.delivery_log import DeliveryLog
from app.dictation.messages import Effect, Event, FindFocusedWindow, HeldBefore, RecordDismissed
from app.dictation.recordings import PastTakes, Recordings
from app.dictation.state_machine import Dictation
from app.journal.errors import TakeUnknown
from app.journal.library import Library
from app.journal.take import TakeState
from app.transcription.listening import DictationSetup
from client.connection import Address
from tests.helpers.takes import recognised_take

ONE, TWO, THREE = (UUID(int=number) for number in (1, 2, 3))


class Run:
    """A new run of the app, with its state machine and deliveries."""

    def __init__(self, root: Path) -> None:
        self.machine, self.deliveries = Dictation(), DeliveryLog(Library(root))
        self.effects: list[Effect] = []
        self.events: list[Event] = []
        self.noted = 0
        earlier = PastTakes(Library(root), DictationSetup(lambda: Address("ws://nowhere"), root))
        self.recordings = Recordings(earlier, self.machine, self.deliveries, self._tell, self._noted)

    def _tell(self, event: Event) -> None:
        self.events.append(event)
        self.effects += self.machine.handle(event, 0.0)

    async def _noted(self) -> None:
        self.noted += 1


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Set up a folder with two recordings with held text and one without, of an earlier run."""
    now = time.time()
    for session, age_s in ((ONE, 20.0), (TWO, 10.0), (THREE, 0.0)):
        with recognised_take(tmp_path, session, now - age_s, "kia", "ora") as journal:
            journal.finish()
            if session == THREE:
                journal.cancel()
    return tmp_path


@pytest.fixture
def run(root: Path) -> Iterator[Run]:
    yield Run(root)


async def test_held_texts_of_earlier_run_are_offered_newest_first(run: Run) -> None:
    await run.recordings.hold_again()
    assert run.machine.holding == [0, -1]
    assert (run.deliveries.session(0), run.deliveries.session(-1)) == (TWO, ONE)
    views = await run.recordings.views(20)
    assert [(view.session, view.state, view.held) for view in views] == [
        (str(THREE), TakeState.CANCELLED, 0),
        (str(TWO), TakeState.HELD, 2),
        (str(ONE), TakeState.HELD, 2),
    ]


async def test_text_whose_insertion_did_not_end_is_doubted(run: Run, root: Path) -> None:
    with Library(root).reopen(TWO) as journal:
        journal.inserting(0, "gedit")
        journal.inserting(1, "kate")
        journal.record_missing(1)
    with Library(root).reopen(ONE) as journal:
        journal.record_missing(0)
        journal.inserting(0)
        journal.inserting(1, "gedit")
        journal.record_inserted(1)
    views = {view.session: view.doubted for view in await run.recordings.views(20)}
    assert views == {str(THREE): (), str(TWO): ("gedit",), str(ONE): ("",)}


async def test_recording_with_held_text_is_always_listed(run: Run) -> None:
    await run.recordings.hold_again()
    assert [view.session for view in await run.recordings.views(1)] == [str(one) for one in (THREE, TWO, ONE)]


async def test_settled_recording_has_no_held_text(run: Run) -> None:
    await run.recordings.hold_again()
    await run.recordings.settle(str(ONE), HeldAction.PASTE)
    assert run.effects == [FindFocusedWindow(-1, leaves=True)]
    await run.recordings.settle(str(TWO), HeldAction.DISMISS)
    assert isinstance(run.effects[-1], RecordDismissed) and run.machine.holding == [-1]
    views = {view.session: view.held for view in await run.recordings.views(20)}
    assert views[str(TWO)] == 0, "although its journal does not say so yet"
    with pytest.raises(UsageMistake, match=f"{TWO} has no text to paste"):
        await run.recordings.settle(str(TWO), HeldAction.PASTE)
    assert run.noted == 1 and run.machine.holding == [-1], "it was read from disk again, and not held again"


async def test_text_of_deleted_recording_is_offered_no_more(run: Run) -> None:
    await run.recordings.hold_again()
    run.recordings.forget({TWO, THREE})
    assert run.machine.holding == [-1]


async def test_recording_that_was_not_offered_is_read_from_disk(run: Run) -> None:
    await run.recordings.settle(str(ONE), HeldAction.PASTE)
    assert (run.noted, run.effects) == (1, [FindFocusedWindow(0, leaves=True)])
    await run.recordings.hold_again()
    assert run.machine.holding == [0, -1] and run.deliveries.session(-1) == TWO


async def test_recording_of_this_run_is_not_read_from_disk(run: Run, root: Path) -> None:
    """The journal of a current recording may lack the latest insertions."""
    await run.deliveries.add(1, recognised_take(root, UUID(int=4), time.time(), "kia"))
    await run.deliveries.close_all()
    with pytest.raises(UsageMistake):
        await run.recordings.settle(str(UUID(int=4)), HeldAction.PASTE)
    await run.recordings.hold_again()
    (before,) = [event for event in run.events if isinstance(event, HeldBefore)]
    assert {piece.take for piece in before.texts} == {0, -1} and run.noted == 0


async def test_recording_that_is_settled_before_its_journal_is_known_has_one_number(run: Run, root: Path) -> None:
    """With two numbers its texts would be held twice, and pasted twice."""
    session = UUID(int=4)
    journal = recognised_take(root, session, time.time(), "kia")
    with pytest.raises(UsageMistake, match="has no text to paste"):
        await run.recordings.settle(str(session), HeldAction.PASTE)
    await run.deliveries.add(1, journal)
    assert run.deliveries.number(session) == 1
    await run.deliveries.close_all()


@pytest.mark.parametrize("session", [str(UUID(int=9)), "../etc", ""])
async def test_settle_raises_for_unknown_recording(run: Run, session: str) -> None:
    with pytest.raises(TakeUnknown):
        await run.recordings.settle(session, HeldAction.COPY)


async def test_row_shows_recording_of_this_run_as_it_changes(run: Run, root: Path) -> None:
    run.machine.handle(Verb.START, 0.0)
    session = UUID(int=4)
    await run.deliveries.add(1, recognised_take(root, session, time.time(), "kia"))
    (view,) = [view for view in await run.recordings.views(20) if view.session == str(session)]
    assert (view.state, view.held) == (TakeState.LIVE, 0), "its text is not held while it can be inserted"
    await run.deliveries.close_all()
    (view,) = [view for view in await run.recordings.views(20) if view.session == str(session)]
    assert view.state is not TakeState.LIVE, "although its files are the same"
