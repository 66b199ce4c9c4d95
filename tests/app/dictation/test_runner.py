"""Tests of ``DictationRunner`` with a fake microphone, a scripted gateway and a fake inserter."""

import asyncio
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.capture.errors import MicrophoneRefused
from app.core.errors import Note
from app.core.states import State
from app.dictation import take_progress
from app.dictation.actions import PauseHotkeys, RecoverTake, SuspendHotkeys, Verb
from app.dictation.dictation_options import DictationOptions
from app.dictation.gestures import TalkMode
from app.dictation.messages import SoundCue
from app.insertion.outcome import Insertion, InsertionResult
from app.journal.journal import Journal
from app.journal.take import TakeState
from app.transcription.pipeline import Samples
from client.connection import Address, Locate
from loadtest.core.checksum import checksum
from tests.app.dictation.world import OTHER, WINDOW, World, dictating, silence
from tests.helpers.scripted_gateway import afresh, later, oblige, scripted
from tests.helpers.waiting import wait_until

KEYS = {"dictate": "right_ctrl", "cancel": "esc", "paste-held": "ctrl+alt+v"}
TOGGLE = DictationOptions(TalkMode.TOGGLE, keys=KEYS)
HOLD = replace(TOGGLE, mode=TalkMode.HOLD)


def texts_of(world: World) -> list[list[str]]:
    """Return the segment texts of each take, oldest first.

    Check each against the samples on disk.
    """
    takes = []
    for found in reversed(world.found):
        audio = np.fromfile(found.audio, "<i2")
        assert np.array_equal(audio, world.devices.audio[: len(audio)])
        texts = [segment.text for segment in found.transcript.segments]
        for spoken, text in zip(found.take.segments.values(), texts, strict=True):
            assert text == checksum(audio[spoken.at : spoken.at + (spoken.samples or 0)].tobytes())
        takes.append(texts)
    return takes


