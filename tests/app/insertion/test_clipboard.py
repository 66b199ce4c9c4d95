"""The flow of one paste after another. ``test_pasting.py`` has its use on Windows and macOS."""

from dataclasses import dataclass, field

import pytest

from app.insertion.clipboard import PasteFlow
from app.insertion.errors import ScreenGone
from app.insertion.outcome import HoldReason
from tests.helpers.waiting import wait_until


@dataclass
class FakeClipboard:
    """A simulated clipboard that notes what is done with it."""

    done: list[str] = field(default_factory=list)
    keeps: bool = True
    offers: bool = True
    reads: bool = True
    hangs: int = 0
    keep_fails: bool = False

    async def keep(self, *, primary: bool = False) -> bool:
        self.done.append(f"keep {primary}")
        if self.keep_fails:
            raise ScreenGone
        return self.keeps

    async def offer(self, text: str, *, primary: bool = False) -> bool:
        self.done.append(f"offer {text!r}")
        return self.offers

    def expect_read(self, process: int = 0) -> None:
        """Do nothing: ``press`` of these tests presses nothing."""

    async def until_read(self, deadline_s: float) -> bool:
        self.done.append("read")
        return self.reads

    async def is_echoed(self, text: str) -> bool:
        return False

    async def give_back(self) -> None:
        if self.hangs:
            self.hangs -= 1
            raise ScreenGone
        self.done.append("give back")

    async def close(self) -> None:
        """Do nothing: it has no resources."""


async def press() -> HoldReason | None:
    return None


async def lose_focus() -> HoldReason | None:
    return HoldReason.FOCUS_MOVED


async def test_clipboard_is_given_back_after_a_text_is_read() -> None:
    clipboard = FakeClipboard()
    flow = PasteFlow(clipboard)
    assert await flow.paste("text", press, primary=True) is None
    await wait_until(lambda: clipboard.done[-1] == "give back", "it is given back")
    assert clipboard.done == ["keep True", "offer 'text'", "read", "give back"]
    await flow.close()


async def test_clipboard_is_given_back_after_the_compositor_hung(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.insertion.clipboard.EMPTY_S", 0.0)
    clipboard = FakeClipboard(hangs=2)
    flow = PasteFlow(clipboard)
    assert await flow.paste("text", press) is None
    await wait_until(lambda: clipboard.done[-1] == "give back", "it is given back")
    await flow.close()


async def test_clipboard_is_not_touched_when_it_cannot_be_kept() -> None:
    clipboard = FakeClipboard(keeps=False)
    flow = PasteFlow(clipboard)
    assert await flow.paste("text", press) is HoldReason.CLIPBOARD_BUSY
    await flow.close()
    assert clipboard.done == ["keep False"]


@pytest.mark.parametrize("reads", [True, False])
async def test_clipboard_of_the_last_text_is_given_back_when_the_next_cannot_be_kept(
    reads: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.insertion.clipboard.EMPTY_S", 0.0)
    clipboard = FakeClipboard(reads=reads)
    flow = PasteFlow(clipboard)
    await flow.paste("text", press)
    clipboard.keeps = False
    assert await flow.paste("more", press, primary=True) is HoldReason.CLIPBOARD_BUSY
    await wait_until(lambda: clipboard.done[-1] == "give back", "it is given back")
    assert clipboard.done[-2] == "keep True"
    await flow.close()


async def test_clipboard_of_the_last_text_is_given_back_when_the_compositor_hangs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("app.insertion.clipboard.EMPTY_S", 0.0)
    clipboard = FakeClipboard()
    flow = PasteFlow(clipboard)
    await flow.paste("text", press)
    clipboard.keep_fails = True
    with pytest.raises(ScreenGone):
        await flow.paste("more", press)
    await wait_until(lambda: clipboard.done[-1] == "give back", "it is given back")
    await flow.close()


async def test_key_is_not_pressed_when_another_program_copies() -> None:
    clipboard = FakeClipboard(offers=False)
    flow = PasteFlow(clipboard)
    assert await flow.paste("text", press) is HoldReason.CLIPBOARD_BUSY
    assert "read" not in clipboard.done
    await flow.close()
    assert clipboard.done[-1] == "give back"


async def test_unread_text_is_withdrawn() -> None:
    clipboard = FakeClipboard(reads=False)
    flow = PasteFlow(clipboard)
    assert await flow.paste("text", press) is HoldReason.NOT_READ
    assert clipboard.done[-1] == "offer ''"
    await flow.close()
    assert clipboard.done[-1] == "give back"


async def test_text_is_not_awaited_when_no_key_was_pressed() -> None:
    clipboard = FakeClipboard()
    flow = PasteFlow(clipboard)
    assert await flow.paste("text", lose_focus) is HoldReason.FOCUS_MOVED
    await flow.close()
    assert clipboard.done == ["keep False", "offer 'text'", "give back"]
