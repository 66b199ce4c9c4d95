"""Insertion through the IBus of a real GNOME Shell, into fields of GTK 4, Qt, foot and an xterm of XWayland."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from zlib import crc32

import pytest

from app.insertion.ibus.address import ibus_address
from app.insertion.ibus.inserter import IBusInserter, KeptEngine
from app.insertion.ibus.own_engine import OwnEngine
from app.insertion.ibus.values import ENGINE
from app.insertion.ibus.watch import IBusWatch, UserInput
from app.insertion.outcome import HoldReason, Insertion, InsertionResult, Target, held_insertion
from app.insertion.plan import Rules
from tests.helpers.desktop import Terminal, TextField
from tests.helpers.gnome_desktop import LIBPINYIN, US, EchoingFoot, EchoingXterm, GnomeDesktop, running_gnome
from tests.helpers.waiting import wait_until
from tests.helpers.wayland_desktop import GtkField

pytestmark = [pytest.mark.proof(minutes=1), pytest.mark.serial("gnome")]

TYPED = Insertion(InsertionResult.TYPED)
WORDS = [
    *("Hello", "naïve — “quoted”", "你好，世界。", "日本語", "한국어", "привет", "😀👍🏽", "שלום", "x < y & z"),
    *("“引号”…《书》", "Việt ł ё ß", "1 € = 7.8 元"),
]
MARKED = ["破折号——“引号”", "e\u0301", "👨\u200d👩\u200d👧", "❤\ufe0f", "नमस्ते", "สวัสดี"]
Field = TextField | Terminal


TARGETS: dict[str, type[Field]] = {"GTK": GtkField, "Qt": TextField, "foot": EchoingFoot, "xterm": EchoingXterm}


def window_of(title: str) -> Target:
    """Return the only window with this title."""
    return Target(crc32(title.encode()), title)


@dataclass
class ShellFocus:
    """A ``Focus`` as the shell knows it. ``then`` is called after each answer. ``always``: the answer instead."""

    desktop: GnomeDesktop
    then: Callable[[], object] | None = None
    always: str = ""

    async def target(self) -> Target:
        """Return the focused window."""
        found = self.always or await asyncio.to_thread(lambda: self.desktop.focused)
        if self.then is not None:
            await asyncio.to_thread(self.then)
        return window_of(found)

    async def close(self) -> None:
        """Do nothing: it is no connection."""


@dataclass
class OnGnome:
    """Inserter on a desktop. ``pressed``: the windows for which a text was committed."""

    desktop: GnomeDesktop
    kept: Path
    pressed: list[Target] = field(default_factory=list)
    inserter: IBusInserter = field(init=False)
    users: UserInput = field(init=False)

    async def open(self) -> None:
        """Connect the inserter to the desktop's IBus."""
        environment = self.desktop.environment
        self.inserter = await IBusInserter.open(environment, self.kept)
        self.users = await UserInput.open(environment)
        self.inserter.paused = self.users.until_paused
        self.inserter.focus = ShellFocus(self.desktop)
        self.inserter.pressing = self.pressed.append

    async def close(self) -> None:
        """End the connections to IBus and to the monitor of input."""
        await self.inserter.close()
        await self.users.close()

    async def insert(self, text: str, window: Field) -> Insertion:
        """Insert a text into this window."""
        return await self.inserter.insert(text, window_of(window.title), Rules())

    async def ready(self, window: Field) -> str:
        """Focus a window and wait until it takes keys; return its text."""
        await asyncio.to_thread(window.focus)

        await asyncio.to_thread(self.desktop.type_until, lambda: window.text)
        return window.text


@pytest.fixture(scope="module")
def desktop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GnomeDesktop]:
    """Run one GNOME Shell for all proofs of this file."""
    with running_gnome(tmp_path_factory.mktemp("gnome")) as desktop:
        yield desktop


@pytest.fixture(scope="module")
def windows(desktop: GnomeDesktop) -> dict[str, Field]:
    """Open one window of each kind."""
    return {name: kind(desktop, f"{name} field") for name, kind in TARGETS.items()}


@pytest.fixture
async def gnome(desktop: GnomeDesktop, tmp_path: Path) -> AsyncIterator[OnGnome]:
    """Connect an inserter; afterwards the user's engine is active again."""
    gnome = OnGnome(desktop, tmp_path / "engine")
    await gnome.open()
    yield gnome
    await gnome.close()
    assert (desktop.engine, desktop.modifiers) == (US, 0)


def texts(number: int) -> list[str]:
    """Return this many different texts, of any script."""
    chosen = random.Random(number)
    return [f"{place} {' '.join(chosen.sample(WORDS, 4))} " for place in range(number)]


async def contains(window: Field, text: str) -> None:
    """Wait until the window contains exactly this text."""
    await wait_until(lambda: window.text == text, f"{text!r} stands there, not {window.text!r}")


@pytest.mark.parametrize("name", TARGETS)
async def test_fifty_texts_arrive_once_and_in_order(gnome: OnGnome, windows: dict[str, Field], name: str) -> None:
    window, took = windows[name], list[float]()
    before = await gnome.ready(window)
    for text in texts(50):
        start = time.perf_counter()
        assert await gnome.insert(text, window) == TYPED
        took.append((time.perf_counter() - start) * 1000)
        assert gnome.desktop.engine == US
    await contains(window, before + "".join(texts(50)))
    took.sort()
    print(f"{name}: 50 of 50 texts, median {took[24]:.0f} ms, slowest but two {took[47]:.0f} ms")  # noqa: T201 - figures


@pytest.mark.parametrize("name", TARGETS)
async def test_long_text_arrives_whole(gnome: OnGnome, windows: dict[str, Field], name: str) -> None:
    window, text = windows[name], "".join(texts(120))
    before = await gnome.ready(window)
    assert await gnome.insert(text, window) == TYPED
    await contains(window, before + text)


