"""History of takes as a window uses it."""

import asyncio
import threading
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

import pytest

from app.core.format import Format
from app.history.errors import TakeHistoryError
from app.history.history import MOST_EDITED, History, IndexState
from app.history.rerecognition import Rerunner
from app.history.view import RerunOptions
from app.journal.errors import TakeBusy, TakeUnknown
from app.journal.library import Library, TakeSnapshot
from client.connection import Address, fixed_locator
from client.settings import ClientSettings
from loadtest.core.checksum import checksum
from tests.app.history.takes import SEGMENT, damage, record, session, written_below
from tests.app.journal.files import tone
from tests.helpers.scripted_gateway import oblige, scripted
from tests.helpers.takes import write_take
from tests.helpers.waiting import wait_until


@asynccontextmanager
async def opened(library: Library, place: Path, url: str = "http://127.0.0.1:9") -> AsyncIterator[History]:
    """Open the history with all takes read."""
    rerunner = Rerunner(fixed_locator(Address(url)), ClientSettings(first_contact_s=0.0))
    async with History(library, rerunner, place) as history:
        await history.refresh()
        yield history


async def texts(history: History, query: str = "") -> list[str]:
    return [row.text for row in await history.page(99, query=query)]


async def test_history_lists_finds_and_counts_takes(library: Library, place: Path) -> None:
    for number in range(5):
        record(library, number, f"take {number} 天气")
    async with opened(library, place) as history:
        first = await history.page(2, query="天气")
        rest = await history.page(9, first[-1].key, "天气")
        assert [row.text for row in [*first, *rest]] == [f"take {number} 天气" for number in (4, 3, 2, 1, 0)]
        keys = await history.keys("take")
        assert [row.key for row in await history.rows(keys[1:3])] == list(keys[1:3])
        assert len(await history.keys("tak")) == len(keys) == 5
        assert (await history.take(session(3))).text == "take 3 天气"
        with pytest.raises(TakeUnknown):
            await history.take(session(9))
    async with History(library, Rerunner(fixed_locator(Address(""))), place) as again:
        assert len(await again.page(9)) == 5  # before a refresh


async def test_followers_receive_changes_until_they_end(library: Library, place: Path) -> None:
    states: list[IndexState] = []
    async with opened(library, place) as history:
        end = history.follow(states.append)
        record(library, 1, "new")
        history.changed(session(1))
        await wait_until(lambda: states, "a new take is told")
        assert await texts(history) == ["new"]
        record(library, 2, "by another process")
        await history.refresh()
        assert await texts(history) == ["by another process", "new"]
        assert states[-1].version > states[0].version and states[-1] == history.index
        end()
        history.changed(session(1))
        result = len(states)
        await wait_until(lambda: history.index.version > states[-1].version, "it was read again")
        assert len(states) == result


