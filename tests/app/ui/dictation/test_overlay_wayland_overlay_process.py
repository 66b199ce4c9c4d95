"""Overlay of another process on the XWayland of sway: place, look, focus, and the end of that process."""

import os
import shlex
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import pytest
from pytestqt.qtbot import QtBot

from app.core.live_text import TextSpan
from app.core.states import State
from app.dictation.view import View
from app.ui.dictation import overlay_wayland
from app.ui.dictation.overlay_wayland import COMMAND, OverlayProcess
from app.ui.strings.texts import Texts
from app.ui.theme.colours import Scheme
from app.ui.theme.theme import STILL, Theme
from runtime.event_names import LogEvent
from runtime.leash import leashed_command
from tests.helpers.desktop import TextField
from tests.helpers.logs import capture_logs
from tests.helpers.wayland_desktop import WaylandDesktop, running_sway
from tests.helpers.wayland_eye import drawn, picture, seen

LISTENING = View(State.LISTENING, 1.0, -20.0, (TextSpan("kia ora 你好", True),))


@pytest.fixture(scope="module")
def desktop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WaylandDesktop]:
    with running_sway(tmp_path_factory.mktemp("sway")) as running:
        yield running


@contextmanager
def shown_by_process(desktop: WaylandDesktop, texts: Texts, hint: Path) -> Iterator[OverlayProcess]:
    made = OverlayProcess(Theme(Scheme.LIGHT, STILL), texts, desktop.environment, hint)
    try:
        yield made
    finally:
        made.close()


def test_overlay_is_at_bottom_follows_settings_and_ends_with_its_process(
    desktop: WaylandDesktop, texts: Texts, tmp_path: Path, qtbot: QtBot
) -> None:
    with shown_by_process(desktop, texts, tmp_path / "hint") as overlay:
        overlay.show_view(LISTENING)
        seen(qtbot, lambda: (found := drawn(picture(desktop))) and found.bottom == 800 - 48)
        overlay.choose_place("top")
        seen(qtbot, lambda: (found := drawn(picture(desktop))) and found.y == 48)
        small = drawn(picture(desktop))
        assert small is not None and abs(small.middle[0] - 640) <= 1
        overlay.show_view(View())
        seen(qtbot, lambda: drawn(picture(desktop)) is None)
        process = psutil.Process(overlay.pid)
    assert not process.is_running()


def test_focus_stays_while_overlay_appears_and_goes(desktop: WaylandDesktop, tmp_path: Path, qtbot: QtBot) -> None:
    field = TextField(desktop)
    seen(qtbot, lambda: (picture(desktop)[-200:-40, 40:-40] > 200).all())  # its ground is drawn
    before = picture(desktop)[400:]
    with shown_by_process(desktop, Texts("en"), tmp_path / "hint") as overlay:
        overlay.show_view(LISTENING)
        seen(qtbot, lambda: drawn(picture(desktop)[400:], before, 64) is not None)
        assert desktop.focused == field.title
        overlay.show_view(View())
        seen(qtbot, lambda: drawn(picture(desktop)[400:], before, 64) is None)
        assert desktop.focused == field.title
    ended = desktop.processes.pop()
    ended.terminate()
    ended.wait()


def test_killed_process_is_started_again_but_not_for_ever(
    desktop: WaylandDesktop, tmp_path: Path, qtbot: QtBot
) -> None:
    with capture_logs() as logs, shown_by_process(desktop, Texts("en"), tmp_path / "hint") as overlay:
        overlay.show_view(LISTENING)
        seen(qtbot, lambda: drawn(picture(desktop)) is not None)
        os.kill(overlay.pid, signal.SIGKILL)
        seen(qtbot, lambda: overlay.starts == 2)
        seen(qtbot, lambda: drawn(picture(desktop)) is not None)
        for ends in (2, 3, 4):
            os.kill(overlay.pid, signal.SIGKILL)
            qtbot.waitUntil(partial(_told, logs, ends))
        seen(qtbot, lambda: not overlay.pid)
        overlay.show_view(View())
        overlay.choose_place("top")
    assert [line["event"] for line in logs] == [LogEvent.OVERLAY_HELPER_ENDED] * 3 + [LogEvent.OVERLAY_ABSENT]


def test_overlay_that_could_not_start_appears_with_the_next_recording(
    desktop: WaylandDesktop, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "program"  # cannot be executed yet
    command = leashed_command([*COMMAND, str(tmp_path / "hint")])
    program.write_text(f"#!/bin/sh\nexec {shlex.join(command)}\n")
    monkeypatch.setattr(overlay_wayland, "leashed_command", lambda command: [str(program)])
    with capture_logs() as logs, shown_by_process(desktop, Texts("en"), tmp_path / "hint") as overlay:
        qtbot.waitUntil(partial(_told, logs, 1))
        overlay.show_view(LISTENING)
        qtbot.waitUntil(partial(_told, logs, 2))
        overlay.show_view(View())
        program.chmod(0o700)
        overlay.show_view(LISTENING)
        seen(qtbot, lambda: drawn(picture(desktop)) is not None)
    assert [line["event"] for line in logs] == [LogEvent.OVERLAY_ABSENT] * 2


def _told(logs: list[Any], count: int) -> bool:
    return len(logs) == count


def test_process_that_reads_nothing_is_killed(desktop: WaylandDesktop, tmp_path: Path, qtbot: QtBot) -> None:
    long = View(State.LISTENING, spans=(TextSpan("kia ora " * 10_000, True),))
    with shown_by_process(desktop, Texts("en"), tmp_path / "hint") as overlay:
        seen(qtbot, lambda: overlay.pid > 0)
        os.kill(overlay.pid, signal.SIGSTOP)
        for _ in range(30):
            overlay.show_view(long)
        seen(qtbot, lambda: overlay.starts == 2)
