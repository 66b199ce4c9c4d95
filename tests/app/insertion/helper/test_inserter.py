"""An inserter whose helpers are scripted programs. ``x11/test_inserter.py`` has whole insertions."""

import sys

import pytest

from app.insertion.errors import ScreenMissing
from app.insertion.helper.frames import LateKey, OpenRequest
from app.insertion.helper.inserter import HelperInserter
from app.insertion.helper.process import HelperProcess
from app.insertion.outcome import HoldReason, Insertion, InsertionResult, Target, held_insertion
from app.insertion.plan import ProgramRule, Rules
from tests.helpers.waiting import wait_until

EDITOR = Target(7, "editor")
SCRIPT = """
import os, sys
from pathlib import Path
from app.insertion.helper.frames import *
from app.insertion.outcome import Insertion, InsertionResult, Target

def tell(reply):
    sys.stdout.buffer.write(REPLIES.pack(reply))
    sys.stdout.buffer.flush()

while (request := REQUESTS.read(sys.stdin.buffer)) is not None:
    match request:
        case OpenRequest(display="nowhere"):
            tell(RefusedReply("no screen"))
        case OpenRequest(late=late):
            tell(OpenedReply())
        case FindRequest(number):
            tell(FoundReply(number, Target(sum(key.program + key.window for key in late) or 7, "editor")))
        case InsertRequest(number, text="before a key"):
            os._exit(1)
        case InsertRequest(number, text="after a key"):
            tell(PressingNotice(1000))
            os._exit(1)
        case InsertRequest(number, text="fails"):
            tell(FailedReply(number, "on purpose"))
        case InsertRequest(number, text="fails after a key"):
            tell(PressingNotice(1000))
            tell(FailedReply(number, "on purpose"))
        case InsertRequest(number, text="not read"):
            tell(PressingNotice(2000))
            tell(InsertedReply(number, Insertion(InsertionResult.HELD, "not-read")))
        case InsertRequest(number):
            tell(PressingNotice(1000))
            tell(InsertedReply(number, Insertion(InsertionResult.PASTED)))
        case CloseRequest():
            break
"""


def inserter(display: str = "", rules: Rules | None = None) -> HelperInserter:
    async def start(late: tuple[LateKey, ...]) -> HelperProcess:
        return await HelperProcess.start(OpenRequest(display, 1.0, 1, late), None, [sys.executable, "-c", SCRIPT])

    return HelperInserter(start, rules or Rules(), None)


async def test_text_is_inserted_by_the_helper() -> None:
    made = inserter(rules=Rules(programs=(ProgramRule("other", hold=True),)))
    await made.start()
    assert await made.target() == EDITOR
    assert await made.insert("text", EDITOR) == Insertion(InsertionResult.PASTED)
    assert await made.insert("text", None) == held_insertion(HoldReason.NO_TARGET)
    assert await made.insert("text", Target(8, "other")) == held_insertion(HoldReason.PROGRAM_RULE)
    await made.close()
    await made.close()
    assert await made.insert("text", EDITOR) == held_insertion(HoldReason.TARGET_UNKNOWN)


async def test_text_is_held_when_the_helper_ends() -> None:
    """The next helper learns which program may still have to process a key."""
    made = inserter()
    await made.start()
    assert await made.insert("before a key", EDITOR) == held_insertion(HoldReason.INTERRUPTED)
    assert await made.target() == EDITOR
    assert await made.insert("after a key", EDITOR) == held_insertion(HoldReason.UNCERTAIN)
    assert await made.target() == Target(1007, "editor")
    assert await made.insert("text", EDITOR) == Insertion(InsertionResult.PASTED)
    await made.close()


async def test_next_helper_learns_of_a_program_that_hung_before_the_last_text() -> None:
    made = inserter()
    await made.start()
    assert await made.insert("not read", EDITOR) == held_insertion(HoldReason.NOT_READ)
    assert await made.insert("text", Target(8, "other")) == Insertion(InsertionResult.PASTED)
    first = made.helper
    assert first is not None and first.late == (LateKey(2000, 7),)
    assert await made.insert("after a key", Target(8, "other")) == held_insertion(HoldReason.UNCERTAIN)
    second = await wait_until(lambda: made.helper is not first and made.helper, "another helper")
    assert second.late == (LateKey(2000, 7), LateKey(1000, 8)), "two programs hang"
    await made.close()


async def test_text_is_held_when_two_helpers_end_before_its_key() -> None:
    made, started = inserter(), list[HelperProcess]()
    start = made._start

    async def counted(late: tuple[LateKey, ...]) -> HelperProcess:
        started.append(await start(late))
        return started[-1]

    made._start = counted
    await made.start()
    assert await made.insert("before a key", EDITOR) == held_insertion(HoldReason.INTERRUPTED)
    assert await made.target() == EDITOR
    assert len(started) == 3
    await made.close()


async def test_outcome_of_a_text_that_failed_after_its_key_is_unknown() -> None:
    made = inserter()
    await made.start()
    assert await made.insert("fails", EDITOR) == held_insertion(HoldReason.INTERRUPTED)
    assert await made.insert("fails after a key", EDITOR) == held_insertion(HoldReason.UNCERTAIN)
    assert await made.insert("text", EDITOR) == Insertion(InsertionResult.PASTED)
    await made.close()


async def test_helper_is_replaced_after_an_unexpected_error() -> None:
    made, left = inserter(), [RuntimeError("on purpose")]
    start = made._start

    async def fails_once(late: tuple[LateKey, ...]) -> HelperProcess:
        if left and made.helper is None and made._helper is not None:
            raise left.pop()
        return await start(late)

    made._start = fails_once
    await made.start()
    assert await made.insert("before a key", EDITOR) == held_insertion(HoldReason.INTERRUPTED)
    assert await made.insert("text", EDITOR) == Insertion(InsertionResult.PASTED)
    assert not left
    await made.close()


async def test_start_fails_without_a_screen() -> None:
    with pytest.raises(ScreenMissing, match="no screen"):
        await inserter("nowhere").start()
