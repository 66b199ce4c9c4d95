"""Releases that get lost: no text would be inserted while a key counts as down."""

from app.dictation.actions import KeyMove
from app.dictation.hotkey_adapter import KeyTimes
from app.dictation.messages import HotkeyEvent, Polled
from tests.app.dictation.test_hotkey_adapter import Assigned, Shell, commanded, running
from tests.app.dictation.world import FakeHotkeys
from tests.helpers.waiting import wait_until


async def test_commanded_key_with_lost_release_counts_as_released_unless_it_is_needed() -> None:
    shell = Shell(FakeHotkeys(), KeyTimes(unseen_s=0.0))
    commanded(shell, "dictate", KeyMove.PRESS)
    await shell.keys.poll("dictate", needed=True)
    await shell.keys.poll("dictate")
    press, down, release = shell.told
    assert (press, down) == (HotkeyEvent("dictate", True), Polled("dictate", True))
    assert release == HotkeyEvent("dictate", False)
    commanded(shell, "dictate", KeyMove.PRESS)
    assert shell.told[3:] == [HotkeyEvent("dictate", True)], "the next press counts"


async def test_key_of_portal_whose_release_is_lost_counts_as_released() -> None:
    hotkeys = Assigned()
    hotkeys.ends.set()
    async with running(hotkeys, KeyTimes(unseen_s=0.0)) as shell:
        await wait_until(lambda: shell.told, "it is down")
        hotkeys.down.add("dictate")
        await shell.keys.poll("dictate")
    assert hotkeys.down == set() and shell.told == [HotkeyEvent("dictate", True)]


async def test_observable_key_stays_down_while_it_is_held() -> None:
    hotkeys = FakeHotkeys()
    shell = Shell(hotkeys, KeyTimes(unseen_s=0.0))
    hotkeys.press()
    await shell.keys.poll("dictate")
    assert shell.told == [Polled("dictate", True)]
