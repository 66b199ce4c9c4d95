"""Sessions with a keyboard: granted, denied, unanswered, idle, revoked, and after a restart of the portal."""

import asyncio
from collections.abc import Callable

import pytest

from app.bus.errors import BusSilent
from app.insertion.errors import PermissionMissing, SessionMissing
from app.insertion.portal.permission import Permission
from app.insertion.portal.session import RemoteSession, SessionTimes
from tests.app.insertion.portal.conftest import START, RemoteDesktop
from tests.helpers.desktop_portal import CANCELLED, GRANTED, REFUSED, SILENT, DesktopPortal
from tests.helpers.waiting import DEADLINE_S, wait_until

Opener = Callable[..., RemoteSession]
SELECT = "RemoteDesktop.SelectDevices"


async def test_first_session_asks_and_the_next_uses_the_token(
    opener: Opener, desktop: RemoteDesktop, permission: Permission
) -> None:
    session = opener()
    first = await session.open_session()
    assert await session.open_session() is first and permission.token == "token 1"
    await session.end()
    assert not session.is_open
    assert await session.open_session() is not first
    asked = [call.values[-1] for call in desktop.portal.calls_of(SELECT)]
    assert [(each["types"].value, each["persist_mode"].value) for each in asked] == [(1, 2)] * 2
    assert "restore_token" not in asked[0] and asked[1]["restore_token"].value == "token 1"
    assert not desktop.portal.calls_of("Clipboard.RequestClipboard")


@pytest.mark.parametrize(
    "answer", [(CANCELLED, {}), (REFUSED, {}), (GRANTED, {"devices": ("u", 0)}), (GRANTED, {"devices": ("u", 1)})]
)
async def test_refusal_is_not_asked_about_again(
    opener: Opener,
    desktop: RemoteDesktop,
    permission: Permission,
    answer: tuple[int, dict[str, tuple[str, object]]],
) -> None:
    desktop.portal.answers[START] = answer
    for session in (opener(clipboard=True), opener(clipboard=True)):
        with pytest.raises(PermissionMissing):
            await session.open_session()
    assert len(desktop.portal.calls_of(START)) == 1 == len(desktop.portal.calls_of("Session.Close"))
    assert permission.refused


async def test_portal_that_fails_after_a_permission_is_no_refusal_but_the_next_answer_counts(
    opener: Opener, desktop: RemoteDesktop, permission: Permission
) -> None:
    await opener().open_session()
    desktop.portal.answers[START] = (REFUSED, {})  # so does xdg-desktop-portal if its part for the desktop crashes
    session = opener()
    with pytest.raises(SessionMissing, match="failed"):
        await session.open_session()
    assert not permission.refused
    with pytest.raises(PermissionMissing):
        await session.open_session()
    asked = [call.values[-1] for call in desktop.portal.calls_of(SELECT)]
    assert ["restore_token" in each for each in asked] == [False, True, False]  # the portal takes a token once
    assert permission.refused


async def test_text_does_not_wait_for_an_open_dialog_but_its_answer_counts(
    opener: Opener, desktop: RemoteDesktop
) -> None:
    session = opener(times=SessionTimes(ask_s=DEADLINE_S, wait_s=0.1))
    desktop.portal.answers[START] = (SILENT, {})
    for _ in range(2):
        with pytest.raises(PermissionMissing, match="asks"):
            await session.open_session()
    await desktop.allow()
    await wait_until(lambda: session.is_open, "the answer arrives")
    await session.open_session()
    assert len(desktop.portal.calls_of(START)) == 1


async def test_dialog_that_no_one_answers_is_a_refusal(
    opener: Opener, desktop: RemoteDesktop, permission: Permission
) -> None:
    session = opener(times=SessionTimes(ask_s=0.1, wait_s=DEADLINE_S))
    desktop.portal.answers[START] = (SILENT, {})
    with pytest.raises(PermissionMissing, match="nobody answered"):
        await session.open_session()
    assert permission.refused and desktop.portal.calls_of("Request.Close")


async def test_idle_session_is_closed_unless_it_is_needed(opener: Opener, desktop: RemoteDesktop) -> None:
    session = opener(times=SessionTimes(ask_s=DEADLINE_S, wait_s=DEADLINE_S, idle_s=0.1))
    session.keep_open(on=True)
    await session.open_session()
    session.keep_open(on=False)
    await wait_until(lambda: not session.is_open, "it is closed")
    await wait_until(lambda: bool(desktop.portal.calls_of("Session.Close")), "the portal is told")


async def test_needed_session_stays_open(opener: Opener, desktop: RemoteDesktop) -> None:
    session = opener(times=SessionTimes(ask_s=DEADLINE_S, wait_s=DEADLINE_S, idle_s=0.0))
    session.keep_open(on=True)
    await session.open_session()
    for _ in range(5):
        await asyncio.sleep(0)  # a timer of 0 s would have run
    assert session.is_open


async def test_revoked_session_is_opened_again_when_a_text_needs_it(
    opener: Opener, desktop: RemoteDesktop
) -> None:
    session = opener()
    first = await session.open_session()
    await desktop.portal.end_session()
    await wait_until(lambda: not session.is_open, "the end is noticed")
    with pytest.raises(BusSilent):
        await session.call("RemoteDesktop", "NotifyKeyboardKeycode", "oa{sv}iu", {}, 1, 1, deadline_s=1)
    assert await session.open_session() is not first


async def test_portal_that_is_gone_is_used_again_when_it_is_back(
    opener: Opener, desktop: RemoteDesktop, address: str, permission: Permission
) -> None:
    session = opener()
    await session.open_session()
    await desktop.portal.stop()
    await wait_until(lambda: not session.is_open, "the end is noticed")
    with pytest.raises(SessionMissing):
        await session.open_session()
    assert not permission.refused
    async with await DesktopPortal.start(address, {}) as portal:
        RemoteDesktop(portal)
        await session.open_session()


async def test_session_of_a_desktop_without_a_portal_is_missing(opener: Opener) -> None:
    with pytest.raises(SessionMissing):
        await opener().open_session()
