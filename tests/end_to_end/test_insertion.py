"""Test that texts arrive exactly once, only in the window that had the focus, and the clipboard is restored.

Runs on a real X server; targets, clipboard owners and a clipboard manager are separate programs.
"""

import asyncio
import itertools
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest

from app.insertion.helper.inserter import HelperInserter
from app.insertion.outcome import HoldReason, Insertion, InsertionResult, Target, held_insertion
from app.insertion.paste_watch import READ_DEADLINE_S
from app.insertion.plan import Rules, Strategy
from app.insertion.x11.keyboard import MOST_CHANGES
from tests.helpers.desktop import PATIENT_S, Desktop, Terminal, TextField, running_desktop
from tests.helpers.waiting import wait_until, wait_until_sync

HAN = "今天天气很好，我们去公园散步。"
MIXED = "Hello, World! café ~^`'\" 你好，世界。 😀👍🏽 Привет"
LONG = (HAN + "The quick Brown fox. ") * 56
PASTED, TYPED = Insertion(InsertionResult.PASTED), Insertion(InsertionResult.TYPED)
NAMES = (f"window {number}" for number in itertools.count())


@pytest.fixture(scope="module")
def desktop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desktop]:
    with running_desktop(tmp_path_factory.mktemp("desktop"), tray=False) as found:
        yield found


@pytest.fixture(autouse=True)
def nothing_stays(desktop: Desktop) -> Iterator[None]:
    """End the windows and clipboard owners of a test."""
    count = len(desktop.processes)
    yield
    while len(desktop.processes) > count:
        process = desktop.processes.pop()
        process.send_signal(signal.SIGCONT)
        process.terminate()
        process.wait(10)


@asynccontextmanager
async def opened(desktop: Desktop, patience_s: float) -> AsyncIterator[HelperInserter]:
    found = await HelperInserter.on_x11(desktop.display, patience_s=patience_s, grab_s=PATIENT_S)
    try:
        yield found
    finally:
        await found.close()


@pytest.fixture
async def inserter(desktop: Desktop) -> AsyncIterator[HelperInserter]:
    async with opened(desktop, PATIENT_S) as found:
        yield found


@pytest.fixture
async def impatient(desktop: Desktop) -> AsyncIterator[HelperInserter]:
    """Open an inserter with the app's deadline, for targets that hang."""
    async with opened(desktop, READ_DEADLINE_S) as found:
        yield found


def field(desktop: Desktop) -> TextField:
    return TextField(desktop, next(NAMES))


async def has_come_back(desktop: Desktop, before: dict[str, bytes]) -> None:
    """Wait until the clipboard holds the earlier contents again: every format, to the byte."""
    await wait_until(lambda: desktop.copied_as() == before, "what was copied is there again")


async def shows_only(desktop: Desktop, window: TextField, text: str) -> None:
    """Type a key into the window, and check that it contains only this text before it."""
    window.focus()
    await asyncio.to_thread(desktop.xdotool, "key", "z")
    await window.shows(f"{text}z")


def program(desktop: Desktop, kind: str) -> None:
    """Start ``tests.helpers.clipboard_program``, and wait until it has the clipboard."""
    place = desktop.folder / f"{kind}.txt"
    place.unlink(missing_ok=True)
    desktop.start(sys.executable, "-m", "tests.helpers.clipboard_program", kind, str(place))
    wait_until_sync(place.exists, f"the program for {kind} runs")


@pytest.mark.parametrize("kind", [TextField, Terminal])
async def test_pasted_text_arrives_exactly(
    desktop: Desktop, inserter: HelperInserter, kind: type[TextField | Terminal]
) -> None:
    desktop.copy(b"copied before")
    window = kind(desktop, next(NAMES))
    target = await inserter.target()
    assert target is not None and target.terminal is (kind is Terminal)
    texts = ["ok", MIXED, LONG[:2000]]
    assert [await inserter.insert(text, target) for text in texts] == [PASTED] * 3
    await window.shows("".join(texts))
    await has_come_back(desktop, {"UTF8_STRING": b"copied before"})


async def test_typed_text_arrives_exactly(desktop: Desktop, inserter: HelperInserter) -> None:
    inserter.rules = Rules(Strategy.TYPE)
    window = field(desktop)
    target = await inserter.target()
    table = keyboard_table(desktop)
    texts = ["ok ", MIXED, LONG[:2000], "".join(chr(code) for code in range(0x4E00, 0x4E00 + MOST_CHANGES))]
    assert [await inserter.insert(text, target) for text in texts] == [TYPED] * 4
    assert window.pastes == []
    costly = "".join(chr(code) for code in range(0x5E00, 0x5E00 + MOST_CHANGES + 1))
    assert await inserter.insert(costly, target) == PASTED
    await window.shows("".join(texts) + costly)
    await inserter.close()
    assert keyboard_table(desktop) == table


