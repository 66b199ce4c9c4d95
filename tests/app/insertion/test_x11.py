"""What does not need another program's answer; the rest is in ``tests/end_to_end/test_insertion.py``."""

import asyncio
import signal
from dataclasses import replace

import pytest

from app.insertion.errors import InsertionUnavailable
from app.insertion.outcome import How, Insertion, Reason, Target, held
from app.insertion.plan import Newline, ProgramRule, Rules, Strategy
from app.insertion.x11 import X11Inserter
from tests.helpers.desktop import PATIENT_S, Desktop, TextField
from tests.helpers.waiting import DEADLINE_S, wait_until


async def test_without_a_target_nothing_is_inserted(screen: Desktop) -> None:
    inserter = await X11Inserter.open(screen.display)
    assert await inserter.insert("text", None) == held(Reason.NO_TARGET)
    assert await inserter.insert("text", Target(12345)) == held(Reason.FOCUS_MOVED)
    await inserter.close()
    await inserter.close()
    assert await inserter.target() is None
    assert await inserter.insert("text", Target(12345)) == held(Reason.TARGET_UNKNOWN)


async def test_rules_hold_from_the_next_text_on(screen: Desktop) -> None:
    inserter = await X11Inserter.open(screen.display, patience_s=PATIENT_S)
    field = TextField(screen, "with rules")
    target = await inserter.target()
    for strategy, how in ((Strategy.TYPE, How.TYPED), (Strategy.PASTE, How.PASTED)):
        inserter.rules = Rules(strategy, Newline.SPACE)
        assert await inserter.insert("one\ntwo ", target) == Insertion(how)
    await field.shows("one two one\ntwo ")
    await inserter.close()


async def test_the_rule_of_a_program_counts_there(screen: Desktop) -> None:
    inserter = await X11Inserter.open(screen.display, patience_s=PATIENT_S)
    field = TextField(screen, "of a program")
    target = await inserter.target()
    assert target is not None and target.program
    for rule, came in (
        (ProgramRule(target.program.upper(), Strategy.TYPE, Newline.SPACE), Insertion(How.TYPED)),
        (ProgramRule(target.program, hold=True), held(Reason.PROGRAM_RULE)),
        (ProgramRule("another", hold=True), Insertion(How.PASTED)),
    ):
        inserter.rules = Rules(programs=(rule,))
        assert await inserter.insert("one\ntwo ", target) == came
    await field.shows("one two one\ntwo ")
    await inserter.close()


async def test_nothing_is_typed_into_a_window_of_our_own(screen: Desktop) -> None:
    """Letters would press its buttons."""
    inserter = await X11Inserter.open(screen.display, Rules(Strategy.TYPE), PATIENT_S)
    field = TextField(screen, "as if it were ours")
    target = await inserter.target()
    assert target is not None
    assert await inserter.insert("text", replace(target, own=True)) == Insertion(How.PASTED)
    await field.shows("text")
    await inserter.close()


async def test_the_window_is_that_of_now_whatever_is_being_inserted(screen: Desktop) -> None:
    """Here a target that hangs has long to read."""
    inserter = await X11Inserter.open(screen.display, patience_s=DEADLINE_S)
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
    assert await inserting == Insertion(How.PASTED)
    await first.shows("text")
    await inserter.close()


async def test_without_a_screen_it_says_what_to_do() -> None:
    with pytest.raises(InsertionUnavailable, match="DISPLAY"):
        await X11Inserter.open(":nowhere")
