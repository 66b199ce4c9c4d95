"""Tests of held texts that outlive the app until the user pastes or dismisses them."""

import asyncio
import time
from functools import partial
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest

from app.core.errors import Note, UsageMistake
from app.core.states import State
from app.dictation import runner
from app.dictation.actions import CopyText, HeldAction, RecoverTake, SettleHeld, Verb
from app.dictation.dictation_options import DictationOptions
from app.dictation.gestures import TalkMode
from app.insertion.outcome import Insertion, InsertionResult
from app.journal.take import TakeState
from app.transcription.pipeline import Samples
from client.connection import Address, Locate, fixed_locator
from protocol.audio import SAMPLE_RATE
from protocol.errors import ErrorCode
from protocol.session import Failed
from tests.app.dictation.world import WINDOW, World, dictating
from tests.helpers.scripted_gateway import oblige, scripted
from tests.helpers.takes import recognised_take
from tests.helpers.waiting import wait_until

TOGGLE = DictationOptions(TalkMode.TOGGLE)


async def test_held_text_of_earlier_run_is_pasted_once_from_list(
    tmp_path: Path, models: Path, talk: Samples, locate: Locate
) -> None:
    async with dictating(tmp_path, models, locate, talk, TOGGLE) as world:
        world.inserter.outcomes = [Insertion(InsertionResult.HELD, "not-read")]
        await world.dictate()
        await world.over()
        assert not world.dictating.holds_nothing
        session = str(world.found[0].session)
        texts = [segment.text for segment in world.found[0].transcript.segments]
    assert world.found[0].state is TakeState.HELD
    async with dictating(tmp_path, models, locate, talk, TOGGLE) as again:
        await wait_until(lambda: again.dictating.view.earlier == 1, "it is offered again")
        assert again.dictating.view.state is State.HELD and again.dictating.holds_nothing
        (listed,) = await again.dictating.recordings.views()
        assert (listed.state, listed.held) == (TakeState.HELD, len(texts))
        again.dictating.ask(Verb.PASTE_HELD)
        assert again.inserter.asked == 0, "the key pastes nothing of an earlier run"
        before = again.changes
        again.inserter.gate = asyncio.Event()
        for _ in range(3):
            again.dictating.ask(SettleHeld(session, HeldAction.PASTE))
        await wait_until(lambda: again.inserter.asked, "it is on its way")
        again.dictating.ask(SettleHeld(session, HeldAction.PASTE))
        again.inserter.gate.set()
        await wait_until(lambda: again.found[0].state is TakeState.DONE, "it is there, and noted")
        await wait_until(lambda: again.changes > before, "observers of the history are notified")
        with pytest.raises(UsageMistake, match="no text to paste"):
            await again.dictating.recordings.settle(session, HeldAction.PASTE)
        (listed,) = await again.dictating.recordings.views()
        assert (listed.state, listed.held) == (TakeState.DONE, 0)
        assert again.dictating.view.earlier == 0
    assert again.inserter.texts == [(" ".join(texts), WINDOW)]


async def test_only_the_rest_of_a_partly_typed_text_is_pasted_after_restart(
    tmp_path: Path, models: Path, talk: Samples, locate: Locate
) -> None:
    async with dictating(tmp_path, models, locate, talk, TOGGLE) as world:
        world.inserter.outcomes = [Insertion(InsertionResult.HELD, "partly-typed", "four")]
        await world.dictate()
        await world.over()
        session, text = str(world.found[0].session), world.found[0].text
    async with dictating(tmp_path, models, locate, talk, TOGGLE) as again:
        await wait_until(lambda: again.dictating.view.earlier == 1, "it is offered again")
        again.inserter.outcomes = [Insertion(InsertionResult.HELD, "partly-typed", "ee")]
        again.dictating.ask(SettleHeld(session, HeldAction.PASTE))
        await wait_until(lambda: list(again.found[0].take.held.values()) == [text[-2:]], "it is noted")
    async with dictating(tmp_path, models, locate, talk, TOGGLE) as last:
        await wait_until(lambda: last.dictating.view.earlier == 1, "the rest is offered")
        last.dictating.ask(SettleHeld(session, HeldAction.PASTE))
        await wait_until(lambda: last.found[0].state is TakeState.DONE, "it is there, and noted")
    assert last.inserter.texts == [(text[-2:], WINDOW)] and last.found[0].text == text