async def test_terminal_gets_typed_text_only_if_it_is_safe(desktop: Desktop, inserter: HelperInserter) -> None:
    """An xterm does not report its progress, so a key code must not change its meaning meanwhile."""
    inserter.rules = Rules(Strategy.TYPE)
    terminal = Terminal(desktop, next(NAMES))
    target = await inserter.target()
    assert await inserter.insert("Hello, 今天天气很好 😀\nls", target) == TYPED
    await terminal.shows("Hello, 今天天气很好 😀 ls")
    assert await inserter.insert(MIXED, target) == PASTED
    await terminal.shows("Hello, 今天天气很好 😀 ls" + MIXED)


async def test_caps_lock_does_not_change_inserted_text(desktop: Desktop, inserter: HelperInserter) -> None:
    window = field(desktop)
    target = await inserter.target()
    desktop.xdotool("key", "Caps_Lock")
    try:
        inserter.rules = Rules(Strategy.TYPE)
        assert await inserter.insert("Hello, Привет é", target) == TYPED
        inserter.rules = Rules(Strategy.PASTE)
        assert await inserter.insert(" World", target) == PASTED
        await window.shows("Hello, Привет é World")
    finally:
        desktop.xdotool("key", "Caps_Lock")


@pytest.mark.parametrize("kind", ["html", "image"])
async def test_rich_clipboard_is_restored(desktop: Desktop, inserter: HelperInserter, kind: str) -> None:
    program(desktop, kind)
    before = desktop.copied_as()
    assert len(before) > 4
    window = field(desktop)
    target = await inserter.target()
    assert await inserter.insert("one ", target) == PASTED
    assert await inserter.insert("two", target) == PASTED
    await window.shows("one two")
    await has_come_back(desktop, before)


async def test_large_clipboard_is_restored(desktop: Desktop, inserter: HelperInserter) -> None:
    """The contents are transferred in pieces, both ways."""
    picture = bytes(range(256)) * 2**14
    desktop.copy(picture, "image/png")
    window = field(desktop)
    assert await inserter.insert("text", await inserter.target()) == PASTED
    await window.shows("text")
    await has_come_back(desktop, {"image/png": picture})


async def test_empty_clipboard_is_restored(desktop: Desktop, inserter: HelperInserter) -> None:
    window = field(desktop)
    assert await inserter.insert("text", await inserter.target()) == PASTED
    await window.shows("text")
    await wait_until(lambda: desktop.copied("TARGETS") == b"", "nothing is in the clipboard")


async def test_text_copied_during_speech_is_restored(desktop: Desktop, inserter: HelperInserter) -> None:
    desktop.copy(b"first")
    window = field(desktop)
    target = await inserter.target()
    desktop.copy(b"second")
    assert await inserter.insert("text", target) == PASTED
    await window.shows("text")
    await has_come_back(desktop, {"UTF8_STRING": b"second"})


@pytest.mark.parametrize("strategy", [Strategy.PASTE, Strategy.TYPE])
async def test_text_is_held_after_focus_moved(
    desktop: Desktop, inserter: HelperInserter, strategy: Strategy
) -> None:
    inserter.rules = Rules(strategy)
    desktop.copy(b"copied before")
    first = field(desktop)
    target = await inserter.target()
    second = field(desktop)
    assert await inserter.insert("secret", target) == held_insertion(HoldReason.FOCUS_MOVED)
    first.focus()
    assert (await inserter.insert("text", target)).how is not InsertionResult.HELD
    await shows_only(desktop, first, "text")
    await shows_only(desktop, second, "")
    await has_come_back(desktop, {"UTF8_STRING": b"copied before"})


async def test_text_is_held_when_window_was_closed(desktop: Desktop, inserter: HelperInserter) -> None:
    other = field(desktop)
    field(desktop)
    target = await inserter.target()
    process = desktop.processes.pop()
    process.terminate()
    process.wait(10)
    assert await inserter.insert("text", target) == held_insertion(HoldReason.FOCUS_MOVED)
    other.focus()
    assert await inserter.insert("", await inserter.target()) == PASTED
    await shows_only(desktop, other, "")


