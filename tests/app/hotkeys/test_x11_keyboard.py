"""Tests of the X11 keyboard alone; ``test_x11`` has the rest."""

import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from app.hotkeys import x11_keyboard
from app.hotkeys.errors import HotkeysLost
from app.hotkeys.events import KeyEvent
from app.hotkeys.x11_keyboard import Keyboard, KeyStamps
from tests.helpers.desktop import running_desktop
from tests.helpers.waiting import wait_until
from tests.helpers.x11 import connected


def test_release_is_timed_by_the_stamps_however_late_it_is_handled() -> None:
    times = KeyStamps()
    assert times.event_time(5_000, 70.0, first=True) == 70.0
    assert times.event_time(5_080, 70.9, first=False) == pytest.approx(70.08)
    assert times.event_time(5_080, 70.01, first=False) == 70.01, "never in the future"


def test_timestamps_that_wrap_around_are_understood() -> None:
    times = KeyStamps()
    times.event_time(0xFFFFFFFF - 40, 70.0, first=True)
    assert times.event_time(39, 71.0, first=False) == pytest.approx(70.08)


@pytest.mark.skipif(sys.platform != "linux", reason="needs Linux: an X server")
async def test_release_that_is_not_handled_yet_is_not_missed(tmp_path: Path) -> None:
    """A press of the key may follow it at once."""
    events: list[KeyEvent | HotkeysLost] = []
    with running_desktop(tmp_path, tray=False) as desktop, connected(desktop) as connection:
        keyboard = Keyboard(connection, events.append)
        keyboard.bind({"dictate": "right_ctrl"})

        def handled() -> int:
            connection.handle_pending()
            return len(events)

        desktop.xdotool("keydown", "105")
        await wait_until(handled, "the press")
        desktop.xdotool("keyup", "105")
        await wait_until(lambda: not keyboard.is_down("dictate"), "the key is up")
        keyboard.notice_missed()
        assert handled() == 1
        await wait_until(lambda: not keyboard.doubts_s, "no press follows")
        keyboard.notice_missed()
        assert len(events) == 2


@pytest.mark.skipif(sys.platform != "linux", reason="needs Linux: an X server")
async def test_tap_stays_short_if_its_release_is_handled_late(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, an_hour = 1_000.0, 3_600.0
    monkeypatch.setattr(x11_keyboard, "time", SimpleNamespace(monotonic=lambda: now))
    events: list[KeyEvent] = []

    def report(event: KeyEvent | HotkeysLost) -> None:
        assert isinstance(event, KeyEvent)
        events.append(event)

    with running_desktop(tmp_path, tray=False) as desktop, connected(desktop) as connection:
        keyboard = Keyboard(connection, report)
        keyboard.bind({"dictate": "right_ctrl"})

        def handled(count: int) -> bool:
            nonlocal now
            now += 1.0
            connection.handle_pending()
            keyboard.notice_missed()
            return len(events) == count

        desktop.xdotool("keydown", "105")
        await wait_until(lambda: handled(1), "the press")
        desktop.xdotool("keyup", "105")
        now += an_hour
        await wait_until(lambda: handled(2), "the release")
    assert [event.pressed for event in events] == [True, False]
    assert events[1].at_s - events[0].at_s < an_hour
