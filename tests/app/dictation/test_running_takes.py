"""Tests that ``RunningTakes`` discards takes, and sets the oldest aside while too many wait."""

from pathlib import Path

from app.core.states import State
from app.journal.take import TRANSCRIBED, TakeState
from app.transcription.pipeline import Samples
from client.connection import Locate
from tests.app.dictation.test_runner import HOLD, TOGGLE, texts_of
from tests.app.dictation.world import MOST_WAIT, dictating
from tests.helpers.scripted_gateway import afresh, later, scripted
from tests.helpers.waiting import wait_until


async def test_hold_mode_passes_on_tap_and_discards_its_take(
    tmp_path: Path, models: Path, talk: Samples, locate: Locate
) -> None:
    async with dictating(tmp_path, models, locate, talk, HOLD) as world:
        world.hotkeys.press()
        world.hotkeys.release()
        await wait_until(lambda: world.hotkeys.passed_on == ["dictate"], "it is passed on")
        await world.dictate()
        only = [TakeState.DONE]
        await wait_until(lambda: [found.state for found in world.found] == only, "the take of the tap is gone")
        (texts,) = texts_of(world)
    assert world.inserter.text() == " ".join(texts)


async def test_oldest_take_is_recognised_later_when_too_many_wait(
    tmp_path: Path, models: Path, talk: Samples
) -> None:
    url: list[str] = []
    async with dictating(tmp_path, models, later(url), talk, TOGGLE) as world:
        for _ in range(MOST_WAIT + 1):
            await world.dictate()
            await world.is_in(State.SENDING)
        assert world.dictating.view.waiting == MOST_WAIT - 1
        async with scripted(afresh) as gateway:
            url.append(gateway.url)
            await wait_until(lambda: all(take.state in TRANSCRIBED for take in world.found), "all are recognised")
        texts = texts_of(world)
        assert len(texts) == MOST_WAIT + 1
        oldest = world.found[-1].take
        assert not any(spoken.inserting for spoken in oldest.segments.values())
    assert world.inserter.text() == " ".join(text for take in texts[1:] for text in take)
