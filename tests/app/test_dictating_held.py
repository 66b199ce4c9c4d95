"""Texts that are held beyond the end of the app, until somebody wants them somewhere, or nowhere."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.actions import Verb
from app.capture.take import TakeState
from app.gestures import TalkMode
from app.insertion.outcome import How, Insertion
from app.pipeline import Samples
from app.wishes import Wishes
from client.connection import Locate
from runtime.logs import logging_to
from tests.app.dictating_world import WINDOW, dictating
from tests.helpers.waiting import wait_until

TOGGLE = Wishes(TalkMode.TOGGLE)


@pytest.fixture(autouse=True, scope="module")
def as_in_main() -> Iterator[None]:
    with logging_to("test", None, terminal=False):
        yield


async def test_what_was_held_when_the_app_ended_is_pasted_after_the_next_start_when_somebody_asks(
    tmp_path: Path, models: Path, talk: Samples, locate: Locate
) -> None:
    async with dictating(tmp_path, models, locate, talk, TOGGLE) as world:
        world.inserter.outcomes = [Insertion(How.HELD, "not-read")]
        await world.dictate()
        await world.over()
        texts = [segment.text for segment in world.found[0].transcript.segments]
    assert world.found[0].state is TakeState.HELD
    async with dictating(tmp_path, models, locate, talk, TOGGLE) as again:
        await wait_until(lambda: again.dictating.view.held == len(texts), "they are held again")
        assert again.inserter.asked == 0, "nothing is typed by itself"
        before = again.changes
        again.dictating.ask(Verb.PASTE_HELD)
        await wait_until(lambda: again.found[0].state is TakeState.DONE, "they are there, and noted")
        await wait_until(lambda: again.changes > before, "whoever shows the history is told")
        assert again.dictating.view.held == 0
    assert again.inserter.texts == [(" ".join(texts), WINDOW)]


async def test_what_is_dismissed_is_not_held_after_the_next_start(
    tmp_path: Path, models: Path, talk: Samples, locate: Locate
) -> None:
    async with dictating(tmp_path, models, locate, talk, TOGGLE) as world:
        world.inserter.outcomes = [Insertion(How.HELD, "not-read")]
        await world.dictate()
        await world.over()
        world.dictating.ask(Verb.DISMISS_HELD)
        await wait_until(lambda: world.found[0].state is TakeState.DONE, "it is noted")
        assert world.dictating.view.held == 0 and world.found[0].text
    assert world.inserter.texts == []