async def test_dictation_inserts_text_after_key_press(
    tmp_path: Path, models: Path, talk: Samples, locate: Locate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(take_progress, "DONE_S", 0.1)
    async with dictating(tmp_path, models, locate, talk, TOGGLE) as world:
        world.hotkeys.press()
        world.hotkeys.release()
        await world.is_in(State.LISTENING)
        await world.all_heard()
        world.hotkeys.press()
        world.hotkeys.release()
        await world.over()
        await wait_until(lambda: world.states[-1] is State.IDLE, "it is idle again")
        (texts,) = texts_of(world)
        (found,) = world.found
    assert len(texts) >= 2
    assert world.inserter.text() == " ".join(texts) == found.transcript.text
    assert found.state is TakeState.DONE
    assert all(spoken.inserted for spoken in found.take.segments.values())
    assert world.cues.played == [SoundCue.START, SoundCue.STOP]
    assert world.states[:2] == [State.ARMING, State.LISTENING]
    assert State.DONE in world.states


async def test_pausing_hotkeys_unbinds_all_keys_until_resumed(
    tmp_path: Path, models: Path, locate: Locate
) -> None:
    async with dictating(tmp_path, models, locate, silence(0.1), TOGGLE) as world:
        world.dictating.ask(PauseHotkeys(True))
        await wait_until(lambda: not world.hotkeys.bound, "no key is bound")
        world.dictating.ask(PauseHotkeys(False))
        await wait_until(lambda: world.hotkeys.bound, "the keys are bound again")


async def test_suspended_hotkeys_leave_start_and_cancel_to_user(
    tmp_path: Path, models: Path, locate: Locate
) -> None:
    async with dictating(tmp_path, models, locate, silence(0.5), TOGGLE) as world:
        world.dictating.ask(SuspendHotkeys(True))
        await wait_until(lambda: not world.hotkeys.bound, "no key is bound")
        world.dictating.ask(Verb.START)
        await wait_until(lambda: set(world.hotkeys.bound) == {"cancel"}, "it is started and can be cancelled")
        world.dictating.ask(Verb.CANCEL)
        await wait_until(lambda: not world.hotkeys.bound, "no key is bound")
        world.dictating.ask(SuspendHotkeys(False))
        await wait_until(lambda: "dictate" in world.hotkeys.bound, "the keys are bound again")


async def test_hold_mode_records_while_key_is_held(
    tmp_path: Path, models: Path, talk: Samples, locate: Locate
) -> None:
    async with dictating(tmp_path, models, locate, talk, HOLD) as world:
        world.hotkeys.press()
        await world.all_heard()
        await wait_until(lambda: world.dictating.view.seconds > 0.3, "it is no tap")
        assert world.inserter.asked == 0, "while the key is down, X11 would send us the keys that we type"
        await wait_until(lambda: world.hotkeys.bound == KEYS, "Esc cancels while something is recorded")
        world.hotkeys.release(noticed=False)
        await world.over()
        await wait_until(lambda: "cancel" not in world.hotkeys.bound, "Esc belongs to other programs again")
        (texts,) = texts_of(world)
    assert world.inserter.text() == " ".join(texts)


async def test_texts_are_inserted_in_spoken_order_when_takes_overlap(
    tmp_path: Path, models: Path, talk: Samples, locate: Locate
) -> None:
    async with dictating(tmp_path, models, locate, talk, TOGGLE) as world:
        world.inserter.gate = asyncio.Event()
        for _ in range(3):
            await world.dictate()
        await wait_until(lambda: world.dictating.view.waiting == 2, "two wait")
        world.inserter.gate.set()
        await world.over(3)
        takes = texts_of(world)
    assert world.inserter.text() == " ".join(" ".join(texts) for texts in takes)
    assert world.devices.opened == 1, "the device stays open between takes that follow each other"


async def test_text_is_held_until_pasted_when_focus_moved(
    tmp_path: Path, models: Path, talk: Samples, locate: Locate
) -> None:
    async with dictating(tmp_path, models, locate, talk, TOGGLE) as world:
        world.inserter.gate = asyncio.Event()
        await world.dictate()
        world.inserter.focus = OTHER
        world.inserter.gate.set()
        await world.over()
        (texts,) = texts_of(world)
        assert world.found[0].state is TakeState.HELD
        assert world.dictating.view.held == 1 and len(world.found[0].take.held) == len(texts)
        assert world.dictating.view.state is State.HELD
        world.hotkeys.press("paste-held")
        world.hotkeys.release("paste-held")
        await wait_until(lambda: world.inserter.texts, "it is pasted")
        await wait_until(lambda: world.found[0].state is TakeState.DONE, "and noted")
        assert world.dictating.view.held == 0
    assert world.inserter.texts == [(" ".join(texts), OTHER)]
    assert SoundCue.HELD in world.cues.played


async def test_journal_notes_insertion_before_it_starts_and_quit_waits_for_rest(
    tmp_path: Path, models: Path, talk: Samples, locate: Locate
) -> None:
    async with dictating(tmp_path, models, locate, talk, TOGGLE) as world:
        world.inserter.gate = asyncio.Event()
        await world.dictate()
        await world.is_in(State.INSERTING)
        await wait_until(lambda: world.inserter.asked, "it is being inserted")
        (found,) = world.found
        first = found.take.segments[0]
        assert first.inserting and not first.inserted, "after a crash it is unknown whether the text arrived"
        machine = world.dictating._machine
        await wait_until(lambda: machine._takes[1].ended, "everything is recognised")
        world.dictating.ask(Verb.QUIT)
        world.inserter.gate.set()
        assert world.running is not None
        await asyncio.wait_for(world.running, 30)
        (found,) = world.found
        assert found.state is TakeState.DONE
        assert len(found.take.segments) > 1
        assert all(spoken.inserted for spoken in found.take.segments.values())


async def test_cancelled_take_is_kept_only_in_history(
    tmp_path: Path, models: Path, talk: Samples, locate: Locate
) -> None:
    async with dictating(tmp_path, models, locate, talk, TOGGLE) as world:
        world.inserter.gate = asyncio.Event()
        world.dictating.ask(Verb.START)
        await wait_until(lambda: world.inserter.asked == 1, "the first text is being inserted")
        world.hotkeys.press("cancel")
        world.hotkeys.release("cancel")
        await wait_until(lambda: world.dictating.view.state is State.CANCELLED, "it is cancelled")
        world.inserter.gate.set()
        await world.over()
        (texts,) = texts_of(world)
        views = await world.dictating.recordings.views()
    assert len(world.inserter.texts) == 1, "a text that is being inserted cannot be withdrawn"
    assert texts[0] == world.inserter.text() and len(texts) > 1
    assert [view.text for view in views] == [" ".join(texts)]


async def test_take_moves_to_other_gateway_when_first_is_gone(tmp_path: Path, models: Path, talk: Samples) -> None:
    """The take continues at the second gateway, which does not know its session, once the first is gone."""
    async with scripted(afresh) as other:
        where: list[Address] = []
        async with dictating(tmp_path, models, lambda: where[-1], talk, TOGGLE) as world:
            async with scripted(afresh) as first:
                where.append(Address(first.url))
                world.dictating.ask(Verb.START)
                await wait_until(lambda: world.inserter.texts, "the first one recognises")
                where.append(Address(other.url, name="other"))
                world.dictating.change(replace(TOGGLE, destination="other"))
                assert world.dictating.view.destination == "", "it still goes to the first"
                finished = asyncio.create_task(world.dictating.until_finished())
                await world.all_heard()
                assert not finished.done()
            world.dictating.ask(Verb.STOP)
            await wait_until(lambda: world.dictating.view.destination == "other", "it goes to the other")
            await world.over()
            await asyncio.wait_for(finished, 30)
            await world.dictating.until_finished()
            (texts,) = texts_of(world)
            assert world.inserter.text() == " ".join(texts) and len(texts) > 1


async def test_quit_waits_for_recording_made_without_gateway(tmp_path: Path, models: Path, talk: Samples) -> None:
    url: list[str] = []
    async with dictating(tmp_path, models, later(url), talk, TOGGLE) as world:
        await world.dictate()
        await world.is_in(State.SENDING)
        await wait_until(lambda: world.dictating.view.unsent_s > 5, "the unsent audio is shown")
        world.dictating.ask(Verb.QUIT)
        note = world.dictating.view.note
        assert note is not None and note.key == "quitting"
        world.dictating.ask(Verb.START)
        assert world.dictating.view.state is State.SENDING, "nothing new is begun"
        async with scripted(oblige) as gateway:
            url.append(gateway.url)
            assert world.running is not None
            await asyncio.wait_for(world.running, 30)
        (texts,) = texts_of(world)
        assert world.found[0].state is TakeState.DONE
    assert world.inserter.text() == " ".join(texts)
    assert world.devices.open_now == 0


async def test_take_keeps_what_was_said_before_its_journal_at_second_quit(
    tmp_path: Path, models: Path, talk: Samples, monkeypatch: pytest.MonkeyPatch
) -> None:
    create, opens = Journal.create, threading.Event()

    def late(*arguments: Any) -> Journal:
        assert opens.wait(30)
        return create(*arguments)

    monkeypatch.setattr(Journal, "create", late)
    async with dictating(tmp_path, models, later([]), talk, TOGGLE) as world:
        world.dictating.ask(Verb.START)
        await world.all_heard()
        world.dictating.ask(Verb.QUIT)
        world.dictating.ask(Verb.QUIT)
        asyncio.get_running_loop().call_later(0.2, opens.set)  # the second quit has been handled by then
        assert world.running is not None
        await asyncio.wait_for(world.running, 30)
    assert world.found[0].samples == len(talk)


async def test_take_is_offered_at_next_start_after_second_quit(
    tmp_path: Path, models: Path, talk: Samples, locate: Locate
) -> None:
    async with dictating(tmp_path, models, later([]), talk, TOGGLE) as world:
        world.dictating.ask(Verb.START)
        await world.all_heard()
        world.dictating.ask(Verb.QUIT)
        world.dictating.ask(Verb.QUIT)
        assert world.running is not None
        await asyncio.wait_for(world.running, 30)
    assert world.found[0].samples == len(talk)
    async with dictating(tmp_path, models, locate, talk, TOGGLE) as again:
        (offered,) = await again.dictating.recordings.views()
        assert offered.state is TakeState.INTERRUPTED
        again.dictating.ask(RecoverTake(offered.session))

        async def recognised() -> bool:
            return [take.state for take in await again.dictating.recordings.views()] == [TakeState.DONE]

        await wait_until(recognised, "it is recognised")
        (recovered,) = await again.dictating.recordings.views()
    assert recovered.text == " ".join(*texts_of(again))
    assert again.inserter.asked == 0, "no text is typed without a request"


async def test_unopenable_microphone_fails_take_and_another_can_be_chosen(
    tmp_path: Path, models: Path, talk: Samples, locate: Locate
) -> None:
    async with dictating(tmp_path, models, locate, talk, TOGGLE) as world:
        world.devices.failure = MicrophoneRefused("usb", "busy")
        world.dictating.ask(Verb.START)
        await world.is_in(State.FAILED)
        note = world.dictating.view.note
        assert note is not None and note.key == "not-recorded"
        assert note.reason == Note("microphone-refused", {"device": "usb"})
        assert not list(world.library.root.glob("*"))
        world.devices.failure = None
        world.dictating.change(replace(TOGGLE, microphone="desk"))
        await world.dictate()
        assert world.dictating.view.device == "desk"
        await world.over()
        (texts,) = texts_of(world)
    assert world.inserter.text() == " ".join(texts)


async def test_silent_take_inserts_no_text(tmp_path: Path, models: Path, locate: Locate) -> None:
    async with dictating(tmp_path, models, locate, silence(0.5) + np.int16(1), TOGGLE) as world:
        await world.dictate()
        await world.is_in(State.DONE)
        note = world.dictating.view.note
        assert note is not None and note.key == "nothing-understood"
    assert world.inserter.asked == 0


async def test_text_is_held_when_insertion_outcome_is_unknown(
    tmp_path: Path, models: Path, talk: Samples, locate: Locate
) -> None:
    async with dictating(tmp_path, models, locate, talk, TOGGLE) as world:
        world.inserter.outcomes = [Insertion(InsertionResult.HELD, "not-read")]
        await world.dictate()
        await world.over()
        await wait_until(lambda: world.dictating.view.held, "it is held")
        (texts,) = texts_of(world)
        assert world.dictating.view.held == 1
        assert len(world.found[0].take.held) == len(texts), "no hole is left in the middle"
    assert world.inserter.texts == []


async def test_hands_free_inserts_each_segment_into_focused_window(
    tmp_path: Path, models: Path, talk: Samples, locate: Locate
) -> None:
    options = replace(TOGGLE, mode=TalkMode.HANDS_FREE)
    async with dictating(tmp_path, models, locate, talk, options) as world:
        await world.dictate()
        await world.over()
        (texts,) = texts_of(world)
    assert world.inserter.texts[0][1] == WINDOW
    assert world.inserter.text() == " ".join(texts)


async def test_taken_key_is_reported_until_another_is_chosen(tmp_path: Path, models: Path, locate: Locate) -> None:
    async with dictating(tmp_path, models, locate, silence(0.1), TOGGLE) as world:
        await wait_until(lambda: world.hotkeys.bound, "the keys are bound")
        world.hotkeys.taken = {"f9"}
        before = dict(world.hotkeys.bound)
        world.dictating.change(replace(TOGGLE, keys=KEYS | {"dictate": "f9"}))
        await wait_until(lambda: world.dictating.view.note, "it is reported")
        assert world.hotkeys.bound["dictate"] == before["dictate"]
        world.dictating.change(replace(TOGGLE, keys=KEYS | {"dictate": "f8"}))
        await wait_until(lambda: world.hotkeys.bound["dictate"] == "f8", "the other key is bound")
        await wait_until(lambda: world.dictating.view.note is None, "the problem is over")
