"""Insertion into real windows of real compositors. ``test_paster_in_trouble.py`` has the failures."""

import asyncio
import os
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from app.insertion.errors import ScreenMissing
from app.insertion.helper.inserter import HelperInserter
from app.insertion.outcome import HoldReason, Insertion, InsertionResult, held_insertion
from app.insertion.plan import ProgramRule, Rules, Strategy
from tests.app.insertion.wayland.conftest import managing, opened, same_clipboard
from tests.helpers.desktop import Terminal, TextField
from tests.helpers.waiting import DEADLINE_S, wait_until
from tests.helpers.wayland_desktop import FootTerminal, WaylandDesktop

TEXT = "Hello 你好 — naïve 😀 "
PASTED = Insertion(InsertionResult.PASTED)
BEFORE = {"text/html": b"<b>b</b>", "image/png": bytes(range(256)) * 1000, "text/plain;charset=utf-8": b"b"}
APP = """
import asyncio, os
from app.insertion.helper.inserter import HelperInserter

async def main():
    inserter = await HelperInserter.on_wayland(os.environ, patience_s=10)
    print((await inserter.insert("text", await inserter.target())).how.value, flush=True)
    await asyncio.sleep(600)

asyncio.run(main())
"""


ONCE = pytest.param("labwc", marks=pytest.mark.proof(minutes=0.2))
"""Labwc where a test on sway suffices in the suite."""


@pytest.fixture
def desktop(request: pytest.FixtureRequest) -> WaylandDesktop:
    found: WaylandDesktop = request.getfixturevalue(request.param)
    return found


@pytest.mark.parametrize("desktop", ["sway", "labwc"], indirect=True)
async def test_text_arrives_exactly_and_the_clipboard_returns(desktop: WaylandDesktop) -> None:
    selected = {"text/plain;charset=utf-8": b"selected"}
    desktop.copy_all(BEFORE)
    desktop.copy_all(selected, primary=True)
    async with opened(desktop) as inserter:
        for kind in (TextField, FootTerminal, Terminal):
            window = kind(desktop, kind.__name__)
            for times in (1, 2):
                assert await inserter.insert(TEXT, await inserter.target()) == PASTED
                await window.shows(TEXT * times)
    assert await same_clipboard(desktop, BEFORE)
    assert await same_clipboard(desktop, selected, primary=True)


@pytest.mark.parametrize("count", [8, pytest.param(200, marks=pytest.mark.proof(minutes=2))])
async def test_clipboard_is_unchanged_after_many_texts(sway: WaylandDesktop, count: int) -> None:
    sway.copy_all(BEFORE)
    field = TextField(sway, f"for {count} texts")
    async with opened(sway) as inserter, managing(sway) as reads:
        target = await inserter.target()
        texts = [f"text {number} 第{number}句。" for number in range(count)]
        for text in texts:
            assert await inserter.insert(text, target) == PASTED
            await wait_until(partial(reads.__contains__, text.encode()), "a manager has read it")
        await field.shows("".join(texts))
        await wait_until(lambda: same_clipboard(sway, BEFORE), "it is given back")
        sway.tap("z")
        await field.shows("".join(texts) + "z")
        assert [text.decode() for text in reads if text != b"b"] == texts, "a manager has read each of them"


async def test_text_is_held_when_only_a_clipboard_manager_reads(sway: WaylandDesktop) -> None:
    sway.copy_all(BEFORE)
    TextField(sway, "of a stopped program")
    process = sway.processes[-1]
    async with opened(sway, patience_s=0.2) as inserter, managing(sway) as reads:
        target = await inserter.target()
        process.send_signal(signal.SIGSTOP)
        assert await inserter.insert("text", target) == held_insertion(HoldReason.NOT_READ)
        process.send_signal(signal.SIGCONT)
        assert b"text" in reads
        await wait_until(lambda: same_clipboard(sway, BEFORE), "it is given back")


