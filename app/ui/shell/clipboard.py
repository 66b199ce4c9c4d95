"""Qt's clipboard as an ``app.insertion.clipboard.WholeClipboard``.

Only Windows and macOS paste through it. Qt requests the data when a program reads the clipboard, so reads are
noticed, but not which program reads.
"""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any, Final

from PySide6.QtCore import QMimeData, QObject, Slot
from PySide6.QtGui import QClipboard, QGuiApplication

from app.ui.shell.qt_calls import QtCalls

MOST_BYTES: Final = 64 * 2**20
_ACCEPTED_S: Final = 2.0
# Formats that ask clipboard managers to skip the text: Windows, macOS (nspasteboard.org), KDE.
_PASSING: Final = (
    'application/x-qt-windows-mime;value="ExcludeClipboardContentFromMonitorProcessing"',
    "application/x-nspasteboard-transient",
    "x-kde-passwordManagerHint",
)


class _Offer(QMimeData):
    """Text that reports when it is read."""

    def __init__(self, text: str, read: Callable[[], None]) -> None:
        super().__init__()
        self.setText(text)
        for name in _PASSING:
            self.setData(name, b"secret")
        self._read = read

    def retrieveData(self, name: str, kind: Any) -> Any:
        """Report a read of the text, and return the data to Qt."""
        if name.startswith("text/"):
            self._read()
        return super().retrieveData(name, kind)


class QtClipboard(QObject):
    """Clipboard for coroutines of the loop's thread; create it in Qt's thread, which owns ``clipboard``."""

    def __init__(self, clipboard: QClipboard) -> None:
        super().__init__()
        self._clipboard = clipboard
        self._ask = QtCalls().ask
        self._before: QMimeData | None = None
        self._offer: _Offer | None = None
        self._reads = 0
        self._reads_before = 0
        self._heard: Callable[[], object] | None = None
        self._accepted: Callable[[], object] | None = None
        clipboard.dataChanged.connect(self._has_changed)

    async def keep(self, *, primary: bool = False) -> bool:
        """Save the whole content; return False if it is too large or Qt does not answer in time."""
        try:
            return bool(await self._ask(self._save_content))
        except TimeoutError:
            return False

    async def offer(self, text: str, *, primary: bool = False) -> bool:
        """Put ``text`` into the clipboard, notice its reads, and return True. Raises ``TimeoutError``."""
        await self._ask(lambda: self._offer_text(text))
        return True

    def expect_read(self, process: int = 0) -> None:
        """Make ``until_read`` count reads from now on."""
        self._reads_before = self._reads

    async def until_read(self, deadline_s: float) -> bool:
        """Wait up to ``deadline_s`` for a read after ``expect_read``, and return whether there was one."""
        loop, heard = asyncio.get_running_loop(), asyncio.Event()
        self._heard = partial(loop.call_soon_threadsafe, heard.set)
        try:
            if self._reads == self._reads_before:
                await asyncio.wait_for(heard.wait(), deadline_s)
            return True
        except TimeoutError:
            return False
        finally:
            self._heard = None

    async def give_back(self) -> None:
        """Restore the saved content, unless another program has taken the clipboard. Raises ``TimeoutError``."""
        await self._ask(self._give_back)

    async def copy(self, text: str) -> bool:
        """Put ``text`` into the clipboard without restoring it later, and return whether that worked.

        On Wayland it fails while no window of the app has the focus, or before one has received a key or a click.
        """
        loop, accepted = asyncio.get_running_loop(), asyncio.Event()
        try:
            left = await self._ask(
                lambda: self._leave_text(text, partial(loop.call_soon_threadsafe, accepted.set))
            )
            if left:
                await asyncio.wait_for(accepted.wait(), _ACCEPTED_S)
            return bool(left)
        except TimeoutError:
            return False
        finally:
            self._accepted = None

    # -- in Qt's thread ------------------------------------------------------------------------------------

    def _save_content(self) -> bool:
        if self._before is not None and self._is_ours():
            return True
        found: QMimeData | None = self._clipboard.mimeData()  # None for an empty clipboard on some platforms
        kept, size = QMimeData(), 0
        self._before = kept
        if found is None:
            return True
        for name in found.formats():
            if name == "application/x-qt-image":
                continue
            data = found.data(name)
            size += data.size()
            if size > MOST_BYTES:
                self._before = None
                return False
            kept.setData(name, data)
        if found.hasImage():
            kept.setImageData(found.imageData())
        return True

    def _offer_text(self, text: str) -> None:
        self._offer = _Offer(text, self._was_read)
        self._clipboard.setMimeData(self._offer)

    def _leave_text(self, text: str, accepted: Callable[[], object]) -> bool:
        """Copy a text, and call ``accepted`` once it is in the clipboard.

        A Wayland compositor reports a change of the clipboard to the focused program, but does not report a
        refusal.
        """
        is_wayland = QGuiApplication.platformName().startswith("wayland")
        if is_wayland and QGuiApplication.focusWindow() is None:
            return False
        self._offer = self._before = self._accepted = None
        self._clipboard.setText(text)  # Qt emits ``dataChanged`` for this call at once
        if is_wayland:
            self._accepted = accepted
        else:
            accepted()
        return True

    @Slot()
    def _has_changed(self) -> None:
        accepted, self._accepted = self._accepted, None
        if accepted is not None:
            accepted()

    def _give_back(self) -> None:
        before, self._before = self._before, None
        if not self._is_ours():
            return
        self._offer = None
        if before is not None and before.formats():
            self._clipboard.setMimeData(before)
        else:
            self._clipboard.clear()

    def _is_ours(self) -> bool:
        if self._offer is None:
            return False
        return self._clipboard.ownsClipboard() or self._clipboard.mimeData() is self._offer

    def _was_read(self) -> None:
        self._reads += 1
        heard = self._heard  # the other thread may clear it at any time
        if heard is not None:
            heard()
