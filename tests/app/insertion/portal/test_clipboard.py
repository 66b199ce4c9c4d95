"""The clipboard of the portal: lent, read, and restored with all its formats."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from app.insertion.errors import PermissionMissing
from app.insertion.portal.clipboard import PortalClipboard
from app.insertion.portal.session import RemoteSession, SessionTimes
from tests.app.insertion.portal.conftest import START, RemoteDesktop
from tests.helpers.desktop_portal import CANCELLED, SILENT
from tests.helpers.waiting import DEADLINE_S, wait_until

Opener = Callable[..., RemoteSession]
TEXT = "Hello 你好 — naïve 😀"
BEFORE = {"text/html": b"<b>before</b>", "text/plain": b"before", "image/png": b"\x89PNG"}
SET = "Clipboard.SetSelection"


@pytest.fixture
async def session(opener: Opener) -> RemoteSession:
    """Return a session with a clipboard."""
    return opener(clipboard=True)


@pytest.fixture
async def clipboard(session: RemoteSession, request: pytest.FixtureRequest) -> AsyncIterator[PortalClipboard]:
    """Return the clipboard of the session; it is patient, unless a test without a reader is ``hasty``."""
    clipboard = PortalClipboard(session, getattr(request, "param", DEADLINE_S))
    yield clipboard
    await clipboard.close()


hasty = pytest.mark.parametrize("clipboard", [0.3], indirect=True)


async def lend(clipboard: PortalClipboard) -> None:
    """Lend the clipboard to the text, up to the key press."""
    assert await clipboard.keep(primary=False)
    assert await clipboard.offer(TEXT, primary=False)
    clipboard.expect_read()


async def test_text_is_read_and_all_formats_come_back(
    clipboard: PortalClipboard, desktop: RemoteDesktop, session: RemoteSession
) -> None:
    desktop.copied = BEFORE
    await lend(clipboard)
    reading = asyncio.ensure_future(clipboard.until_read(5))
    assert (await desktop.paste("text/plain;charset=utf-8")).decode() == TEXT
    assert await reading
    await clipboard.give_back()
    assert desktop.selections[-1] == list(BEFORE)
    for serial, (name, data) in enumerate(BEFORE.items(), start=2):
        assert await desktop.paste(name, serial) == data
    assert session.is_open


@hasty
async def test_read_before_the_key_does_not_count_and_the_text_is_withdrawn(
    clipboard: PortalClipboard, desktop: RemoteDesktop
) -> None:
    await lend(clipboard)
    assert not await clipboard.until_read(3_600), "the deadline is over long before"
    assert await desktop.paste(serial=2) == b"", "a late target gets nothing"
    await clipboard.give_back()
    assert await desktop.paste(serial=3) == b" ", "the portal cannot copy nothing"


async def test_text_is_not_offered_when_the_desktop_has_not_read_it(
    clipboard: PortalClipboard, desktop: RemoteDesktop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.insertion.portal.clipboard.DESKTOP_S", 0.1)
    desktop.reads_itself = False
    assert await clipboard.keep(primary=False)
    assert not await clipboard.offer(TEXT, primary=False), "its read would be taken for that of the target"


@hasty
async def test_format_without_text_does_not_count(clipboard: PortalClipboard, desktop: RemoteDesktop) -> None:
    await lend(clipboard)
    reading = asyncio.ensure_future(clipboard.until_read(5))
    await desktop.paste("x-kde-passwordManagerHint", 2)
    assert not await reading


async def test_copy_of_another_program_is_kept(clipboard: PortalClipboard, desktop: RemoteDesktop) -> None:
    desktop.copied = BEFORE
    await lend(clipboard)
    reading = asyncio.ensure_future(clipboard.until_read(5))
    await desktop.copy({"text/plain": b"theirs"})
    assert not await reading
    await clipboard.give_back()
    assert desktop.owned is None
    assert not await clipboard.offer("", primary=False)
    assert await clipboard.keep(primary=False)
    assert await clipboard.offer("next", primary=False)
    await clipboard.close()
    assert desktop.selections[-1] == ["text/plain"]


async def test_second_text_keeps_the_contents_of_the_first(
    clipboard: PortalClipboard, desktop: RemoteDesktop
) -> None:
    desktop.copied = BEFORE
    await lend(clipboard)
    await lend(clipboard)
    await clipboard.close()
    assert desktop.selections[-1] == list(BEFORE)
    assert len(desktop.portal.calls_of("Clipboard.SelectionRead")) == len(BEFORE)


@hasty
async def test_contents_come_back_after_a_revoked_session(
    clipboard: PortalClipboard, desktop: RemoteDesktop, session: RemoteSession
) -> None:
    desktop.copied = BEFORE
    await lend(clipboard)
    reading = asyncio.ensure_future(clipboard.until_read(5))
    desktop.copied = {"text/plain;charset=utf-8": TEXT.encode()}  # the desktop keeps a plain text
    await desktop.portal.end_session()
    assert not await reading, "no program has read the text"
    await clipboard.give_back()
    assert desktop.selections[-1] == list(BEFORE)


@hasty
async def test_contents_come_back_once_a_slow_portal_has_opened_the_session_again(
    clipboard: PortalClipboard, desktop: RemoteDesktop, session: RemoteSession
) -> None:
    desktop.copied = BEFORE
    await lend(clipboard)
    reading = asyncio.ensure_future(clipboard.until_read(5))
    desktop.copied = {"text/plain;charset=utf-8": TEXT.encode()}
    desktop.portal.answers[START] = (SILENT, {})
    await desktop.portal.end_session()
    assert not await reading
    session._times = SessionTimes(ask_s=DEADLINE_S, wait_s=0.1)
    restoring = asyncio.ensure_future(clipboard.give_back())
    await wait_until(lambda: len(desktop.portal.calls_of(START)) == 2, "the desktop is asked")
    with pytest.raises(PermissionMissing):
        await session.open_session()  # it began to wait later than ``restoring``
    await desktop.allow()
    await restoring
    assert desktop.selections[-1] == list(BEFORE)


async def test_contents_come_back_when_the_portal_did_not_take_them_at_first(
    clipboard: PortalClipboard, desktop: RemoteDesktop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.insertion.portal.clipboard._AGAIN_S", 0.01)
    desktop.copied = BEFORE
    await lend(clipboard)
    desktop.portal.errors[SET] = "org.freedesktop.DBus.Error.NoReply"
    restoring = asyncio.ensure_future(clipboard.give_back())
    await wait_until(lambda: len(desktop.portal.calls_of(SET)) == 2, "they are offered")
    del desktop.portal.errors[SET]
    await restoring
    assert desktop.selections[-1] == list(BEFORE)


async def test_later_copy_is_kept_after_a_revoked_session(
    clipboard: PortalClipboard, desktop: RemoteDesktop, session: RemoteSession
) -> None:
    desktop.copied = BEFORE
    await lend(clipboard)
    desktop.copied = {"text/plain": b"theirs"}
    await desktop.portal.end_session()
    await wait_until(lambda: not session.is_open, "the end is noticed")
    await clipboard.give_back()
    assert len(desktop.selections) == 1


async def test_clipboard_that_is_not_allowed_is_not_lent(
    clipboard: PortalClipboard, desktop: RemoteDesktop
) -> None:
    assert not await clipboard.keep(primary=True), "the portal has no PRIMARY"
    desktop.portal.answers[START] = (CANCELLED, {})
    with pytest.raises(PermissionMissing):
        await clipboard.keep(primary=False)
    assert not desktop.selections


async def test_contents_that_cannot_be_read_are_not_replaced(
    clipboard: PortalClipboard, desktop: RemoteDesktop
) -> None:
    desktop.copied = BEFORE
    desktop.portal.errors["Clipboard.SelectionRead"] = "org.freedesktop.portal.Error.Failed"
    assert not await clipboard.keep(primary=False)
    assert not await clipboard.offer(TEXT, primary=False) and not desktop.selections


@pytest.mark.parametrize(("before", "needed"), [({"text/plain": b"before"}, False), (BEFORE, True)])
async def test_session_is_needed_for_a_lent_text_and_then_for_what_the_desktop_does_not_keep(
    clipboard: PortalClipboard,
    desktop: RemoteDesktop,
    session: RemoteSession,
    before: dict[str, bytes],
    needed: bool,
) -> None:
    desktop.copied = before
    await lend(clipboard)
    assert session.needed
    await clipboard.give_back()
    assert session.needed is needed


async def test_source_is_not_replaced_while_it_is_read(clipboard: PortalClipboard, desktop: RemoteDesktop) -> None:
    desktop.reads_itself = False
    assert await clipboard.keep(primary=False)
    offering = asyncio.ensure_future(clipboard.offer(TEXT, primary=False))
    await wait_until(lambda: len(desktop.selections) == 1, "it is offered")
    assert (await desktop.paste()).decode() == TEXT
    assert await offering
    restoring = asyncio.ensure_future(clipboard.give_back())
    await wait_until(lambda: len(desktop.selections) == 2, "it is restored")
    next_one = asyncio.ensure_future(clipboard.offer("next", primary=False))
    await restoring
    assert await desktop.paste(serial=2) == b" ", "the text before is read first"
    await wait_until(lambda: len(desktop.selections) == 3, "the next one is offered")
    assert await desktop.paste(serial=3) == b"next" and await next_one
    desktop.reads_itself = True
