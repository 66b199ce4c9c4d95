"""Tests of hotkeys at work: when keys are bound, and keyboards that do not answer."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager

from app.core.errors import Note
from app.dictation.actions import KeyCommand, KeyMove, PauseHotkeys, SuspendHotkeys, TestHotkeys, Verb
from app.dictation.hotkey_adapter import HotkeyAdapter, KeyTimes
from app.dictation.hotkey_test import RECORDING, KeySeen, KeysSeen
from app.dictation.messages import Event, HotkeyEvent, Polled
from app.hotkeys.errors import HotkeysLost, HotkeysUnavailable
from app.hotkeys.events import KeyEvent
from runtime.event_names import LogEvent
from runtime.tasks import Tasks
from tests.app.dictation.world import FakeHotkeys
from tests.helpers.logs import capture_logs
from tests.helpers.waiting import wait_until

KEYS = {"dictate": "f9", "cancel": "esc", "paste-held": ""}


class Lost(FakeHotkeys):
    """Fake hotkeys whose connection to the keyboard is lost."""

    async def events(self) -> AsyncIterator[KeyEvent]:
        yield KeyEvent("dictate", False, 0.0, chord=True)
        raise HotkeysUnavailable("gone")

    async def is_down(self, action: str) -> bool:
        raise HotkeysUnavailable("gone")

    async def pass_on(self, action: str) -> None:
        raise HotkeysUnavailable("gone")


class Assigned(FakeHotkeys):
    """Fake hotkeys of a desktop that chooses the key and whose portal ends once."""

    def __init__(self) -> None:
        super().__init__()
        self.changed: Callable[[], None] = lambda: None
        self.assigned: Mapping[str, str] = {"dictate": "f8"}
        self.reserved: Mapping[str, str] = {}
        self.ends = asyncio.Event()

    def reserve(self, bindings: Mapping[str, str]) -> None:
        self.reserved = bindings

    def assume_released(self, action: str) -> None:
        self.release(action)

    async def events(self) -> AsyncIterator[KeyEvent]:
        if self.ends.is_set():
            yield KeyEvent("dictate", True, 0.0)
            await asyncio.Event().wait()
        await self.ends.wait()
        raise HotkeysLost("gone")


class Shell:
    def __init__(self, hotkeys: FakeHotkeys, times: KeyTimes | None = None) -> None:
        self.told: list[Event] = []
        self.notes: list[Note | None] = []
        self.seen: list[KeysSeen] = []
        self.keys = HotkeyAdapter(hotkeys, self.told.append, self.notes.append, self.seen.append, times)


@asynccontextmanager
async def running(
    hotkeys: FakeHotkeys, times: KeyTimes | None = None, keys: Mapping[str, str] = KEYS
) -> AsyncIterator[Shell]:
    """Run an adapter that listens, and keeps these keys bound."""
    shell = Shell(hotkeys, times)
    async with Tasks("test") as tasks:
        tasks.start(shell.keys.keep_bound(), "bind")
        tasks.start(shell.keys.listen(), "listen")
        shell.keys.request(keys)
        yield shell


async def test_cancel_key_is_bound_only_while_recording() -> None:
    hotkeys = FakeHotkeys()
    async with running(hotkeys) as shell:
        await wait_until(lambda: hotkeys.bound == {"dictate": "f9"}, "without a key there is nothing to bind")
        shell.keys.set_recording(True)
        await wait_until(lambda: hotkeys.bound == {"dictate": "f9", "cancel": "esc"}, "Esc is bound")
        shell.keys.set_recording(False)
        await wait_until(lambda: "cancel" not in hotkeys.bound, "Esc is released")


async def test_log_reports_when_keys_are_first_observed() -> None:
    hotkeys = FakeHotkeys()
    with capture_logs() as logs:
        async with running(hotkeys) as shell:
            assert not shell.keys.tried.is_set()
            await asyncio.wait_for(shell.keys.tried.wait(), 30)
            assert hotkeys.bound
            shell.keys.set_recording(True)
            await wait_until(lambda: "cancel" in hotkeys.bound, "Esc is bound")
    assert [(line["event"], line["actions"]) for line in logs] == [(LogEvent.HOTKEYS_BOUND, ["dictate"])]


async def test_pause_unbinds_all_keys_until_it_ends() -> None:
    hotkeys = FakeHotkeys()
    async with running(hotkeys) as shell:
        await wait_until(lambda: hotkeys.bound, "it is bound")
        shell.keys.pause(on=True)
        await wait_until(lambda: not hotkeys.bound, "all keys are released")
        shell.keys.set_recording(True)
        shell.keys.request(KEYS | {"dictate": "f8"})
        shell.keys.pause(on=False)
        await wait_until(lambda: hotkeys.bound == {"dictate": "f8", "cancel": "esc"}, "the new one is bound")


async def test_suspended_keys_stay_unbound_through_changes_but_cancel_works() -> None:
    hotkeys = FakeHotkeys()
    async with running(hotkeys) as shell:
        await wait_until(lambda: hotkeys.bound, "it is bound")
        shell.keys.suspend(on=True)
        assert shell.seen[-1] == KeysSeen(paused=True)
        await wait_until(lambda: not hotkeys.bound, "all keys are released")
        shell.keys.pause(on=True)
        shell.keys.request(KEYS | {"dictate": "f8"})
        shell.keys.pause(on=False)
        shell.keys.set_recording(True)
        await wait_until(lambda: hotkeys.bound == {"cancel": "esc"}, "a recording can be cancelled")
        shell.keys.set_recording(False)
        await wait_until(lambda: not hotkeys.bound, "no key is bound")
        shell.keys.suspend(on=False)
        assert shell.seen[-1] == KeysSeen()
        await wait_until(lambda: hotkeys.bound == {"dictate": "f8"}, "the new one is bound")


async def test_key_test_hears_suspended_keys() -> None:
    hotkeys = FakeHotkeys()
    async with running(hotkeys) as shell:
        shell.keys.suspend(on=True)
        shell.keys.test(on=True)
        assert shell.seen[-1] == KeysSeen(True, paused=True)
        await wait_until(lambda: hotkeys.bound == {"dictate": "f9", "cancel": "esc"}, "each key is tried")
        shell.keys.test(on=False)
        await wait_until(lambda: not hotkeys.bound, "they are suspended again")


async def test_pause_ends_after_time_limit() -> None:
    hotkeys = FakeHotkeys()
    async with running(hotkeys, KeyTimes(pause_s=0.01)) as shell:
        await wait_until(lambda: hotkeys.bound, "it is bound")
        shell.keys.pause(on=True)
        await wait_until(lambda: hotkeys.binds == [{"dictate": "f9"}, {}, {"dictate": "f9"}], "it is bound again")


async def test_previous_keys_stay_bound_when_cancel_key_is_taken() -> None:
    hotkeys = FakeHotkeys()
    hotkeys.taken = {"esc"}
    async with running(hotkeys) as shell:
        await wait_until(lambda: hotkeys.bound, "it is bound")
        shell.keys.set_recording(True)
        await wait_until(lambda: shell.notes and shell.notes[-1], "it is reported")
        shell.keys.set_recording(False)
    assert hotkeys.bound == {"dictate": "f9"}


async def test_key_events_and_polls_are_passed_on() -> None:
    hotkeys = FakeHotkeys()
    async with running(hotkeys) as shell:
        hotkeys.press()
        await wait_until(lambda: shell.told == [HotkeyEvent("dictate", True)], "it is down")
        await shell.keys.poll("dictate")
        hotkeys.release(noticed=False)
        await shell.keys.poll("dictate")
        await shell.keys.pass_on("dictate")
    assert shell.told[1:] == [Polled("dictate", True), Polled("dictate", False)]
    assert hotkeys.passed_on == ["dictate"]


async def test_lost_keyboard_counts_keys_as_up_and_warns() -> None:
    shell = Shell(Lost())
    await shell.keys.listen()
    await shell.keys.poll("dictate")
    await shell.keys.pass_on("dictate")
    assert shell.told == [HotkeyEvent("dictate", False, chord=True), Polled("dictate", False)]
    assert [note.key for note in shell.notes if note] == ["hotkeys-failed"]


async def test_unexpected_error_in_hotkeys_becomes_warning() -> None:
    class Wrong(FakeHotkeys):
        async def events(self) -> AsyncIterator[KeyEvent]:
            yield KeyEvent("dictate", True, 0.0)
            raise ValueError("a mistake")

    shell = Shell(Wrong())
    await shell.keys.listen()
    assert [note.reason for note in shell.notes if note] == [Note("unexpected", {"error": "ValueError"})]


async def test_poll_reports_no_state_when_keyboard_times_out() -> None:
    class Silent(FakeHotkeys):
        async def is_down(self, action: str) -> bool:
            await asyncio.Event().wait()
            return True

    hotkeys, told = Silent(), list[Event]()
    times = KeyTimes(answer_s=0.01)
    await HotkeyAdapter(hotkeys, told.append, lambda note: None, times=times).poll("dictate")
    assert told == []


async def test_problem_ends_when_free_key_is_bound() -> None:
    hotkeys = FakeHotkeys()
    hotkeys.taken = {"f8"}
    async with running(hotkeys, keys={"dictate": "f8"}) as shell:
        await wait_until(lambda: shell.seen, "it is reported")
        assert shell.seen[-1].problem == Note("hotkey-taken", {"binding": "f8"})
        shell.keys.request(KEYS)
        await wait_until(lambda: hotkeys.bound, "another one is bound")
    assert (shell.seen[-1], shell.notes[-1]) == (KeysSeen(), None)


async def test_free_keys_are_bound_and_taken_keys_are_retried() -> None:
    hotkeys = FakeHotkeys()
    hotkeys.taken = {"f8"}
    async with running(hotkeys, KeyTimes(again_s=0.01), keys={"dictate": "f8", "paste-held": "f7"}) as shell:
        await wait_until(lambda: hotkeys.bound == {"paste-held": "f7"}, "the other key is bound")
        hotkeys.taken.clear()
        await wait_until(lambda: hotkeys.bound == {"dictate": "f8", "paste-held": "f7"}, "it is given back")
    assert [seen.problem is None for seen in shell.seen] == [False, True], (
        "the problem is reported once, and again when it ends"
    )
    assert [seen.instead for seen in shell.seen] == [{"dictate": ""}, {}], "no key works in its place"


async def test_action_keeps_old_key_when_new_key_is_taken() -> None:
    hotkeys = FakeHotkeys()
    hotkeys.taken = {"f8"}
    async with running(hotkeys) as shell:
        await wait_until(lambda: hotkeys.bound == {"dictate": "f9"}, "it is bound")
        shell.keys.request({"dictate": "f8", "paste-held": "f7"})
        await wait_until(lambda: hotkeys.bound == {"dictate": "f9", "paste-held": "f7"}, "the rest is bound")
        await wait_until(lambda: shell.seen, "it is reported")
    assert shell.seen[-1].instead == {"dictate": "f9"}


async def test_key_test_keeps_key_events_from_dictation() -> None:
    hotkeys = FakeHotkeys()
    async with running(hotkeys) as shell:
        shell.keys.test(on=True)
        await wait_until(lambda: hotkeys.bound == {"dictate": "f9", "cancel": "esc"}, "all keys are bound")
        hotkeys.press()
        await wait_until(lambda: shell.seen[-1].keys == (KeySeen("dictate"),), "it is down")
        shell.keys.test(on=False)
        hotkeys.release()
        await wait_until(lambda: shell.seen[-1].keys[0].held_s is not None, "it is up")
        assert not shell.seen[-1].testing
        await wait_until(lambda: "cancel" not in hotkeys.bound, "Esc is released")
        assert shell.told == []
        hotkeys.press()
        await wait_until(lambda: shell.told == [HotkeyEvent("dictate", True)], "it dictates again")


async def test_key_test_ends_after_time_limit() -> None:
    shell = Shell(FakeHotkeys(), KeyTimes(test_s=0.01))
    shell.keys.test(on=True)
    await wait_until(lambda: [seen.testing for seen in shell.seen] == [True, False], "it is over")


async def test_key_test_is_refused_while_recording() -> None:
    shell = Shell(FakeHotkeys())
    shell.keys.test(on=True)
    shell.keys.set_recording(True)
    shell.keys.test(on=True)
    assert shell.seen[1:] == [KeysSeen(), KeysSeen(problem=RECORDING)]


async def test_renew_grabs_and_rebinds_keys() -> None:
    hotkeys = FakeHotkeys()
    async with running(hotkeys) as shell:
        await wait_until(lambda: hotkeys.binds, "they are bound")
        await shell.keys.renew()
        await wait_until(lambda: hotkeys.binds == [{"dictate": "f9"}] * 2, "they are bound once more")
    assert hotkeys.renewed == 1


def commanded(shell: Shell, action: str, *moves: KeyMove) -> None:
    for move in moves:
        shell.keys.ask(KeyCommand(action, move))


async def test_commanded_key_holds_like_a_hotkey() -> None:
    shell = Shell(FakeHotkeys())
    commanded(shell, "dictate", KeyMove.PRESS)
    await shell.keys.poll("dictate")
    commanded(shell, "dictate", KeyMove.RELEASE)
    await shell.keys.poll("dictate")
    press, down, release, up = shell.told
    assert (press, down) == (HotkeyEvent("dictate", True), Polled("dictate", True))
    assert (release, up) == (HotkeyEvent("dictate", False), Polled("dictate", False))
    assert shell.seen[-1].commanded == ("dictate",)


async def test_commanded_tap_acts_as_its_verb() -> None:
    shell = Shell(FakeHotkeys())
    commanded(shell, "dictate", KeyMove.TAP)
    commanded(shell, "paste-held", KeyMove.TAP)
    commanded(shell, "cancel", KeyMove.TAP)
    assert shell.told == [Verb.TOGGLE, Verb.PASTE_HELD], "nothing is recorded that could be cancelled"
    shell.keys.set_recording(True)
    commanded(shell, "cancel", KeyMove.TAP)
    assert shell.told[2:] == [Verb.CANCEL]


async def test_commanded_key_has_no_effect_while_suspended_but_its_release_has() -> None:
    shell = Shell(FakeHotkeys())
    commanded(shell, "dictate", KeyMove.PRESS)
    shell.keys.ask(SuspendHotkeys(True))
    commanded(shell, "dictate", KeyMove.RELEASE, KeyMove.PRESS, KeyMove.RELEASE, KeyMove.TAP)
    assert [event.pressed for event in shell.told if isinstance(event, HotkeyEvent)] == [True, False, False]
    shell.keys.ask(SuspendHotkeys(False))
    shell.keys.ask(PauseHotkeys(True))
    commanded(shell, "dictate", KeyMove.TAP)
    assert Verb.TOGGLE not in shell.told
    shell.keys.ask(PauseHotkeys(False))


async def test_late_press_of_a_commanded_key_only_ends_a_recording() -> None:
    shell = Shell(FakeHotkeys())
    for action in ("dictate", "cancel", "paste-held"):
        shell.keys.ask(KeyCommand(action, KeyMove.PRESS, late=True))
    assert shell.told == [Verb.STOP], "nothing is recorded that could be cancelled"
    shell.keys.set_recording(True)
    shell.keys.ask(KeyCommand("cancel", KeyMove.TAP, late=True))
    assert shell.told[1:] == [Verb.CANCEL]
    shell.keys.ask(SuspendHotkeys(True))
    shell.keys.ask(KeyCommand("dictate", KeyMove.PRESS, late=True))
    assert shell.told[2:] == []
    shell.keys.ask(SuspendHotkeys(False))


async def test_key_test_shows_commanded_keys() -> None:
    shell = Shell(FakeHotkeys())
    shell.keys.ask(TestHotkeys(True))
    commanded(shell, "cancel", KeyMove.TAP)
    assert [key.action for key in shell.seen[-1].keys] == ["cancel"] and not shell.told
    shell.keys.ask(TestHotkeys(False))


async def test_key_that_the_desktop_chose_is_shown() -> None:
    hotkeys = Assigned()
    async with running(hotkeys) as shell:
        await wait_until(lambda: hotkeys.bound == {"dictate": "f9"}, "it is bound")
        assert hotkeys.reserved == KEYS
    hotkeys.changed()
    assert shell.seen[-1].assigned == {"dictate": "f8"}


async def test_keys_are_bound_again_after_the_portal_has_ended() -> None:
    hotkeys = Assigned()
    async with running(hotkeys) as shell:
        await wait_until(lambda: hotkeys.bound == {"dictate": "f9"}, "it is bound")
        hotkeys.bound = {}
        hotkeys.ends.set()
        await wait_until(lambda: hotkeys.bound == {"dictate": "f9"}, "it is bound again")
        await wait_until(lambda: bool(shell.told), "keys arrive again")
    assert HotkeyEvent("dictate", True) in shell.told and not any(shell.notes)
