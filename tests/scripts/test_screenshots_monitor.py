"""Test that the monitor's sheet has each state, in both languages, light and dark."""

import os
from collections.abc import Iterator

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication

from app.core.states import State
from app.monitoring.view import Link
from scripts import screenshots, screenshots_monitor
from scripts.screenshots import LOOKS
from tests.helpers.packages import require

AT_MOST = 1_500_000


@pytest.fixture(autouse=True)
def tidy(qapp: QApplication) -> Iterator[None]:
    """Delete the windows after each test."""
    require(("fonts-noto-cjk",))
    yield
    for widget in qapp.topLevelWidgets():
        widget.deleteLater()


def test_monitor_views_cover_every_link_state() -> None:
    busy, lost, nobody, never, connecting = screenshots_monitor.views()
    assert (busy.link, lost.link, nobody.link, never.link) == (Link.LIVE, Link.LOST, Link.LIVE, Link.LOST)
    assert connecting.link is Link.CONNECTING
    assert {State.LISTENING, State.WAITING} <= {row.state for row in busy.utterances}
    assert lost.gateway and not never.gateway and not nobody.workers


def test_monitor_looks_differ(qapp: QApplication) -> None:
    nobody = screenshots_monitor.views()[2]
    images = [screenshots_monitor.monitor(look, nobody, 0.5) for look in LOOKS]
    assert all(one != other for number, one in enumerate(images) for other in images[number + 1 :])


def test_committed_pictures_are_small() -> None:
    picture = screenshots.FOLDER / "monitor.png"
    assert picture.stat().st_size < AT_MOST
    assert QImage(str(picture)).width() > 2_000
