"""Tests of replacement rules: inserted, shown and stored texts are equal, and each rule applies once."""

from pathlib import Path

from app.core.states import State
from app.dictation.actions import HeldAction
from app.dictation.dictation_options import DictationOptions
from app.dictation.gestures import TalkMode
from app.insertion.outcome import Insertion, InsertionResult
from app.journal.take import TakeState
from app.transcription.pipeline import Samples
from client.connection import Locate
from tests.app.dictation.world import OTHER, World, dictating
from tests.helpers.scripted_gateway import afresh, later, scripted
from tests.helpers.waiting import wait_until

OPTIONS = DictationOptions(TalkMode.TOGGLE)


def marked(text: str) -> str:
    """Mark a text so that applying the rule twice is visible."""
    return f"<{text}>"


def recognised(world: World) -> list[str]:
    """Return the texts of the newest take before any rule was applied."""
    return [spoken.recognised for spoken in world.found[0].take.segments.values()]


async def test_inserted_shown_and_stored_texts_are_equal(
    tmp_path: Path, models: Path, talk: Samples, locate: Locate
) -> None:
    async with dictating(tmp_path, models, locate, talk, OPTIONS) as world:
        world.rewrite = marked
        await world.dictate()
        await world.over()
        texts = recognised(world)
        (view,) = await world.dictating.recordings.views()
    wanted = " ".join(map(marked, texts))
    assert texts and all(texts)
    assert world.inserter.text() == world.found[0].text == view.text == wanted
    shown = ["".join(span.text for span in seen.spans) for seen in world.views]
    assert max(shown, key=len) == wanted


async def test_note_explains_when_rules_leave_no_text(
    tmp_path: Path, models: Path, talk: Samples, locate: Locate
) -> None:
    async with dictating(tmp_path, models, locate, talk, OPTIONS) as world:
        world.rewrite = lambda text: ""
        await world.dictate()
        await world.is_in(State.DONE)
        note = world.dictating.view.note
        assert note is not None and note.key == "nothing-left"
        await world.over()
    (found,) = world.found
    assert (world.inserter.asked, found.text, found.state) == (0, "", TakeState.DONE)
    assert all(recognised(world))


async def test_held_text_is_pasted_unchanged_by_later_run_with_other_rules(
    tmp_path: Path, models: Path, talk: Samples, locate: Locate
) -> None:
    async with dictating(tmp_path, models, locate, talk, OPTIONS) as world:
        world.rewrite = marked
        world.inserter.outcomes = [Insertion(InsertionResult.HELD, "focus-moved")]
        await world.dictate()
        await world.over()
        await world.is_in(State.HELD)
    async with dictating(tmp_path, models, locate, talk, OPTIONS) as again:
        again.rewrite = lambda text: "another rule"
        again.inserter.focus = OTHER
        await wait_until(lambda: again.dictating.view.earlier > 0, "it is held again")
        await again.dictating.recordings.settle(str(again.found[0].session), HeldAction.PASTE)
        await wait_until(lambda: again.inserter.texts, "it is pasted")
    assert again.inserter.text(OTHER) == " ".join(map(marked, recognised(again)))
    assert again.found[0].text == again.inserter.text(OTHER)


async def test_text_is_rewritten_by_rules_at_its_arrival(tmp_path: Path, models: Path, talk: Samples) -> None:
    url: list[str] = []
    async with dictating(tmp_path, models, later(url), talk, OPTIONS) as world:
        world.rewrite = lambda text: "the rule of its beginning"
        await world.dictate()
        world.rewrite = marked
        async with scripted(afresh) as gateway:
            url.append(gateway.url)
            await world.over()
    assert world.inserter.text() == " ".join(map(marked, recognised(world)))


async def test_line_break_at_the_end_of_each_text_reaches_the_window(
    tmp_path: Path, models: Path, talk: Samples, locate: Locate
) -> None:
    async with dictating(tmp_path, models, locate, talk, OPTIONS) as world:
        world.rewrite = "{}\n".format
        await world.dictate()
        await world.over()
        texts = recognised(world)
    assert world.inserter.text() == "".join(f"{text}\n" for text in texts)
    assert world.found[0].text == "\n".join(texts)


async def test_recording_of_a_line_break_alone_reaches_the_window(
    tmp_path: Path, models: Path, talk: Samples, locate: Locate
) -> None:
    async with dictating(tmp_path, models, locate, talk, OPTIONS) as world:
        world.rewrite = lambda text: "\n"
        await world.dictate()
        await world.over()
        note = world.dictating.view.note
        assert world.inserter.text() == "\n" * len(recognised(world)) and note is None
    assert world.found[0].take.inserted
