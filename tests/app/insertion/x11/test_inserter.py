"""The whole inserter with its helper. ``tests/end_to_end/test_insertion.py`` has the answers of other programs."""

import asyncio
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

import psutil
import pytest
from Xlib.display import Display

from app.insertion.errors import InsertionUnavailable
from app.insertion.helper.inserter import HelperInserter
from app.insertion.helper.process import HelperProcess
from app.insertion.outcome import HoldReason, Insertion, InsertionResult, Target, held_insertion
from app.insertion.plan import Newline, ProgramRule, Rules, Strategy
from app.x11.grab_guard import GRAB_DEADLINE_S
from tests.helpers.desktop import PATIENT_S, Desktop, TextField
from tests.helpers.waiting import DEADLINE_S, wait_until


async def test_text_is_held_without_a_target(screen: Desktop) -> None:
    inserter = await HelperInserter.on_x11(screen.display)
    assert await inserter.insert("text", None) == held_insertion(HoldReason.NO_TARGET)
    assert await inserter.insert("text", Target(12345)) == held_insertion(HoldReason.FOCUS_MOVED)
    await inserter.close()
    await inserter.close()
    assert await inserter.target() is None
    assert await inserter.insert("text", Target(12345)) == held_insertion(HoldReason.TARGET_UNKNOWN)


async def test_changed_rules_apply_from_the_next_text_on(screen: Desktop) -> None:
    inserter = await HelperInserter.on_x11(screen.display, patience_s=PATIENT_S, grab_s=PATIENT_S)
    field = TextField(screen, "with rules")
    target = await inserter.target()
    for strategy, how in ((Strategy.TYPE, InsertionResult.TYPED), (Strategy.PASTE, InsertionResult.PASTED)):
        inserter.rules = Rules(strategy, Newline.SPACE)
        assert await inserter.insert("one\ntwo ", target) == Insertion(how)
    await field.shows("one two one\ntwo ")
    await inserter.close()


async def test_program_rule_applies_to_its_program(screen: Desktop) -> None:
    inserter = await HelperInserter.on_x11(screen.display, patience_s=PATIENT_S, grab_s=PATIENT_S)
    field = TextField(screen, "of a program")
    target = await inserter.target()
    assert target is not None and target.program
    for rule, came in (
        (ProgramRule(target.program.upper(), Strategy.TYPE, Newline.SPACE), Insertion(InsertionResult.TYPED)),
        (ProgramRule(target.program, hold=True), held_insertion(HoldReason.PROGRAM_RULE)),
        (ProgramRule("another", hold=True), Insertion(InsertionResult.PASTED)),
    ):
        inserter.rules = Rules(programs=(rule,))
        assert await inserter.insert("one\ntwo ", target) == came
    await field.shows("one two one\ntwo ")
    await inserter.close()


async def test_text_is_pasted_instead_of_typed_into_own_windows(screen: Desktop) -> None:
    """Typed letters would press its buttons."""
    inserter = await HelperInserter.on_x11(screen.display, Rules(Strategy.TYPE), PATIENT_S, PATIENT_S)
    field = TextField(screen, "as if it were ours")
    target = await inserter.target()
    assert target is not None
    assert await inserter.insert("text", replace(target, own=True)) == Insertion(InsertionResult.PASTED)
    await field.shows("text")
    await inserter.close()


async def test_target_is_current_while_a_text_is_being_inserted(screen: Desktop) -> None:
    """The first target hangs and has long to read."""
    inserter = await HelperInserter.on_x11(screen.display, patience_s=DEADLINE_S)
    first = TextField(screen, "spoken into first")
    process = screen.processes[-1]
    target = await inserter.target()
    process.send_signal(signal.SIGSTOP)
    try:
        inserting = asyncio.create_task(inserter.insert("text", target))
        await wait_until(lambda: screen.copied() == b"text", "it is offered")
        async with asyncio.timeout(DEADLINE_S):
            assert await inserter.target() == target
            second = int(TextField(screen, "spoken into then").focus())
            then = await inserter.target()
        assert then is not None and then.window == second
        assert not inserting.done()
    finally:
        process.send_signal(signal.SIGCONT)
    assert await inserting == Insertion(InsertionResult.PASTED)
    await first.shows("text")
    await inserter.close()