async def test_held_text_too_old_for_the_key_is_pasted_once_from_list(
    tmp_path: Path, models: Path, talk: Samples, locate: Locate
) -> None:
    with recognised_take(tmp_path / "takes", UUID(int=5), 1_000_000.0, "riverbank.") as journal:
        journal.finish()
    async with dictating(tmp_path, models, locate, talk, TOGGLE) as world:
        assert world.dictating.view.earlier == 0
        world.dictating.ask(SettleHeld(str(UUID(int=5)), HeldAction.PASTE))
        world.dictating.ask(SettleHeld(str(UUID(int=5)), HeldAction.PASTE))
        await wait_until(lambda: world.found[0].state is TakeState.DONE, "it is pasted")
        world.dictating.ask(SettleHeld(str(UUID(int=5)), HeldAction.PASTE))
        with pytest.raises(UsageMistake):
            await world.dictating.recordings.settle(str(UUID(int=5)), HeldAction.DISMISS)
    assert world.inserter.texts == [("riverbank.", WINDOW)]


async def test_text_is_offered_again_but_not_inserted_when_app_died_during_paste(
    tmp_path: Path, models: Path, talk: Samples, locate: Locate
) -> None:
    with recognised_take(tmp_path / "takes", UUID(int=5), time.time(), "riverbank.") as journal:
        journal.finish()
        journal.inserting(0)  # as if the app was killed before it knew the outcome
    async with dictating(tmp_path, models, locate, talk, TOGGLE) as world:
        await wait_until(lambda: world.dictating.view.earlier == 1, "it is offered")
        world.dictating.ask(Verb.PASTE_HELD)
        await world.dictate()
        await world.over(2)
        assert world.dictating.view.earlier == 1
        assert "riverbank." not in world.inserter.text()
        world.dictating.ask(SettleHeld(str(UUID(int=5)), HeldAction.DISMISS))
        await wait_until(lambda: world.library.find(UUID(int=5)).state is TakeState.DONE, "it is dismissed")


async def test_paste_of_a_take_in_use_is_recorded_before_the_app_can_crash(
    tmp_path: Path, models: Path, talk: Samples, locate: Locate
) -> None:
    """The note must not wait for the close of another take: a crash would lose it, and offer the text again."""
    session = UUID(int=5)
    with recognised_take(tmp_path / "takes", session, time.time(), "riverbank.") as journal:
        journal.finish()
    async with dictating(tmp_path, models, locate, talk, TOGGLE) as world:
        await wait_until(lambda: world.dictating.view.earlier == 1, "it is offered")
        before = world.changes
        with world.library.reopen(session):
            world.dictating.ask(SettleHeld(str(session), HeldAction.PASTE))
            await wait_until(lambda: world.changes > before + 1, "it is pasted, and both notes were refused")
        await wait_until(lambda: world.found[0].state is TakeState.DONE, "it is noted while the app runs")


async def test_paste_during_a_recovery_is_recorded_at_once(tmp_path: Path, models: Path, talk: Samples) -> None:
    """A recovery may last an hour, and a crash before its end must not offer the text again."""
    session = UUID(int=5)
    with recognised_take(tmp_path / "takes", session, time.time(), "riverbank.") as journal:
        journal.append(np.zeros(SAMPLE_RATE, np.int16))
        journal.begin(1, SAMPLE_RATE)
        journal.end(1, SAMPLE_RATE)
        journal.settle(1, Failed(1, ErrorCode.ENGINE_DIED, "it died"))
        journal.finish()
    async with scripted(partial(oblige, texts=0)) as gateway:
        locate = fixed_locator(Address(gateway.url))
        async with dictating(tmp_path, models, locate, talk, TOGGLE) as world:
            await wait_until(lambda: world.dictating.view.earlier == 1, "it is offered")
            world.dictating.ask(RecoverTake(str(session)))
            await wait_until(lambda: gateway.memory.audio, "it is being recovered")
            world.dictating.ask(SettleHeld(str(session), HeldAction.PASTE))
            await wait_until(lambda: world.found[0].take.inserted, "it is noted")
            assert world.found[0].state is TakeState.LIVE, "the recovery goes on"


