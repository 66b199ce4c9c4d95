"""Files while their server accepts nothing: the row gives the reason if the server names one."""

from pathlib import Path

import pytest

from app.core.errors import Note
from app.files.view import AddFiles, FileNote, FileState
from client.connection import Address, fixed_locator
from tests.app.files.test_service import Bench, bench, talk
from tests.helpers.scripted_gateway import oblige, scripted
from tests.helpers.waiting import wait_until

__all__ = ["bench", "talk"]  # fixtures

FULL = Note(FileNote.DISK_FULL, {"place": "/home/me"})
AWAY = Note(FileNote.BROKER_AWAY)


@pytest.mark.parametrize(("trouble", "shown"), [(FULL, FULL), (None, AWAY)])
async def test_row_says_why_the_server_accepts_nothing_until_it_accepts(
    bench: Bench, talk: Path, trouble: Note | None, shown: Note
) -> None:
    async def ask() -> Note | None:
        return trouble

    bench.trouble = ask
    async with scripted(oblige, refusing=((503, {}),) * 1_000) as gateway:
        bench.locate = fixed_locator(Address(gateway.url))
        async with bench.working():
            bench.ask(AddFiles((str(talk),)))

            def says() -> bool:
                file = bench.file(talk)
                return file is not None and file.note == shown

            await wait_until(says, "the row says why")
            gateway.statuses.clear()
            done = await bench.until(talk, FileState.DONE)
    notes = [file.note for view in bench.views for file in view.files if file.note]
    assert done.note is None and all(note == shown for note in notes)