async def test_error_says_what_to_do_without_a_screen() -> None:
    with pytest.raises(InsertionUnavailable, match="DISPLAY"):
        await HelperInserter.on_x11(":nowhere")


@asynccontextmanager
async def stuck(desktop: Desktop, when: str, place: Path) -> AsyncIterator[HelperInserter]:
    """Open an inserter whose first helper stops itself (``tests.helpers.stuck_helper``)."""
    command = (sys.executable, "-m", "tests.helpers.stuck_helper", when, str(place))
    inserter = await HelperInserter.on_x11(desktop.display, patience_s=PATIENT_S, command=command)
    try:
        yield inserter
    finally:
        await inserter.close()


def inserting(inserter: HelperInserter) -> psutil.Process:
    """Return the process that talks to the X server."""
    assert inserter.helper is not None
    (found,) = psutil.Process(inserter.helper.pid).children()
    return found


def ended(process: psutil.Process) -> bool:
    with suppress(psutil.NoSuchProcess):
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    return True


async def test_server_answers_again_when_helper_stops_with_grab(screen: Desktop, tmp_path: Path) -> None:
    """No key was pressed, but the app cannot know. The text is held, and its program gets none for a while."""
    assert GRAB_DEADLINE_S == 0.2
    screen.copy(b"copied before")
    first = TextField(screen, "with a stuck helper")
    independent = Display(screen.display)
    async with stuck(screen, "pressing", tmp_path / "stopped") as inserter:
        target, child = await inserter.target(), inserting(inserter)
        waiting = asyncio.create_task(inserter.insert("text", target))
        await wait_until((tmp_path / "stopped").exists, "it stops with the server grabbed")
        await asyncio.to_thread(independent.sync)
        # A process that is killed closes its connection a moment before it has ended.
        with suppress(psutil.NoSuchProcess):
            assert child.status() != psutil.STATUS_STOPPED, "the server answered although it was grabbed"
        assert await waiting == held_insertion(HoldReason.UNCERTAIN)
        await wait_until(lambda: screen.copied() == b"copied before", "what was copied is there again")
        second = TextField(screen, "with the next helper")
        assert await inserter.insert("next", await inserter.target()) == Insertion(InsertionResult.PASTED)
        await second.shows("next")
        first.focus()
        assert await inserter.insert("late", target) == held_insertion(HoldReason.NOT_READ)
    independent.close()
    assert first.text == "" and first.pastes == []


async def test_next_helper_inserts_text_when_helper_stops_before_keys(screen: Desktop, tmp_path: Path) -> None:
    field = TextField(screen, "before any key")
    async with stuck(screen, "begin", tmp_path / "stopped") as inserter:
        target, child = await inserter.target(), inserting(inserter)
        assert await inserter.insert("text", target) == Insertion(InsertionResult.PASTED)
        assert ended(child) and (tmp_path / "stopped").exists()
        await field.shows("text")


def has_another(inserter: HelperInserter, killed: HelperProcess) -> bool:
    return inserter.helper not in (None, killed)


async def test_restored_clipboard_survives_a_killed_helper(screen: Desktop) -> None:
    """Once the clipboard is restored, the helper itself serves the user's copy."""
    screen.copy(b"copied before")
    copier = screen.processes[-1]
    field = TextField(screen, "then killed")
    inserter = await HelperInserter.on_x11(screen.display, patience_s=PATIENT_S)
    for word in ("one ", "two "):
        assert await inserter.insert(word, await inserter.target()) == Insertion(InsertionResult.PASTED)
        await wait_until(lambda: copier.poll() is not None, "another program owns the clipboard")
        await wait_until(lambda: screen.copied() == b"copied before", "it is given back")
        killed = inserter.helper
        assert killed is not None
        killed.kill()
        await wait_until(partial(has_another, inserter, killed), "there is another helper")
        assert screen.copied() == b"copied before"
    await field.shows("one two ")
    await inserter.close()
    assert screen.copied() == b""