async def test_late_clipboard_manager_is_not_mistaken_for_the_target(sway: WaylandDesktop) -> None:
    TextField(sway, "slower than a manager")
    process = sway.processes[-1]
    async with opened(sway, patience_s=2.0) as inserter, managing(sway, late_s=0.3) as reads:
        target = await inserter.target()
        process.send_signal(signal.SIGSTOP)
        assert await inserter.insert("text", target) == held_insertion(HoldReason.NOT_READ)
        assert b"text" in reads, "the manager has read it after the key"
        process.send_signal(signal.SIGCONT)


async def test_text_is_uncertain_when_the_focus_has_moved_after_the_key(sway: WaylandDesktop) -> None:
    """The compositor may have given the key to the other window."""
    TextField(sway, "stopped, then without the focus")
    process = sway.processes[-1]
    async with opened(sway) as inserter:
        process.send_signal(signal.SIGSTOP)
        inserting = asyncio.create_task(inserter.insert("text", await inserter.target()))
        await wait_until(lambda: inserter.helper is not None and inserter.helper.late, "the key is pressed")
        await asyncio.to_thread(TextField, sway, "with the focus")
        assert await inserting == held_insertion(HoldReason.UNCERTAIN)
        process.send_signal(signal.SIGCONT)


async def test_text_is_uncertain_when_another_program_offers_the_same(sway: WaylandDesktop) -> None:
    """Programs that synchronise clipboards do so; the target then reads the text from them."""
    field = TextField(sway, "beside a synchroniser")
    process = sway.processes[-1]
    async with opened(sway) as inserter:
        process.send_signal(signal.SIGSTOP)
        inserting = asyncio.create_task(inserter.insert("text", await inserter.target()))
        await wait_until(lambda: inserter.helper is not None and inserter.helper.late, "the key is pressed")
        await asyncio.to_thread(sway.copy, b"text")
        process.send_signal(signal.SIGCONT)
        assert await inserting == held_insertion(HoldReason.UNCERTAIN)
    await field.shows("text")


async def test_rules_of_programs_apply(sway: WaylandDesktop) -> None:
    field = TextField(sway, "with rules")
    async with opened(sway) as inserter:
        target = await inserter.target()
        assert target is not None
        inserter.rules = Rules(Strategy.TYPE)
        assert await inserter.insert("one\ntwo ", target) == PASTED, "typing is not possible here"
        inserter.rules = Rules(programs=(ProgramRule(target.program, hold=True),))
        assert await inserter.insert("text", target) == held_insertion(HoldReason.PROGRAM_RULE)
    await field.shows("one\ntwo ")


@pytest.mark.parametrize("desktop", ["sway", ONCE], indirect=True)
async def test_text_is_not_inserted_into_another_window(desktop: WaylandDesktop) -> None:
    first = TextField(desktop, "spoken into")
    async with opened(desktop) as inserter:
        target = await inserter.target()
        second = TextField(desktop, "then chosen")
        assert await inserter.insert("text", target) == held_insertion(HoldReason.FOCUS_MOVED)
        first.focus()
        assert await inserter.insert("text", target) == PASTED
    await first.shows("text")
    assert second.text == ""


async def test_clipboard_survives_the_app(sway: WaylandDesktop) -> None:
    """The app is killed; its helper restores the clipboard and hands it to a keeper."""
    sway.copy_all(BEFORE)
    field = TextField(sway, "of a killed app")
    app = await asyncio.create_subprocess_exec(
        sys.executable, "-c", APP, env=sway.environment, stdout=subprocess.PIPE
    )
    assert app.stdout is not None
    assert await app.stdout.readline() == b"pasted\n"
    app.kill()
    assert await app.wait() == -signal.SIGKILL
    async with asyncio.timeout(DEADLINE_S):
        assert await app.stdout.read() == b"", "no process holds the app's output open"
    await field.shows("text")
    await wait_until(lambda: same_clipboard(sway, BEFORE), "it is given back")


async def test_error_says_what_to_do_without_a_compositor(tmp_path: Path) -> None:
    with pytest.raises(ScreenMissing, match="Wayland session"):
        await HelperInserter.on_wayland(os.environ | {"XDG_RUNTIME_DIR": str(tmp_path), "WAYLAND_DISPLAY": ""})
