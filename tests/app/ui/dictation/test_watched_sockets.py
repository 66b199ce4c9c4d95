"""Watching of descriptors in Qt's event loop."""

import socket
from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.ui.dictation.watched_sockets import WatchedSockets


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    near, far = socket.socketpair()
    near.setblocking(False)
    yield near, far
    near.close()
    far.close()


def test_reader_is_called_until_it_is_removed(pair: tuple[socket.socket, socket.socket], qtbot: QtBot) -> None:
    near, far = pair
    watched, told = WatchedSockets(), list[bytes]()
    watched.add_reader(near.fileno(), lambda: told.append(near.recv(10)))
    far.send(b"one")
    qtbot.waitUntil(lambda: told == [b"one"])
    watched.remove_reader(near.fileno())
    watched.remove_reader(near.fileno())  # safe to call twice
    far.send(b"two")
    QApplication.processEvents()
    assert told == [b"one"]


def test_writer_may_remove_itself(pair: tuple[socket.socket, socket.socket], qtbot: QtBot) -> None:
    near, _ = pair
    watched, told = WatchedSockets(), list[bool]()

    def writable() -> None:
        told.append(True)
        watched.remove_writer(near.fileno())

    watched.add_writer(near.fileno(), writable)
    qtbot.waitUntil(lambda: bool(told))
    QApplication.processEvents()
    assert told == [True]
