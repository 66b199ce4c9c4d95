"""The lent clipboard on a real compositor; the test plays the user, a clipboard manager and the target."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import pytest

from app.insertion.helper.kept_contents import memory_file
from app.insertion.wayland import clipboard as lent_clipboard
from app.insertion.wayland.clipboard import DataControlClipboard, kept_contents
from app.insertion.wayland.contents import read_contents
from app.wayland.connection import WaylandConnection
from tests.app.insertion.wayland.conftest import owned, same_clipboard, same_text
from tests.helpers.desktop import PATIENT_S
from tests.helpers.waiting import wait_until
from tests.helpers.wayland_desktop import WaylandDesktop

BEFORE = {"text/html": b"<b>b</b>", "image/png": bytes(range(256)) * 1000, "text/plain;charset=utf-8": b"b"}
SELECTED = {"text/plain;charset=utf-8": b"selected"}


@pytest.fixture
def memory() -> Iterator[int]:
    found = memory_file()
    assert found is not None
    yield found
    os.close(found)


@asynccontextmanager
async def lent(
    desktop: WaylandDesktop, memory: int | None = None, patience_s: float = PATIENT_S
) -> AsyncIterator[DataControlClipboard]:
    clipboard = await DataControlClipboard.open(desktop.environment, kept_contents(memory), patience_s)
    try:
        yield clipboard
    finally:
        await clipboard.close()


async def paste(desktop: WaylandDesktop) -> bytes:
    """Read the clipboard like a target."""
    return await asyncio.to_thread(desktop.copied)


async def contents(desktop: WaylandDesktop, *, primary: bool = False) -> dict[str, bytes]:
    return await asyncio.to_thread(lambda: desktop.copied_as(primary=primary))


async def test_text_is_read_and_all_formats_return(sway: WaylandDesktop) -> None:
    sway.copy_all(BEFORE)
    sway.copy_all(SELECTED, primary=True)
    async with lent(sway) as clipboard:
        for text in ("one", "two 你好"):
            assert await clipboard.keep(primary=True)
            assert await clipboard.offer(text, primary=True)
            assert (await contents(sway))["x-kde-passwordManagerHint"] == b"secret"
            clipboard.expect_read()
            assert await paste(sway) == text.encode()
            assert await clipboard.until_read(PATIENT_S)
        await clipboard.give_back()
        await wait_until(partial(same_clipboard, sway, BEFORE), "the clipboard is as before")
        await wait_until(partial(same_clipboard, sway, SELECTED, primary=True), "the selected text is too")


async def test_contents_return_although_a_program_polls_the_clipboard(sway: WaylandDesktop) -> None:
    sway.copy_all(BEFORE)
    async with lent(sway) as clipboard:
        assert await clipboard.keep(primary=False)
        assert await clipboard.offer("text", primary=False)
        clipboard.expect_read()
        assert await paste(sway) == b"text"
        assert await clipboard.until_read(PATIENT_S)
        giving = asyncio.ensure_future(clipboard.give_back())
        await wait_until(partial(same_clipboard, sway, BEFORE), "it is as before")  # each look reads everything
        await giving


async def test_empty_clipboard_is_cleared_afterwards(sway: WaylandDesktop) -> None:
    async with owned(sway), lent(sway) as clipboard:
        assert await clipboard.keep(primary=False)
        assert await clipboard.offer("text", primary=False)
        clipboard.expect_read()
        assert await paste(sway) == b"text"
        assert await clipboard.until_read(PATIENT_S)
        await clipboard.give_back()
        await wait_until(partial(same_clipboard, sway, {}), "it is empty again")


async def test_reads_before_the_key_do_not_count(sway: WaylandDesktop) -> None:
    """A clipboard manager reads every format at once. The text is withdrawn when no other program reads it."""
    sway.copy(b"before")
    async with lent(sway, patience_s=0.1) as clipboard:
        assert await clipboard.keep(primary=False)
        assert await clipboard.offer("text", primary=False)
        assert (await contents(sway))["text/plain"] == b"text"
        clipboard.expect_read()
        assert not await clipboard.until_read(0.1)
        assert await paste(sway) == b""
        await clipboard.give_back()
        assert await paste(sway) == b"before"


async def test_key_waits_for_a_late_manager_that_has_read_the_last_text(
    sway: WaylandDesktop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lent_clipboard, "MANAGERS_S", 0.0)
    monkeypatch.setattr(lent_clipboard, "_LATE_MANAGERS_S", PATIENT_S)
    hint = "x-kde-passwordManagerHint"
    async with lent(sway) as clipboard:
        assert await clipboard.keep(primary=False)
        assert await clipboard.offer("one", primary=False)
        await wait_until(lambda: same_text(sway, b"one"), "it is offered")
        assert hint in await contents(sway)
        clipboard.expect_read()
        assert await paste(sway) == b"one" and await clipboard.until_read(PATIENT_S)
        offering = asyncio.ensure_future(clipboard.offer("two", primary=False))
        await wait_until(lambda: same_text(sway, b"two"), "it is offered")
        assert not offering.done(), "the manager has not read all formats"
        assert hint in await contents(sway)
        assert await offering
        clipboard.expect_read()
        assert await paste(sway) == b"two" and await clipboard.until_read(PATIENT_S)


async def test_newer_copy_of_the_user_stays(sway: WaylandDesktop) -> None:
    sway.copy(b"before")
    async with lent(sway) as clipboard:
        assert await clipboard.keep(primary=False)
        assert await clipboard.offer("text", primary=False)
        clipboard.expect_read()
        sway.copy(b"newer")
        assert not await clipboard.until_read(PATIENT_S)
        await clipboard.give_back()
        assert await paste(sway) == b"newer"
        assert await clipboard.keep(primary=False)
        sway.copy(b"newest")
        assert not await clipboard.offer("text", primary=False)
        assert await paste(sway) == b"newest"


async def test_contents_of_a_silent_owner_are_not_kept(sway: WaylandDesktop) -> None:
    async with lent(sway) as clipboard:
        async with owned(sway, "text/plain") as pipes:
            assert not await clipboard.keep(primary=False)
            assert pipes
        sway.copy(b"after")
        assert await clipboard.keep(primary=False)


async def test_copy_while_contents_are_read_leaves_the_connection_open(sway: WaylandDesktop) -> None:
    """The formats that are not read yet have gone with the earlier copy."""
    async with lent(sway) as clipboard:
        async with owned(sway, "text/plain", "text/html") as pipes:
            keeping = asyncio.ensure_future(clipboard.keep())
            await wait_until(lambda: bool(pipes), "the first format is read")
            await asyncio.to_thread(sway.copy, b"newer")
            await clipboard._await_compositor()
        assert not await keeping
        assert await clipboard.keep()


@pytest.mark.parametrize("late", [False, True])
async def test_contents_survive_a_killed_process(sway: WaylandDesktop, memory: int, late: bool) -> None:
    sway.copy_all(BEFORE)
    async with await WaylandConnection.open(sway.environment) as wayland:
        killed = DataControlClipboard(wayland, sway.environment, kept_contents(memory))
        await wayland.roundtrip()
        assert await killed.keep(primary=False)
        assert await killed.offer("text", primary=False)
    await wait_until(partial(same_clipboard, sway, {}), "the text has ended with its process")
    async with lent(sway, memory) as clipboard:
        await clipboard.recover(late=late)
        assert await paste(sway) == (b"" if late else b"b"), "a target that pastes late gets nothing"
        await wait_until(partial(same_clipboard, sway, BEFORE), "all formats are there again")


async def test_copy_made_after_a_process_was_killed_stays(sway: WaylandDesktop, memory: int) -> None:
    kept_contents(memory).write({"clipboard": BEFORE})
    sway.copy(b"newer")
    async with lent(sway, memory) as clipboard:
        await clipboard.recover(late=False)
        assert await paste(sway) == b"newer"
    assert kept_contents(memory).read() == {}


async def test_echo_is_found_although_the_selected_text_changes(
    sway: WaylandDesktop, monkeypatch: pytest.MonkeyPatch
) -> None:
    sway.copy_all(SELECTED, primary=True)
    async with lent(sway) as clipboard:
        assert await clipboard.keep()
        assert await clipboard.offer("text")
        sway.copy_all(BEFORE)
        await clipboard.keep(primary=True)  # by its end, the change is known

        async def select_and_read(*offered: Any) -> Any:
            monkeypatch.undo()
            await asyncio.to_thread(sway.copy_all, {"text/plain": b"text"}, primary=True)
            await clipboard.keep(primary=True)
            return await read_contents(*offered)

        monkeypatch.setattr(lent_clipboard, "read_contents", select_and_read)
        assert await clipboard.is_echoed("text")