async def test_insertion_waits_for_held_modifiers(desktop: Desktop, inserter: HelperInserter) -> None:
    window = field(desktop)
    target = await inserter.target()
    desktop.xdotool("keydown", "ctrl", "keydown", "alt")
    try:
        waiting = asyncio.create_task(inserter.insert("text", target))
        done, _ = await asyncio.wait([waiting], timeout=0.2)
        assert not done and window.text == ""
    finally:
        desktop.xdotool("keyup", "alt", "keyup", "ctrl")
    assert await waiting == PASTED
    await window.shows("text")


async def test_text_is_held_when_modifiers_stay_pressed(desktop: Desktop, inserter: HelperInserter) -> None:
    window = field(desktop)
    target = await inserter.target()
    desktop.xdotool("keydown", "shift")
    try:
        assert await inserter.insert("text", target) == held_insertion(HoldReason.MODIFIERS_HELD)
    finally:
        desktop.xdotool("keyup", "shift")
    await shows_only(desktop, window, "")
    assert window.pastes == []


async def test_clipboard_manager_is_not_mistaken_for_the_target(
    desktop: Desktop, inserter: HelperInserter
) -> None:
    """The manager reads every new text at once.

    The stopped target has not read it yet, so the clipboard must wait.
    """
    desktop.copy(b"copied before")
    window = field(desktop)
    process = desktop.processes[-1]
    program(desktop, "manager")
    window.focus()
    target = await inserter.target()
    notes = desktop.folder / "manager.txt"
    process.send_signal(signal.SIGSTOP)
    waiting = asyncio.create_task(inserter.insert("spoken", target))
    await wait_until(lambda: "spoken" in notes.read_text(), "the manager has read it")
    assert not waiting.done()
    process.send_signal(signal.SIGCONT)
    assert await waiting == PASTED
    await window.shows("spoken")
    await has_come_back(desktop, {"UTF8_STRING": b"copied before"})


async def test_hanging_target_gets_neither_clipboard_nor_text(desktop: Desktop, impatient: HelperInserter) -> None:
    desktop.copy(b"copied before")
    window = field(desktop)
    process = desktop.processes[-1]
    target = await impatient.target()
    process.send_signal(signal.SIGSTOP)
    assert await impatient.insert("spoken", target) == held_insertion(HoldReason.NOT_READ)
    assert await impatient.insert("more", target) == held_insertion(HoldReason.NOT_READ)
    await has_come_back(desktop, {"UTF8_STRING": b"copied before"})
    process.send_signal(signal.SIGCONT)
    # After its late key press the target behaves normally again.
    await wait_until(lambda: inserted(impatient, "again", target), "it can be pasted into again")
    await window.shows("again")


async def test_hanging_target_does_not_get_text_of_next_target(desktop: Desktop) -> None:
    desktop.copy(b"copied before")
    first = field(desktop)
    process = desktop.processes[-1]
    second = field(desktop)
    first.focus()
    async with opened(desktop, 2 * READ_DEADLINE_S) as inserter:
        target = await inserter.target()
        process.send_signal(signal.SIGSTOP)
        assert await inserter.insert("spoken", target) == held_insertion(HoldReason.NOT_READ)
        second.focus()
        assert await inserter.insert("spoken", await inserter.target()) == PASTED
        process.send_signal(signal.SIGCONT)
        await second.shows("spoken")
        first.focus()
        await wait_until(lambda: inserted(inserter, "again", target), "it can be pasted into again")
        await first.shows("again")
        await shows_only(desktop, second, "spoken")


async def inserted(inserter: HelperInserter, text: str, target: Target | None) -> bool:
    return await inserter.insert(text, target) == PASTED


async def test_text_is_held_when_target_does_not_read_it(desktop: Desktop, impatient: HelperInserter) -> None:
    desktop.copy(b"copied before")
    window = next(NAMES)
    desktop.start("xterm", "-title", window, "-xrm", "*VT100.translations: #override Shift <Key>Insert: ignore()")
    desktop.focus(window)
    assert READ_DEADLINE_S == 1.0
    assert await impatient.insert("text", await impatient.target()) == held_insertion(HoldReason.NOT_READ)
    await has_come_back(desktop, {"UTF8_STRING": b"copied before"})


async def test_texts_arrive_in_order(desktop: Desktop, inserter: HelperInserter) -> None:
    window = field(desktop)
    target = await inserter.target()
    texts = [f"{number} " for number in range(12)]
    inserting = [asyncio.create_task(inserter.insert(text, target)) for text in texts]
    assert await asyncio.gather(*inserting) == [PASTED] * 12
    await window.shows("".join(texts))


def keyboard_table(desktop: Desktop) -> str:
    """Return the X server's keyboard table."""
    done = subprocess.run(["xmodmap", "-pke"], env=desktop.environment, capture_output=True, text=True, timeout=30)
    assert done.stdout
    return done.stdout
