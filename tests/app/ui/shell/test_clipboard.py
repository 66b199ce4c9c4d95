"""Qt's clipboard on the offscreen platform, which requests data like the other platforms do."""

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QMimeData
from PySide6.QtGui import QClipboard, QImage
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.ui.shell import clipboard as module
from app.ui.shell.clipboard import QtClipboard
from tests.app.ui.runtime import ANY_LENGTH_MS, Runtime


@pytest.fixture
def system(qapp: QApplication) -> Iterator[QClipboard]:
    found = qapp.clipboard()
    found.clear()
    yield found
    found.clear()


def test_clipboard_notices_read_after_key_press(runtime: Runtime, system: QClipboard, qtbot: QtBot) -> None:
    clipboard = QtClipboard(system)
    assert runtime.do(clipboard.keep())
    runtime.do(clipboard.offer("文字 text"))
    assert system.text() == "文字 text"  # as a clipboard history does at once
    clipboard.expect_read()
    assert not runtime.do(clipboard.until_read(0.05))
    reading = runtime.submit(clipboard.until_read(30))
    qtbot.wait(20)
    assert not reading.done()
    assert system.text() == "文字 text"
    qtbot.waitUntil(reading.done, timeout=ANY_LENGTH_MS)
    assert reading.result()
    clipboard.expect_read()
    assert system.text()
    assert runtime.do(clipboard.until_read(30))  # the read happened before the wait


def test_offer_asks_clipboard_histories_to_skip_text(runtime: Runtime, system: QClipboard) -> None:
    runtime.do(QtClipboard(system).offer("text"))
    assert bytes(system.mimeData().data("x-kde-passwordManagerHint").data()) == b"secret"


def test_give_back_restores_all_formats(runtime: Runtime, system: QClipboard) -> None:
    image = QImage(8, 8, QImage.Format.Format_RGB32)
    image.fill(0x123456)
    before = QMimeData()
    before.setHtml("<b>rich</b>")
    before.setText("rich")
    before.setImageData(image)
    before.setData("application/x-own", b"\x00\x01")
    system.setMimeData(before)
    clipboard = QtClipboard(system)
    for text in ("one", "two"):  # the second offer while the first is active
        assert runtime.do(clipboard.keep())
        runtime.do(clipboard.offer(text))
        assert system.text() == text
    runtime.do(clipboard.give_back())
    now = system.mimeData()
    assert (now.html(), now.text()) == ("<b>rich</b>", "rich")
    assert bytes(now.data("application/x-own").data()) == b"\x00\x01"
    assert now.imageData().pixel(3, 3) & 0xFFFFFF == 0x123456


def test_copied_text_stays_after_give_back(runtime: Runtime, system: QClipboard) -> None:
    clipboard = QtClipboard(system)
    assert runtime.do(clipboard.keep())
    runtime.do(clipboard.offer("lent"))
    assert runtime.do(clipboard.copy("left"))
    runtime.do(clipboard.give_back())
    assert system.text() == "left"


def test_give_back_leaves_clipboard_empty_when_it_was_empty(runtime: Runtime, system: QClipboard) -> None:
    clipboard = QtClipboard(system)
    assert runtime.do(clipboard.keep())
    runtime.do(clipboard.offer("text"))
    runtime.do(clipboard.give_back())
    now: QMimeData | None = system.mimeData()
    assert now is None or not now.formats()


def test_give_back_keeps_text_that_user_copied_meanwhile(runtime: Runtime, system: QClipboard) -> None:
    clipboard = QtClipboard(system)
    assert runtime.do(clipboard.keep())
    runtime.do(clipboard.offer("text"))
    system.setText("copied meanwhile")
    runtime.do(clipboard.give_back())
    assert system.text() == "copied meanwhile"


def test_keep_refuses_content_over_size_limit(runtime: Runtime, system: QClipboard) -> None:
    large = QMimeData()
    large.setData("application/x-own", bytes(module.MOST_BYTES + 1))
    system.setMimeData(large)
    assert not runtime.do(QtClipboard(system).keep())
