"""Random users, desktops, disks and ends of the whole runner: no text is typed twice, and none is lost."""

import asyncio
from pathlib import Path

import pytest

from app.dictation.insertion_queue import ReadyTexts
from app.journal.disk import DiskFile
from app.journal.library import TakeSnapshot
from app.journal.take import TakeState
from tests.app.dictation.random_use import RandomDesktop, RandomUse, word_of
from tests.helpers.examples import examples


def check_take(found: TakeSnapshot, desktop: RandomDesktop) -> None:
    """Compare the outcomes of texts in a journal with the texts that windows got."""
    assert found.state is not TakeState.LIVE, "its journal is still open"
    assert not found.take.damage
    offered = found.take.offered(found.samples)
    for number, spoken in found.take.segments.items():
        word = word_of(spoken.text)
        if not word:
            continue
        times = sum(text.count(word) for text in desktop.typed)
        assert times <= 1, f"{word} is typed {times} times"
        if times and number in offered and not spoken.rest:
            assert any(word in text for text in desktop.uncertain), f"{word} is offered again"
        if spoken.inserted and not spoken.rest:
            assert times or any(word in text for text in desktop.copied), (
                f"{word} counts as inserted but reached no window"
            )


@pytest.mark.parametrize("seed", range(examples(60)))
async def test_each_text_arrives_once_or_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    one, pasted = RandomUse(tmp_path, seed), list[str]()
    monkeypatch.setattr(DiskFile, "write", lambda file, data: one.disk.write(file, data))
    monkeypatch.setattr(DiskFile, "reserve", lambda file, size: one.disk.reserve(file, size))
    insert = one.dictating._texts._insert

    async def note_pasted(ready: ReadyTexts) -> None:
        pasted.extend([ready.text] * ready.pasted)
        await insert(ready)

    monkeypatch.setattr(one.dictating._texts, "_insert", note_pasted)
    running = asyncio.create_task(one.dictating.run())
    await one.use()
    await one.end(running)
    assert running.cancelled() or running.exception() is None
    for found in one.library.all():
        check_take(found, one.desktop)
    unrecorded = {text for text in one.desktop.unrecorded if not any(word_of(text) in other for other in pasted)}
    assert not unrecorded, "typed before its record was on disk, without a request by the user"