async def test_silent_helper_is_replaced_when_no_text_is_being_inserted(screen: Desktop) -> None:
    field = TextField(screen, "after a silent one")
    inserter = await HelperInserter.on_x11(screen.display, patience_s=PATIENT_S)
    child = inserting(inserter)
    child.suspend()
    assert await inserter.target() is None
    await wait_until(lambda: ended(child), "it is killed")
    target = await wait_until(inserter.target, "another one tells the target")
    assert await inserter.insert("text", target) == Insertion(InsertionResult.PASTED)
    await field.shows("text")
    await inserter.close()


async def test_cancelled_insertion_never_arrives(screen: Desktop) -> None:
    field = TextField(screen, "given up")
    process = screen.processes[-1]
    inserter = await HelperInserter.on_x11(screen.display, patience_s=DEADLINE_S)
    target, child = await inserter.target(), inserting(inserter)
    process.send_signal(signal.SIGSTOP)
    waiting = asyncio.create_task(inserter.insert("text", target))
    await wait_until(lambda: screen.copied() == b"text", "it is offered")
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await wait_until(lambda: ended(child), "its helper is killed")
    process.send_signal(signal.SIGCONT)
    screen.xdotool("key", "z")
    await field.shows("z")
    await inserter.close()


async def test_helper_ends_when_inserter_is_closed(screen: Desktop) -> None:
    inserter = await HelperInserter.on_x11(screen.display)
    helper, child = inserter.helper, inserting(inserter)
    assert helper is not None
    parent = psutil.Process(helper.pid)
    await inserter.close()
    assert helper.over
    await wait_until(lambda: ended(parent) and ended(child), "both processes have ended")


def test_app_does_not_import_the_x_library(tmp_path: Path) -> None:
    code = "import sys, app.insertion.choose; print('Xlib' in sys.modules)"
    command = [sys.executable, "-P", "-c", code]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=DEADLINE_S)
    assert done.stdout == "False\n", done.stderr


async def test_insertion_works_after_the_first_helpers_fail_to_start(screen: Desktop, tmp_path: Path) -> None:
    """The first two helpers end at once."""
    counts = f"p = pathlib.Path({str(tmp_path / 'tries')!r}); n = len(p.read_text()) if p.exists() else 0"
    main = "from app.insertion.helper.main import main; main()"
    code = f"import pathlib, sys\n{counts}\np.write_text('x' * (n + 1))\nif n < 2: sys.exit(1)\n{main}"
    field = TextField(screen, "late helper")
    command = (sys.executable, "-c", code, "x11")
    inserter = await HelperInserter.on_x11(screen.display, patience_s=PATIENT_S, grab_s=PATIENT_S, command=command)
    target = await wait_until(inserter.target, "there is a helper")
    assert await inserter.insert("text", target) == Insertion(InsertionResult.PASTED)
    await field.shows("text")
    await inserter.close()


async def test_click_into_the_target_is_known_after_an_insertion(screen: Desktop) -> None:
    inserter = await HelperInserter.on_x11(screen.display, patience_s=PATIENT_S, grab_s=PATIENT_S)
    field = TextField(screen, "clicked into")
    before = await inserter.target()
    assert before is not None and before.area is not None
    inserted = await inserter.insert("one", before)
    await field.shows("one")
    middle = map(str, before.area.middle)
    screen.xdotool("mousemove", *middle, "click", "1")

    async def is_known() -> bool:
        after = await inserter.target()
        return after is not None and after == before and after.clicked > inserted.clicks >= before.clicked

    await wait_until(is_known, "the click is known")
    await inserter.close()