async def test_listed_take_shows_its_current_state(
    tmp_path: Path, models: Path, talk: Samples, locate: Locate
) -> None:
    async with dictating(tmp_path, models, locate, talk, TOGGLE) as world:

        async def state() -> TakeState | None:
            listed = await world.dictating.recordings.views()
            return listed[0].state if listed else None

        async def is_listed(wanted: TakeState) -> None:
            async def it_is() -> bool:
                return await state() is wanted

            await wait_until(it_is, f"the row says {wanted}")

        world.inserter.gate = asyncio.Event()
        world.dictating.ask(Verb.START)
        await is_listed(TakeState.LIVE)
        await world.all_heard()
        world.dictating.ask(Verb.STOP)
        await is_listed(TakeState.LIVE)
        world.inserter.outcomes = [Insertion(InsertionResult.HELD, "not-read")]
        world.inserter.gate.set()
        await is_listed(TakeState.HELD)
        world.dictating.ask(Verb.START)
        await world.is_in(State.LISTENING)
        await world.all_heard()  # a recording without speech that is cancelled at once is discarded
        assert await state() is TakeState.LIVE
        world.dictating.ask(Verb.CANCEL)
        await is_listed(TakeState.CANCELLED)
        await world.over(2)
        assert await state() is TakeState.CANCELLED
        assert [found.state for found in world.found] == [TakeState.CANCELLED, TakeState.HELD]


async def test_dismissed_text_is_not_held_after_restart(
    tmp_path: Path, models: Path, talk: Samples, locate: Locate
) -> None:
    async with dictating(tmp_path, models, locate, talk, TOGGLE) as world:
        world.inserter.outcomes = [Insertion(InsertionResult.HELD, "not-read")]
        await world.dictate()
        await world.over()
        world.dictating.ask(Verb.DISMISS_HELD)
        await wait_until(lambda: world.found[0].state is TakeState.DONE, "it is noted")
        assert world.dictating.view.held == 0 and world.found[0].text
    assert world.inserter.texts == []


@pytest.mark.parametrize(("works", "note"), [(True, "copied"), (False, "not-copied")])
async def test_copy_is_reported_for_a_moment(
    tmp_path: Path,
    models: Path,
    talk: Samples,
    locate: Locate,
    monkeypatch: pytest.MonkeyPatch,
    works: bool,
    note: str,
) -> None:
    monkeypatch.setattr(runner, "NOTICE_S", 0.1)
    async with dictating(tmp_path, models, locate, talk, TOGGLE) as world:
        world.copier.works = works
        world.dictating.ask(CopyText("kia ora"))
        await wait_until(lambda: Note(note) in [view.note for view in world.views], "it is reported")
        assert world.copier.text == ("kia ora" if works else "")
        await wait_until(lambda: world.dictating.view.note is None, "the report is over")


async def test_report_of_a_copy_replaces_the_one_before(
    tmp_path: Path, models: Path, talk: Samples, locate: Locate
) -> None:
    async with dictating(tmp_path, models, locate, talk, TOGGLE) as world:
        for works, note in ((False, "not-copied"), (True, "copied")):
            world.copier.works = works
            world.dictating.ask(CopyText("kia ora"))
            await wait_until(partial(_shows, world, note), "it is reported")

        def copying() -> int:
            return sum(task.get_name() == "dictating/copy" for task in asyncio.all_tasks())

        await wait_until(lambda: copying() == 1, "only the newest report will end")


def _shows(world: World, note: str) -> bool:
    return world.dictating.view.note == Note(note)
