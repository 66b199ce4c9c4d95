"""Program that shows the overlay on XWayland: what its frames do, and when it ends."""

import io
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import Mock

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.core.area import Area
from app.core.errors import Note
from app.core.hints import FirstTimes
from app.core.live_text import TextSpan
from app.core.states import State
from app.dictation.view import View
from app.insertion.outcome import TextPlace
from app.ui.dictation.overlay_child import Receiver, ViewInbox
from app.ui.dictation.overlay_wayland import COMMAND, FRAMES, AppearanceFrame, ViewFrame
from app.ui.theme.colours import Scheme

LOOK = AppearanceFrame("en", Scheme.LIGHT, "normal", True, "bottom", "ctrl+alt+v", "f9")
VIEW = View(
    State.HELD,
    2.5,
    -30.0,
    (TextSpan("naïve 你好", False),),
    held=1,
    window=Area(1, 2, 3, 4),
    place=TextPlace(Area(1, 2, 3, 4), Area(5, 6, 7, 8)),
    note=Note("recording-kept", {"reason": "x"}, Note("cancelled")),
)


@pytest.fixture
def receiver(qapp: QApplication, tmp_path: Path) -> Iterator[Receiver]:
    font = qapp.font()
    made = Receiver(LOOK, FirstTimes(tmp_path / "hint"), Mock(wraps=qapp, font=qapp.font))
    yield made
    made.overlay.close()
    qapp.setFont(font)


def test_frames_are_read_as_they_were_sent(qtbot: QtBot) -> None:
    inbox, arrived = ViewInbox(), list[object]()
    inbox.arrived.connect(arrived.append)
    pipe = io.BytesIO(FRAMES.pack(LOOK) + FRAMES.pack(ViewFrame(VIEW)))
    inbox.read(pipe)
    assert arrived == [LOOK, ViewFrame(VIEW), None]


def test_damaged_frame_is_the_end(qtbot: QtBot) -> None:
    inbox, arrived = ViewInbox(), list[object]()
    inbox.arrived.connect(arrived.append)
    inbox.read(io.BytesIO(b"\x01\x00\x00\x00\xff" + FRAMES.pack(LOOK)))
    assert arrived == [None]


def test_appearance_and_view_are_shown(receiver: Receiver) -> None:
    receiver.receive(ViewFrame(VIEW))
    overlay, surface = receiver.overlay, receiver.overlay.surface
    assert overlay.drawing is not None
    assert any("Ctrl+Alt+V" in piece.text for piece in overlay.drawing.pieces)
    receiver.receive(AppearanceFrame("zh", Scheme.DARK, "larger", True, "off"))
    assert not surface.visible and (receiver.texts.language, receiver.theme.scheme) == ("zh", Scheme.DARK)
    receiver.receive(AppearanceFrame("zh", Scheme.DARK, "normal", True, "top"))
    assert [surface.visible] == [True]


def test_program_ends_at_once_without_an_appearance(tmp_path: Path) -> None:
    done = subprocess.run(
        [*COMMAND, str(tmp_path / "hint")], input=FRAMES.pack(ViewFrame(VIEW)), timeout=60, capture_output=True
    )
    assert done.returncode == 1 and sys.executable == COMMAND[0]