async def test_changes_are_read_after_an_unreadable_one(
    library: Library, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(library, place) as history:
        record(library, 1, "new")
        find, left = library.find, [PermissionError("on purpose")]

        def fails_once(session: UUID) -> TakeSnapshot:
            if left:
                raise left.pop()
            return find(session)

        monkeypatch.setattr(library, "find", fails_once)
        history.changed(session(1))
        await wait_until(lambda: not left, "it cannot be read")
        history.changed(session(1))
        await wait_until(lambda: texts(history), "it is read")


async def test_history_works_and_shows_progress_while_reading(library: Library, place: Path) -> None:
    for number in range(300):
        write_take(library.root, session(number), number, f"take {number}")
    async with History(library, Rerunner(fixed_locator(Address(""))), place) as history:
        reading = history.refresh()
        await wait_until(lambda: history.index.total == 300, "it reads")
        assert history.refresh() is reading
        assert await history.page(1)
        await reading
        assert (history.index.done, history.index.total) == (0, 0)
        assert len(await history.keys()) == 300


async def test_edited_text_is_listed_and_found(library: Library, place: Path) -> None:
    record(library, 1, "wrong")
    async with opened(library, place) as history:
        await history.edit(session(1), " right \ud800")
        await wait_until(lambda: texts(history, "right"), "the edit is found")
        assert await texts(history) == ["right ?"] and await texts(history, "wrong") == []
        with pytest.raises(TakeHistoryError, match="too long"):
            await history.edit(session(1), "x" * (MOST_EDITED + 1))
        with library.reopen(session(1)), pytest.raises(TakeBusy):
            await history.edit(session(1), "busy")


async def test_delete_erases_text_from_all_files(library: Library, place: Path) -> None:
    for number in range(40):
        record(library, number, f"secret{number}x 秘密")
    async with opened(library, place) as history:
        with library.reopen(session(9)):
            refused = await history.delete([session(7), session(8), session(9)])
        assert list(refused) == [session(9)] and isinstance(refused[session(9)], TakeBusy)
        everything = written_below(place.parent) + written_below(library.root)
        assert b"secret7x" not in everything and b"secret9x" in everything
        assert len(await history.keys()) == 38 and len(await history.keys("秘密")) == 38


async def test_delete_completes_when_caller_is_cancelled(library: Library, place: Path) -> None:
    record(library, 1, "secret1x")
    async with opened(library, place) as history:
        deleting = asyncio.create_task(history.delete([session(1)]))
        await asyncio.sleep(0)
        deleting.cancel()
        await asyncio.wait([deleting])
    assert library.all() == [] and b"secret1x" not in written_below(place.parent)


async def test_history_ends_while_the_disk_hangs_and_loses_no_accepted_edit(library: Library, place: Path) -> None:
    record(library, 1, "wrong")
    hangs, loop = threading.Event(), asyncio.get_running_loop()
    rerunner = Rerunner(fixed_locator(Address("")))
    with ThreadPoolExecutor(1) as threads:
        loop.set_default_executor(threads)
        try:
            async with History(library, rerunner, place, 0.05) as history:
                await history.refresh()
                searching = asyncio.create_task(history._in_thread(hangs.wait))
                loop.run_in_executor(None, hangs.wait)
                editing = asyncio.create_task(history.edit(session(1), "right"))
                await asyncio.sleep(0)
            assert not searching.done() and editing.cancelled()
        finally:
            hangs.set()
    assert library.find(session(1)).text == "right"
    assert await searching


async def test_history_exports_existing_takes(library: Library, place: Path, tmp_path: Path) -> None:
    record(library, 1, "one")
    async with opened(library, place) as history:
        done = await history.export([session(1), session(2)], Format.TXT, tmp_path / "a.txt")
        assert [file.read_text() for file in done.written] == ["one\n"]
        assert (await history.export([session(1)], Format.TXT, tmp_path / "a.txt")).exist == done.written
        done = await history.export([session(1)], Format.SRT, tmp_path / "a.txt", overwrite=True)
        assert "-->" in done.written[0].read_text()


async def test_rerun_adds_result_to_take(library: Library, place: Path) -> None:
    record(library, 1, "one")
    received: list[tuple[int, int]] = []
    async with scripted(oblige) as gateway, opened(library, place, gateway.url) as history:
        options = RerunOptions("other", vad=False)
        run = await history.rerun(session(1), options, lambda ended, pieces: received.append((ended, pieces)))
        assert run.text == checksum(tone(0, SEGMENT).tobytes()) and received == [(1, 1)]
        found = await history.take(session(1))
        assert (found.take.runs, found.text) == ([run], "one")
        await wait_until(lambda: history.index.version > 1, "its stamp is known")


async def test_history_refills_damaged_index(library: Library, place: Path) -> None:
    for number in range(100):
        write_take(library.root, session(number), number, "many words " * 30)
    async with opened(library, place):
        pass
    async with opened(library, place) as history:
        damage(place)
        await history.page(99)
        await wait_until(lambda: history.keys("words"), "it is made again")
        await history.refresh()
        assert len(await history.keys("words")) == 100 and not history.index.problem


async def test_history_reports_unreadable_folder_and_continues(library: Library, place: Path) -> None:
    record(library, 1, "one")
    async with opened(library, place) as history:
        library.root.rename(library.root.with_name("away"))
        library.root.write_text("no folder")
        await history.refresh()
        assert "cannot be read" in history.index.problem
        assert await texts(history, "one") == ["one"]
        library.root.unlink()
        library.root.with_name("away").rename(library.root)
        await history.refresh()
        assert not history.index.problem
