"""Keys at work: what is bound when, and keyboards that do not answer."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from app.dictation_events import Event, Key, NoteKey, Polled
from app.hotkeys.errors import HotkeysUnavailable, HotkeyTaken
from app.hotkeys.events import KeyEvent
from app.key_shell import PAUSE_S, KeyShell
from app.view import Note
from runtime.tasks import Tasks
from tests.app.dictating_world import FakeHotkeys
from tests.helpers.waiting import wait_until

KEYS = {"dictate": "f9", "cancel": "esc", "paste-held": ""}


class Lost(FakeHotkeys):
    """The connection to the keyboard is gone."""

    async def events(self) -> AsyncIterator[KeyEvent]:
        yield KeyEvent("dictate", False, 0.0, chord=True)
        raise HotkeysUnavailable("gone")

    async def is_down(self, action: str) -> bool:
        raise HotkeysUnavailable("gone")

    async def pass_on(self, action: str) -> None:
        raise HotkeysUnavailable("gone")


class Shell:
    def __init__(self, hotkeys: FakeHotkeys, pause_s: float = PAUSE_S) -> None:
        self.told: list[Event] = []
        self.notes: list[Note | None] = []
        self.keys = KeyShell(hotkeys, self.told.append, self.notes.append, pause_s=pause_s)


async def test_the_cancel_key_is_bound_while_there_is_something_to_cancel() -> None:
    hotkeys = FakeHotkeys()
    shell = Shell(hotkeys)
    async with Tasks("test") as tasks:
        tasks.start(shell.keys.keep_bound(), "bind")
        shell.keys.want(KEYS)
        await wait_until(lambda: hotkeys.bound == {"dictate": "f9"}, "without a key there is nothing to bind")
        shell.keys.recording(True)
        await wait_until(lambda: hotkeys.bound == {"dictate": "f9", "cancel": "esc"}, "Esc is ours")
        shell.keys.recording(False)
        await wait_until(lambda: "cancel" not in hotkeys.bound, "Esc is everybody's")


async def test_while_somebody_chooses_a_key_none_is_bound() -> None:
    hotkeys = FakeHotkeys()
    shell = Shell(hotkeys)
    async with Tasks("test") as tasks:
        tasks.start(shell.keys.keep_bound(), "bind")
        shell.keys.want(KEYS)
        await wait_until(lambda: hotkeys.bound, "it is bound")
        shell.keys.pause(True)
        await wait_until(lambda: not hotkeys.bound, "every key is everybody's")
        shell.keys.recording(True)
        shell.keys.want(KEYS | {"dictate": "f8"})
        shell.keys.pause(False)
        await wait_until(lambda: hotkeys.bound == {"dictate": "f8", "cancel": "esc"}, "the new one is bound")


async def test_a_pause_that_nobody_ends_ends_by_itself() -> None:
    hotkeys = FakeHotkeys()
    shell = Shell(hotkeys, pause_s=0.01)
    async with Tasks("test") as tasks:
        tasks.start(shell.keys.keep_bound(), "bind")
        shell.keys.want(KEYS)
        await wait_until(lambda: hotkeys.bound, "it is bound")
        shell.keys.pause(True)
        await wait_until(lambda: hotkeys.binds == [{"dictate": "f9"}, {}, {"dictate": "f9"}], "it is bound again")


async def test_a_key_that_is_taken() -> None:
    hotkeys = FakeHotkeys()
    shell = Shell(hotkeys)
    await shell.keys.bind(KEYS)
    hotkeys.taken = {"f8", "esc"}
    with pytest.raises(HotkeyTaken):
        await shell.keys.bind({"dictate": "f8"})
    assert hotkeys.bound == {"dictate": "f9"}
    assert shell.notes == [None]
    async with Tasks("test") as tasks:
        tasks.start(shell.keys.keep_bound(), "bind")
        shell.keys.recording(True)
        await wait_until(lambda: shell.notes[-1], "it is told")
        shell.keys.recording(False)
    assert hotkeys.bound == {"dictate": "f9"}, "those of before stay"


async def test_what_keys_do_is_told() -> None:
    hotkeys = FakeHotkeys()
    shell = Shell(hotkeys)
    async with Tasks("test") as tasks:
        tasks.start(shell.keys.listen(), "listen")
        hotkeys.press()
        await wait_until(lambda: shell.told == [Key("dictate", True)], "it is down")
        await shell.keys.poll("dictate")
        hotkeys.release(noticed=False)
        await shell.keys.poll("dictate")
        await shell.keys.pass_on("dictate")
    assert shell.told[1:] == [Polled("dictate", True), Polled("dictate", False)]
    assert hotkeys.passed_on == ["dictate"]


async def test_a_keyboard_that_is_lost_holds_no_key_down() -> None:
    shell = Shell(Lost())
    await shell.keys.listen()
    await shell.keys.poll("dictate")
    await shell.keys.pass_on("dictate")
    assert shell.told == [Key("dictate", False, chord=True), Polled("dictate", False)]
    assert [note.key for note in shell.notes if note] == [NoteKey.HOTKEYS_FAILED]


async def test_a_mistake_with_keys_ends_no_dictation() -> None:
    class Wrong(FakeHotkeys):
        async def events(self) -> AsyncIterator[KeyEvent]:
            yield KeyEvent("dictate", True, 0.0)
            raise ValueError("a mistake")

    shell = Shell(Wrong())
    await shell.keys.listen()
    assert [note.reason for note in shell.notes if note] == [Note("unexpected", {"error": "ValueError"})]


async def test_a_keyboard_that_does_not_answer_says_nothing() -> None:
    class Silent(FakeHotkeys):
        async def is_down(self, action: str) -> bool:
            await asyncio.Event().wait()
            return True

    hotkeys, told = Silent(), list[Event]()
    await KeyShell(hotkeys, told.append, lambda note: None, answer_s=0.01).poll("dictate")
    assert told == []
