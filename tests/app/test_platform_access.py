"""Tests of the app on a platform without a screen: it has no keys and holds texts, and says so."""

from contextlib import AsyncExitStack

import pytest

from app.core.errors import Note
from app.hotkeys.choose import NoHotkeys
from app.insertion.outcome import HeldInserter
from app.insertion.plan import Rules
from app.messages.kinds import News, Problem
from app.platform_access import enter_hotkeys, open_inserter_or_hold


@pytest.fixture(autouse=True)
def no_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "XDG_SESSION_TYPE"):
        monkeypatch.delenv(name, raising=False)


async def test_missing_screen_is_reported_instead_of_hotkeys() -> None:
    received: list[News] = []
    async with AsyncExitStack() as cleanup:
        assert isinstance(await enter_hotkeys(cleanup, received.append), NoHotkeys)
    assert received == [Problem("hotkeys", note=Note("hotkeys-no-display"))]


async def test_texts_are_held_and_the_reason_is_reported_without_screen() -> None:
    received: list[News] = []
    assert isinstance(await open_inserter_or_hold(received.append, None, Rules()), HeldInserter)
    (reported,) = received
    assert isinstance(reported, Problem) and reported.about == "insertion" and "no display" in reported.text
