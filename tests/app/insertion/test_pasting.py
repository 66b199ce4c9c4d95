import asyncio
from dataclasses import dataclass, field, replace

import pytest

from app.insertion.outcome import HoldReason, Insertion, InsertionResult, Target, held_insertion
from app.insertion.paste_watch import SETTLED_S
from app.insertion.pasting import PastingInserter
from app.insertion.plan import Newline, ProgramRule, Rules, Strategy
from tests.helpers.waiting import wait_until

EDITOR, OTHER = Target(1, "editor"), Target(2, "other")


@dataclass
class FakeClipboard:
    """A simulated clipboard. ``reads``: the target reads the offered text."""

    reads: bool = True
    keeps: bool = True
    holds: str = "before"
    kept: str | None = None
    counts: bool = False

    async def keep(self, *, primary: bool = False) -> bool:
        if self.keeps and self.kept is None:
            self.kept = self.holds
        return self.keeps

    async def offer(self, text: str, *, primary: bool = False) -> bool:
        self.holds = text
        return True

    def expect_read(self, process: int = 0) -> None:
        self.counts = True

    async def until_read(self, deadline_s: float) -> bool:
        assert self.counts
        return self.reads

    async def give_back(self) -> None:
        if self.kept is not None:
            self.holds, self.kept = self.kept, None


class SlowClipboard(FakeClipboard):
    """A clipboard whose text is read once ``asks`` is set; ``asked`` is set when ``until_read`` waits."""

    def __init__(self) -> None:
        super().__init__()
        self.asks, self.asked = asyncio.Event(), asyncio.Event()
        self.asks.set()
        self.given_back = 0

    async def until_read(self, deadline_s: float) -> bool:
        if not self.asks.is_set():
            self.asked.set()
        await self.asks.wait()
        return True

    async def give_back(self) -> None:
        self.given_back += 1
        await super().give_back()


@dataclass
class FakeKeys:
    clipboard: FakeClipboard
    focus: Target | None = EDITOR
    held: bool = False
    text: str = ""
    typed: list[str] = field(default_factory=list)

    def target(self) -> Target | None:
        return self.focus

    def modifiers_held(self) -> bool:
        return self.held

    def paste(self, *, terminal: bool) -> None:
        self.text += self.clipboard.holds

    def type(self, text: str) -> None:
        self.typed.append(text)


@pytest.fixture
def keys() -> FakeKeys:
    return FakeKeys(FakeClipboard())


async def test_clipboard_is_restored_after_pastes(keys: FakeKeys) -> None:
    inserter = PastingInserter(keys.clipboard, keys, Rules())
    target = await inserter.target()
    assert await inserter.insert("one ", target) == Insertion(InsertionResult.PASTED)
    assert await inserter.insert("two", target) == Insertion(InsertionResult.PASTED)
    assert keys.text == "one two"
    await wait_until(lambda: keys.clipboard.holds == "before", "what was there is back")
    await inserter.close()


async def test_old_clipboard_does_not_return_during_next_paste() -> None:
    """The old contents would be due in the middle of the second paste, whose target reads late."""
    clipboard = SlowClipboard()
    inserter = PastingInserter(clipboard, FakeKeys(clipboard), Rules())
    assert await inserter.insert("one", EDITOR) == Insertion(InsertionResult.PASTED)
    clipboard.asks.clear()
    pasting = asyncio.create_task(inserter.insert("two", EDITOR))
    await clipboard.asked.wait()
    done, _ = await asyncio.wait([pasting], timeout=2 * SETTLED_S)
    assert not done
    assert (clipboard.holds, clipboard.given_back) == ("two", 0)
    clipboard.asks.set()
    assert await pasting == Insertion(InsertionResult.PASTED)
    await wait_until(lambda: clipboard.given_back == 1, "what was there is back")
    assert clipboard.holds == "before"
    await inserter.close()


async def test_close_restores_the_clipboard_at_once(keys: FakeKeys) -> None:
    inserter = PastingInserter(keys.clipboard, keys, Rules())
    await inserter.insert("text", EDITOR)
    await inserter.close()
    assert keys.clipboard.holds == "before"
    await inserter.close()


async def test_old_contents_are_not_pasted_when_the_target_reads_late(keys: FakeKeys) -> None:
    keys.clipboard.reads = False
    inserter = PastingInserter(keys.clipboard, keys, Rules())
    assert await inserter.insert("text", EDITOR) == held_insertion(HoldReason.NOT_READ)
    assert keys.clipboard.holds == ""
    await inserter.close()
    assert keys.clipboard.holds == "before"


async def test_text_is_held_when_the_target_lacks_the_focus(keys: FakeKeys) -> None:
    inserter = PastingInserter(keys.clipboard, keys, Rules())
    keys.focus = OTHER
    assert await inserter.insert("text", EDITOR) == held_insertion(HoldReason.FOCUS_MOVED)
    keys.focus = None
    assert await inserter.insert("text", EDITOR) == held_insertion(HoldReason.FOCUS_MOVED)
    assert await inserter.insert("text", None) == held_insertion(HoldReason.NO_TARGET)
    assert keys.text == "" and keys.clipboard.holds == "before"


async def test_clipboard_is_not_touched_when_it_cannot_be_saved(keys: FakeKeys) -> None:
    keys.clipboard.keeps = False
    inserter = PastingInserter(keys.clipboard, keys, Rules())
    assert await inserter.insert("text", EDITOR) == held_insertion(HoldReason.CLIPBOARD_BUSY)
    assert keys.clipboard.holds == "before"


async def test_insert_waits_until_modifiers_are_released(keys: FakeKeys) -> None:
    keys.held = True
    inserter = PastingInserter(keys.clipboard, keys, Rules())
    waiting = asyncio.create_task(inserter.insert("text", EDITOR))
    await asyncio.wait([waiting], timeout=0.05)
    assert keys.text == ""
    keys.held = False
    assert await waiting == Insertion(InsertionResult.PASTED)
    await inserter.close()


async def test_text_is_pasted_instead_of_typed_into_own_windows(keys: FakeKeys) -> None:
    inserter = PastingInserter(keys.clipboard, keys, Rules(Strategy.TYPE))
    assert await inserter.insert("text", replace(EDITOR, own=True)) == Insertion(InsertionResult.PASTED)
    assert (keys.text, keys.typed) == ("text", [])
    await inserter.close()


async def test_return_is_typed_only_if_the_rules_say_so(keys: FakeKeys) -> None:
    for newline in (Newline.SHIFT_RETURN, Newline.RETURN):
        inserter = PastingInserter(keys.clipboard, keys, Rules(Strategy.TYPE, newline))
        assert await inserter.insert("one\ntwo", EDITOR) == Insertion(InsertionResult.TYPED)
    assert keys.typed == ["one two", "one\ntwo"]


async def test_program_rule_applies_to_its_program(keys: FakeKeys) -> None:
    programs = (ProgramRule("editor", Strategy.TYPE, Newline.RETURN), ProgramRule("other", hold=True))
    inserter = PastingInserter(keys.clipboard, keys, Rules(programs=programs))
    assert await inserter.insert("one\ntwo", EDITOR) == Insertion(InsertionResult.TYPED)
    keys.focus = OTHER
    assert await inserter.insert("three", OTHER) == held_insertion(HoldReason.PROGRAM_RULE)
    assert (keys.text, keys.typed) == ("", ["one\ntwo"])
