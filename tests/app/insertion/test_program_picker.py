"""Picks run one at a time and can be stopped."""

import asyncio
from pathlib import Path

import pytest

from app.insertion.program_picker import PickProgram, PickState, ProgramPick, ProgramPicker, can_pick, pick_on_x11
from tests.helpers.desktop import Desktop, TextField
from tests.helpers.waiting import wait_until

KITTY = ProgramPick(PickState.PICKED, "kitty")
WAITING = ProgramPick(PickState.WAITING)


async def clicked_at_once() -> ProgramPick:
    return KITTY


async def never_clicked() -> ProgramPick:
    await asyncio.Event().wait()
    return KITTY


async def test_picked_program_is_reported() -> None:
    received: list[ProgramPick] = []
    async with ProgramPicker(received.append, clicked_at_once) as picker:
        picker.ask(PickProgram(True))
        await wait_until(lambda: received == [WAITING, KITTY], "the program is told")
        picker.ask(PickProgram(True))
        await wait_until(lambda: received[2:] == [WAITING, KITTY], "it can be picked again")
        picker.ask(PickProgram(False))


async def test_pick_is_stopped_and_runs_once_at_a_time() -> None:
    received: list[ProgramPick] = []
    async with ProgramPicker(received.append, never_clicked) as picker:
        picker.ask(PickProgram(True))
        await wait_until(lambda: received == [WAITING], "it waits")
        picker.ask(PickProgram(True))
        picker.ask(PickProgram(False))
        await wait_until(lambda: received == [WAITING, ProgramPick(PickState.CANCELLED)], "it was stopped")


async def test_pick_ends_with_the_app() -> None:
    received: list[ProgramPick] = []
    async with ProgramPicker(received.append, never_clicked) as picker:
        picker.ask(PickProgram(True))
        await wait_until(lambda: received == [WAITING], "it waits")
    assert received[-1] == ProgramPick(PickState.CANCELLED)


async def test_pick_on_a_real_screen_reports_the_clicked_program(
    screen: Desktop, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DISPLAY", screen.display)
    monkeypatch.setenv("XAUTHORITY", str(tmp_path / "none"))
    window = TextField(screen, "clicked").focus()
    screen.xdotool("windowsize", "--sync", window, "300", "200", "windowmove", "--sync", window, "400", "300")
    received: list[ProgramPick] = []
    async with ProgramPicker(received.append, pick_on_x11) as picker:
        picker.ask(PickProgram(True))
        await wait_until(lambda: received == [WAITING], "it waits")

        def clicked() -> bool:  # the pointer is grabbed a moment later, and an earlier click reaches the window
            screen.xdotool("mousemove", "500", "400", "click", "1")
            return len(received) > 1

        await wait_until(clicked, "the click is seen")
    assert received[-1] == ProgramPick(PickState.PICKED, "text_field.py")


@pytest.mark.parametrize(
    ("platform", "environment", "possible"),
    [
        ("linux", {"DISPLAY": ":0"}, True),
        ("linux", {}, False),
        ("linux", {"DISPLAY": ":0", "WAYLAND_DISPLAY": "wayland-0"}, False),
        ("win32", {"DISPLAY": ":0"}, False),
        ("darwin", {}, False),
    ],
)
def test_windows_can_be_picked_on_x11_only(platform: str, environment: dict[str, str], possible: bool) -> None:
    assert can_pick(platform, environment) is possible