@pytest.mark.parametrize("name", TARGETS)
async def test_marks_arrive_or_the_text_is_held(gnome: OnGnome, windows: dict[str, Field], name: str) -> None:
    before = await gnome.ready(windows[name])
    results = {await gnome.insert(text, windows[name]) for text in MARKED}
    assert results == {held_insertion(HoldReason.NOT_READ) if name == "xterm" else TYPED}
    await contains(windows[name], before + ("" if name == "xterm" else "".join(MARKED)))


@pytest.mark.parametrize("name", ["GTK", "foot"])
async def test_line_breaks_reach_fields_but_no_terminal(
    gnome: OnGnome, windows: dict[str, Field], name: str
) -> None:
    before = await gnome.ready(windows[name])
    assert await gnome.insert("one\ntwo\n", windows[name]) == TYPED
    await contains(windows[name], before + ("one\ntwo\n" if name == "GTK" else "one two "))


async def test_password_field_gets_nothing(gnome: OnGnome, windows: dict[str, Field]) -> None:
    window = windows["GTK"]
    assert isinstance(window, GtkField)
    before = await gnome.ready(window)
    gnome.desktop.tap("F9")
    gnome.desktop.tap("p")
    await wait_until(lambda: window.password == "p", "the password field has the focus")
    assert await gnome.insert("secret", window) == held_insertion(HoldReason.PASSWORD)
    assert (window.password, window.text, gnome.pressed) == ("p", before, [])
    gnome.desktop.tap("shift+Tab")
    await gnome.ready(window)


@pytest.mark.parametrize("name", TARGETS)
async def test_focus_that_moves_meanwhile_leaves_both_windows_alone(
    gnome: OnGnome, windows: dict[str, Field], name: str
) -> None:
    window, other = windows[name], windows["Qt" if name == "GTK" else "GTK"]
    there, here = await gnome.ready(other), await gnome.ready(window)
    gnome.inserter.focus = ShellFocus(gnome.desktop, then=other.focus)
    assert await gnome.insert("moved", window) == held_insertion(HoldReason.FOCUS_MOVED)
    assert (window.text, other.text) == (here, there)
    assert await gnome.ready(other) == there + "x"


async def test_text_without_a_field_is_held_and_stays_away(gnome: OnGnome, windows: dict[str, Field]) -> None:
    window = windows["GTK"]
    before = await gnome.ready(window)
    gnome.desktop.evaluated("Main.overview.show(); 1")
    await wait_until(lambda: gnome.desktop.evaluated("Main.overview.visible"), "the overview is shown")
    gnome.inserter.focus = ShellFocus(gnome.desktop, always=window.title)
    result = await gnome.insert("lost", window)
    gnome.desktop.evaluated("Main.overview.hide(); 1")
    await gnome.ready(window)
    assert result == held_insertion(HoldReason.NO_TARGET)
    assert window.text.replace("x", "") == before.replace("x", "")


@pytest.mark.parametrize("name", ["GTK", "Qt", "foot", "xterm"])
async def test_word_in_libpinyin_is_not_lost(gnome: OnGnome, windows: dict[str, Field], name: str) -> None:
    window = windows[name]
    before = await gnome.ready(window)
    gnome.desktop.use_engine(LIBPINYIN)
    try:
        for key in ("n", "i"):
            gnome.desktop.tap(key)
        await wait_until(lambda: composing(gnome), "the composition has begun")
        assert await gnome.insert("dictated", window) == held_insertion(HoldReason.COMPOSING)
        assert (window.text, gnome.desktop.engine) == (before, LIBPINYIN)
        gnome.desktop.tap("space")
        await contains(window, before + "你")
        assert await gnome.insert("dictated", window) == TYPED
        await contains(window, before + "你dictated")
        assert gnome.desktop.engine == LIBPINYIN
        for key in ("n", "i", "space"):
            gnome.desktop.tap(key)
        await contains(window, before + "你dictated你")
    finally:
        gnome.desktop.use_engine(US)


async def composing(gnome: OnGnome) -> bool:
    """Return whether the inserter knows of an unfinished word."""
    return not await gnome.inserter.watch.until_composed(0)


async def test_keys_typed_meanwhile_are_not_lost(gnome: OnGnome, windows: dict[str, Field]) -> None:
    window = windows["GTK"]
    before = await gnome.ready(window)

    def typing() -> None:
        for _ in range(40):
            gnome.desktop.tap("q")
            time.sleep(0.02)

    keys = asyncio.create_task(asyncio.to_thread(typing))
    results = [await gnome.insert("[]", window) for _ in range(20)]
    await keys
    await wait_until(
        lambda: len(window.text) == len(before) + 80,
        f"all letters stand there {window.text.removeprefix(before)!r}",
        3,
    )
    added = window.text.removeprefix(before)
    assert (added.count("q"), added.count("[]")) == (40, 20)
    assert set(results) == {TYPED}


async def test_engine_comes_back_after_a_crash(gnome: OnGnome) -> None:
    gnome.desktop.use_engine(LIBPINYIN)
    try:
        KeptEngine(gnome.kept).keep(LIBPINYIN)
        address = ibus_address(gnome.desktop.environment)
        watch, own = await IBusWatch.open(address), await OwnEngine.open(address)
        assert await watch.use(ENGINE)
        await own.close()  # as the kernel closes it for a killed process
        await watch.until_own_engine_gone()
        assert await watch.engine() == ""
        await watch.close()
        await gnome.close()
        await gnome.open()
        assert gnome.desktop.engine == LIBPINYIN
    finally:
        gnome.desktop.use_engine(US)
