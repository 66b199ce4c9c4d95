"""Keys that the keyboard or its layout lacks, such as letters while the layout is Russian."""

import pytest

from app.core.errors import Note
from app.dictation.hotkey_adapter import KeyTimes
from app.hotkeys.errors import HotkeysUnavailable
from tests.app.dictation.test_hotkey_adapter import running
from tests.app.dictation.world import FakeHotkeys
from tests.helpers.waiting import wait_until


async def test_missing_key_is_retried_while_other_keys_work() -> None:
    hotkeys = FakeHotkeys()
    hotkeys.absent = {"ctrl+alt+v"}
    keys = {"dictate": "right_ctrl", "cancel": "esc", "paste-held": "ctrl+alt+v"}
    async with running(hotkeys, KeyTimes(again_s=0.01), keys=keys) as shell:
        await wait_until(lambda: hotkeys.bound == {"dictate": "right_ctrl"}, "the key that exists is bound")
        await wait_until(lambda: shell.notes, "it is reported")
        assert shell.notes[0] == Note("hotkey-absent", {"binding": "ctrl+alt+v"})
        shell.keys.set_recording(True)
        await wait_until(lambda: "cancel" in hotkeys.bound, "a recording can be cancelled")
        hotkeys.absent = set()
        await wait_until(lambda: hotkeys.bound == keys, "the layout has it again")
        await wait_until(lambda: shell.notes[-1] is None, "it is reported")


@pytest.mark.parametrize("others", [{}, {"paste-held": "f10"}])
async def test_note_says_that_hotkeys_do_not_work_only_if_none_does(others: dict[str, str]) -> None:
    hotkeys = FakeHotkeys()
    hotkeys.absent = {"f9"}
    async with running(hotkeys, keys={"dictate": "f9", **others}) as shell:
        await wait_until(lambda: shell.notes, "the missing key is reported")
    missing = Note("hotkey-absent", {"binding": "f9"})
    assert shell.notes == [missing if others else Note("hotkeys-failed", reason=missing)]


async def test_note_says_that_hotkeys_do_not_work_after_a_failed_renewal() -> None:
    class Gone(FakeHotkeys):
        async def renew(self) -> None:
            raise HotkeysUnavailable("gone")

    hotkeys = Gone()
    async with running(hotkeys, keys={"dictate": "f9"}) as shell:
        await wait_until(lambda: hotkeys.bound, "it is bound")
        await shell.keys.renew()
    assert shell.notes == [Note("hotkeys-failed", reason=Note("hotkeys-unavailable"))]
