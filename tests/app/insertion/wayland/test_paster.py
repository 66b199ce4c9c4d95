"""The order of the parts' work, with simulated parts. ``test_paster_in_windows.py`` has real ones."""

import asyncio
from dataclasses import dataclass, field, replace

import pytest

from app.insertion.errors import InsertionUnavailable, PermissionMissing
from app.insertion.outcome import HoldReason, Insertion, InsertionResult, Target, held_insertion
from app.insertion.plan import ORDINARY, SHIFT_INSERT, TERMINAL, PasteKeys, Rules, Strategy
from app.insertion.wayland.paster import UNKNOWN_PROCESS, InsertionParts, WaylandPaster, keys_for
from tests.app.insertion.test_clipboard import FakeClipboard

EDITOR = Target(7, "editor", process=1000)
PASTED = Insertion(InsertionResult.PASTED)


@dataclass
class FakeFocus:
    """A focus that is asked once for each of ``targets``, then stays at the last."""

    targets: list[Target | None]

    async def target(self) -> Target | None:
        return self.targets.pop(0) if len(self.targets) > 1 else self.targets[0]

    async def close(self) -> None:
        """Do nothing: it has no resources."""


@dataclass
class FakeKeyboard:
    done: list[str]
    refusal: InsertionUnavailable | None = None
    pressed: list[PasteKeys] = field(default_factory=list)

    async def press(self, keys: PasteKeys) -> None:
        self.done.append("press")
        if self.refusal:
            raise self.refusal
        self.pressed.append(keys)

    async def close(self) -> None:
        """Do nothing: it has no resources."""


class World:
    """A paster of simulated parts."""

    def __init__(self, *targets: Target | None, late: bool = False) -> None:
        self.clipboard = FakeClipboard()
        self.keyboard = FakeKeyboard(self.clipboard.done)
        parts = InsertionParts(
            FakeFocus(list(targets)), self.keyboard, self.clipboard, asyncio.Event(), keeps_early=True
        )
        self.processes: list[int] = []
        self.paster = WaylandPaster(parts, self._pressing, late=late)

    def _pressing(self, process: int) -> None:
        self.clipboard.done.append("pressing")
        self.processes.append(process)


async def test_app_is_reported_before_a_key_is_pressed() -> None:
    world = World(EDITOR)
    assert await world.paster.insert("text", EDITOR, Rules(Strategy.TYPE)) == PASTED
    assert world.clipboard.done == ["keep False", "offer 'text'", "pressing", "press", "read"]
    assert world.processes == [1000] and world.keyboard.pressed == [ORDINARY]
    await world.paster.close()
    assert world.clipboard.done[-1] == "give back"


async def test_unknown_process_of_a_target_is_reported_as_a_number() -> None:
    target = Target(7, "editor")
    world = World(target)
    assert await world.paster.insert("text", target, Rules()) == PASTED
    assert world.processes == [UNKNOWN_PROCESS]
    await world.paster.close()


@pytest.mark.parametrize("other", [None, replace(EDITOR, window=8), replace(EDITOR, process=1001)])
async def test_text_is_held_when_the_focus_has_moved(other: Target | None) -> None:
    for targets, touched in (((other,), False), ((EDITOR, other), True)):
        world = World(*targets)
        assert await world.paster.insert("text", EDITOR, Rules()) == held_insertion(HoldReason.FOCUS_MOVED)
        await world.paster.close()
        assert world.keyboard.pressed == [] and bool(world.clipboard.done) is touched


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (InsertionUnavailable("no key"), HoldReason.TARGET_UNKNOWN),
        (PermissionMissing("denied"), HoldReason.NOT_ALLOWED),
    ],
)
async def test_text_is_held_when_no_key_can_be_pressed(error: InsertionUnavailable, reason: HoldReason) -> None:
    world = World(EDITOR)
    world.keyboard.refusal = error
    assert await world.paster.insert("text", EDITOR, Rules()) == held_insertion(reason)
    world.keyboard.refusal = None
    assert await world.paster.insert("text", EDITOR, Rules()) == PASTED
    await world.paster.close()


async def test_no_text_is_offered_while_a_target_may_paste_late() -> None:
    """The target that has not yet processed its key would paste the next text."""
    world = World(EDITOR)
    world.clipboard.reads = False
    assert await world.paster.insert("text", EDITOR, Rules()) == held_insertion(HoldReason.NOT_READ)
    world.clipboard.reads = True
    assert await world.paster.insert("next", EDITOR, Rules()) == held_insertion(HoldReason.NOT_READ)
    assert world.keyboard.pressed == [ORDINARY]
    await world.paster.close()
    world = World(EDITOR, late=True)
    assert await world.paster.insert("text", EDITOR, Rules()) == held_insertion(HoldReason.NOT_READ)
    await world.paster.close()


async def test_clipboard_is_kept_early_with_the_selected_text_for_old_terminals() -> None:
    world = World(EDITOR)
    await world.paster.prepare(EDITOR)
    await world.paster.prepare(Target(1, "XTerm", terminal=True))
    assert world.clipboard.done == ["keep False", "keep True"]
    await world.paster.close()


def test_terminals_get_their_own_keys() -> None:
    assert keys_for(Target(1, "foot", terminal=True)) is TERMINAL
    assert keys_for(Target(1, "a new terminal", terminal=True)) is TERMINAL
    assert keys_for(Target(1, "XTerm", terminal=True)) is SHIFT_INSERT
    assert keys_for(EDITOR) is ORDINARY
