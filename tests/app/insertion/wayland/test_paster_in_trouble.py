"""Failures during insertion: killed helpers, hanging targets, a compositor that restarts."""

import asyncio
import signal
import sys
from functools import partial
from pathlib import Path

import psutil
import pytest

from app.insertion.helper.inserter import HelperInserter
from app.insertion.outcome import HoldReason, Insertion, InsertionResult, held_insertion
from tests.app.insertion.wayland.conftest import opened, same_clipboard, same_text
from tests.helpers.desktop import TextField
from tests.helpers.waiting import DEADLINE_S, wait_until, wait_until_sync
from tests.helpers.wayland_desktop import WaylandDesktop, running_labwc
from tests.helpers.wayland_hand import Hand

PASTED = Insertion(InsertionResult.PASTED)
BEFORE = {"text/html": b"<b>b</b>", "image/png": bytes(range(256)) * 1000, "text/plain;charset=utf-8": b"b"}
PRESSES = """
import asyncio, os, signal
from app.insertion.wayland.keyboard import VirtualKeyboard

async def main():
    keyboard = await VirtualKeyboard.open(os.environ)
    keyboard._key(29, down=True)
    keyboard._device.request("modifiers", 4, 0, 0, 0)
    keyboard._key(47, down=True)
    await keyboard._wayland.roundtrip()
    os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main())
"""


async def test_text_is_held_when_the_helper_dies_before_the_key(sway: WaylandDesktop, tmp_path: Path) -> None:
    sway.copy_all(BEFORE)
    field = TextField(sway, "of a dying helper")
    command = (sys.executable, "-m", "tests.helpers.dying_helper", str(tmp_path / "died"))
    async with opened(sway, command=command) as inserter:
        target = await inserter.target()
        assert await inserter.insert("text", target) == held_insertion(HoldReason.UNCERTAIN)
        assert await wait_until(inserter.target, "there is another helper") == target
        assert await inserter.insert("next", target) == held_insertion(HoldReason.NOT_READ), "a key may be pending"
        await wait_until(lambda: same_clipboard(sway, BEFORE), "it is given back")
    assert field.text == "" and field.pastes == []


async def test_text_is_not_pasted_late_when_the_helper_was_killed(sway: WaylandDesktop) -> None:
    """The target processes its key only after the helper's death. It gets nothing, not even the user's copy."""
    sway.copy_all(BEFORE)
    field = TextField(sway, "of a killed helper")
    process = sway.processes[-1]
    async with opened(sway) as inserter:
        target = await inserter.target()
        killed = inserter.helper
        assert killed is not None
        process.send_signal(signal.SIGSTOP)
        waiting = asyncio.create_task(inserter.insert("text", target))
        await wait_until(partial(same_text, sway, b"text"), "it is offered")
        await wait_until(lambda: killed.late, "the key is pressed")
        killed.kill()
        assert await waiting == held_insertion(HoldReason.UNCERTAIN)
        await wait_until(lambda: inserter.helper not in (None, killed), "there is another helper")
        process.send_signal(signal.SIGCONT)
        sway.tap("z")
        await field.shows("z")
        await wait_until(lambda: same_clipboard(sway, BEFORE), "it is given back")


@pytest.mark.parametrize("deaths", [1, pytest.param(3, marks=pytest.mark.proof(minutes=0.3))])
async def test_restored_clipboard_survives_a_killed_helper(sway: WaylandDesktop, deaths: int) -> None:
    sway.copy_all(BEFORE)
    field = TextField(sway, "then killed")
    async with opened(sway) as inserter:
        for times in range(1, deaths + 1):
            assert await inserter.insert("text ", await inserter.target()) == PASTED
            await field.shows("text " * times)
            await wait_until(lambda: same_clipboard(sway, BEFORE), "it is given back")
            killed = inserter.helper
            assert killed is not None
            killed.kill()
            await wait_until(lambda: inserter.helper not in (None, killed), "there is another helper")  # noqa: B023 - awaited here
            await wait_until(lambda: same_clipboard(sway, BEFORE), "it is there again")


async def test_no_key_stays_down_when_the_helper_is_killed_in_between(sway: WaylandDesktop) -> None:
    """The compositor releases the keys of a keyboard whose program has ended."""
    sway.copy(b" ")
    field = TextField(sway, "with keys down")
    process = sway.start(sys.executable, "-c", PRESSES)
    assert await asyncio.to_thread(process.wait, 10) == -signal.SIGKILL
    for times in (1, 2, 3):
        sway.tap("z")
        await wait_until(lambda: field.text.count("z") == times, "a letter is a letter")  # noqa: B023 - awaited here
    assert "v" not in field.text


async def test_text_for_a_closed_window_reaches_no_other_after_the_helper_was_replaced(
    labwc: WaylandDesktop,
) -> None:
    """The next helper lists the windows anew, and the window that is left is now the first."""
    TextField(labwc, "closed soon")
    closed = labwc.processes[-1]
    async with opened(labwc) as inserter:
        target = await wait_until(inserter.target, "the first window is known")
        field = TextField(labwc, "there all along")
        closed.terminate()
        closed.wait(DEADLINE_S)
        killed = inserter.helper
        assert killed is not None
        killed.kill()
        await wait_until(lambda: inserter.helper not in (None, killed), "there is another helper")
        assert await inserter.insert("text", target) == held_insertion(HoldReason.FOCUS_MOVED)
        assert await inserter.insert("next", await inserter.target()) == PASTED
        await field.shows("next")


async def test_insertion_works_again_when_the_compositor_has_restarted(tmp_path: Path) -> None:
    with running_labwc(tmp_path) as desktop:
        TextField(desktop, "before the end")
        inserter = await HelperInserter.on_wayland(desktop.environment, patience_s=10.0)
        target = await inserter.target()
        assert await inserter.insert("text", target) == PASTED
        compositor = next(one for one in desktop.processes if "labwc" in psutil.Process(one.pid).name())
        compositor.kill()
        compositor.wait(DEADLINE_S)
        assert (await inserter.insert("lost", target)).how is InsertionResult.HELD
        assert await inserter.target() is None
        restart(desktop, tmp_path)
        field = TextField(desktop, "after the start")
        found = await wait_until(inserter.target, "there is a helper")
        assert await inserter.insert("next", found) == PASTED
        await field.shows("next")
        await inserter.close()


def restart(desktop: WaylandDesktop, folder: Path) -> None:
    """Start labwc once more, at the same socket."""
    desktop.hand.close()
    (folder / "session").unlink()
    result = f"env > {folder}/session"
    desktop.start("labwc", "-C", str(folder / "labwc"), "-s", f"sh -c '{result}'")
    wait_until_sync((folder / "session").exists, "the compositor runs")
    desktop.hand = Hand(desktop.environment)
