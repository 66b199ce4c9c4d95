"""Tests of commands that an app reads late, because it stood still."""

import json
import socket
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.control.late_commands import Command, abandoned, repeats
from app.control.server import ControlServer
from app.core.states import State
from app.dictation.actions import HeldAction, KeyCommand, KeyMove, SettleHeld, Verb
from app.dictation.messages import DICTATE, PASTE_HELD
from app.dictation.view import View
from runtime.clocks import steady_s
from tests.helpers.waiting import wait_until

unix = pytest.mark.skipif(sys.platform == "win32", reason="needs Linux or macOS: unix sockets")
ENDING: dict[Command, Command] = {
    Verb.STOP: Verb.STOP,
    Verb.TOGGLE: Verb.STOP,
    Verb.CANCEL: Verb.CANCEL,
}


class App:
    """Fake app that records from its first toggle to the next, or to a stop."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.performed: list[Command] = []
        self.view = View()
        self.control = ControlServer(self._take, lambda: self.view, place)

    async def _take(self, command: Command) -> None:
        self.performed.append(command)
        recording = command is Verb.TOGGLE and self.view.state is State.IDLE
        self.view = View(State.LISTENING if recording else State.IDLE)
        self.control.changed()

    def sent(self, **request: object) -> socket.socket:
        """Send a request while the app stands still, because this thread is its event loop's."""
        client = socket.socket(socket.AF_UNIX)
        client.connect(str(self.place))
        client.sendall(json.dumps(request).encode() + b"\n")
        return client

    def abandon(self, **request: object) -> None:
        self.sent(**request).close()

    async def finish(self) -> None:
        """Wait until every request so far is served."""
        self.abandon(verb="key", key=PASTE_HELD, move="release")
        last = KeyCommand(PASTE_HELD, KeyMove.RELEASE)
        await wait_until(lambda: last in self.performed, "the requests are served")
        self.performed.remove(last)


@pytest.fixture
async def app(tmp_path: Path) -> AsyncIterator[App]:
    app = App(tmp_path / "control.sock")
    async with app.control:
        yield app


@pytest.mark.parametrize("verb", list(Verb))
def test_abandoned_verb_can_only_end_a_recording(verb: Verb) -> None:
    assert abandoned(verb) == ENDING.get(verb)


def test_abandoned_press_of_a_key_is_late_and_its_release_is_not() -> None:
    release = KeyCommand(DICTATE, KeyMove.RELEASE, 2.0)
    assert abandoned(release) == release
    assert abandoned(KeyCommand(DICTATE, KeyMove.PRESS, 2.0)) == KeyCommand(DICTATE, KeyMove.PRESS, 2.0, late=True)
    assert abandoned(SettleHeld("some-id", HeldAction.PASTE)) is None


def test_toggle_from_before_the_last_change_repeats_an_earlier_one() -> None:
    tap = KeyCommand(DICTATE, KeyMove.TAP)
    for toggle in (Verb.TOGGLE, tap):
        assert repeats(toggle, 10.0, 11.0) and not repeats(toggle, 11.0, 10.0)
        assert not repeats(toggle, 10.0, 10.2), "two quick presses begin a recording and end it"
        assert not repeats(toggle, 0.0, 11.0), "the beginning of the recording is unknown"
    for other in (Verb.STOP, Verb.START, KeyCommand(DICTATE, KeyMove.PRESS), KeyCommand(PASTE_HELD, KeyMove.TAP)):
        assert not repeats(other, 10.0, 11.0)


@unix
async def test_clients_that_gave_up_end_a_recording_but_begin_paste_and_quit_nothing(app: App) -> None:
    for verb in Verb:
        app.abandon(verb=verb)
    app.abandon(verb="paste-held", session="some-id")
    app.abandon(verb="key", key="dictate", move="press")
    app.abandon(verb="key", key="dictate", move="release")
    await app.finish()
    late, release = KeyCommand(DICTATE, KeyMove.PRESS, late=True), KeyCommand(DICTATE, KeyMove.RELEASE)
    assert app.performed == [Verb.STOP, Verb.STOP, Verb.CANCEL, late, release]


@unix
async def test_toggle_pressed_again_while_the_app_stands_still_counts_once(app: App) -> None:
    began_s = steady_s() - 60.0
    with app.sent(verb="toggle", at_s=began_s), app.sent(verb="toggle", at_s=began_s + 1) as again:
        again.settimeout(30.0)
        await app.finish()
        assert again.recv(100) == b'{"ok":true}\n', "the app does what its user wanted"
    assert app.performed == [Verb.TOGGLE]
    with app.sent(verb="toggle", at_s=steady_s()):
        await app.finish()
    assert app.performed == [Verb.TOGGLE] * 2
