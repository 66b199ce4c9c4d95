import asyncio
import os
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from app.control.client import ControlRefused, NotRunning, ask, follow, hand_over, pipe_name
from app.control.server import ControlServer
from app.dictation.actions import KeyCommand, SettleHeld, Verb
from app.dictation.view import View

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs Linux or macOS: unix sockets")

VIEW = b'{"ok":true,"view":{"state":"idle"}}\n'


@contextmanager
def answering(place: Path, answer: bytes) -> Iterator[None]:
    """Run a fake app that reads one line, sends ``answer`` and ends."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(os.fspath(place))
        listener.listen()

        def work() -> None:
            connection, _ = listener.accept()
            with connection, connection.makefile("rb") as lines:
                lines.readline()
                connection.sendall(answer)

        thread = threading.Thread(target=work)
        thread.start()
        yield
        thread.join(30)


def test_ask_returns_the_answer(tmp_path: Path) -> None:
    with answering(tmp_path / "s", VIEW):
        assert ask({"verb": "status"}, tmp_path / "s")["view"] == {"state": "idle"}


def test_follow_ends_when_app_ends(tmp_path: Path) -> None:
    with answering(tmp_path / "s", VIEW * 3):
        assert list(follow(tmp_path / "s")) == [{"state": "idle"}] * 3


def test_ask_explains_how_to_start_app_when_socket_is_missing(tmp_path: Path) -> None:
    with pytest.raises(NotRunning, match="not running: start it with `kikipounamu app`"):
        ask({"verb": "status"}, tmp_path / "s")


def test_refusal_has_code_and_text(tmp_path: Path) -> None:
    for call in (lambda: ask({"verb": "x"}, tmp_path / "s"), lambda: list(follow(tmp_path / "s"))):
        with answering(tmp_path / "s", b'{"ok":false,"error":"busy","text":"why"}\n'):
            with pytest.raises(ControlRefused, match="why") as error:
                call()
            assert error.value.code == "busy"
        (tmp_path / "s").unlink()


@pytest.mark.parametrize("answer", [b"", b'{"ok":tr'])
def test_ask_is_refused_when_app_ends_before_answering(tmp_path: Path, answer: bytes) -> None:
    with answering(tmp_path / "s", answer), pytest.raises(ControlRefused) as error:
        ask({"verb": "toggle"}, tmp_path / "s")
    assert error.value.code == "no-answer"


def test_ask_is_refused_when_app_ends_before_it_has_the_request(tmp_path: Path) -> None:
    class Request(dict[str, str]):
        def items(self) -> Any:
            """Wait until the app has ended: a request is encoded after the client has connected."""
            ending.join(30)
            return super().items()

    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(os.fspath(tmp_path / "s"))
        listener.listen()
        ending = threading.Thread(target=lambda: listener.accept()[0].close())
        ending.start()
        with pytest.raises(ControlRefused, match="the running app went away") as error:
            ask(Request(verb="toggle"), tmp_path / "s")
    assert error.value.code == "no-answer"


def test_unusable_place_of_socket_is_named(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    with pytest.raises(ControlRefused, match=f"{tmp_path}/loop/s cannot be used"):
        ask({"verb": "status"}, tmp_path / "loop" / "s")
    (tmp_path / "file").touch()
    with pytest.raises(NotRunning):
        ask({"verb": "status"}, tmp_path / "file" / "s")


def test_client_raises_not_running_for_missing_or_dead_socket(tmp_path: Path) -> None:
    with pytest.raises(NotRunning, match="is not running: start it"):
        ask({"verb": "toggle"}, tmp_path / "s")
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(os.fspath(tmp_path / "s"))
    with pytest.raises(NotRunning):
        list(follow(tmp_path / "s"))


def test_ask_waits_for_app_that_is_starting(tmp_path: Path) -> None:
    answers: list[object] = []
    asking = threading.Thread(
        target=lambda: answers.append(ask({"verb": "toggle"}, tmp_path / "s", patience_s=30))
    )
    asking.start()
    with answering(tmp_path / "s", b'{"ok":true}\n'):
        asking.join(30)
    assert answers == [{"ok": True}]


@pytest.mark.parametrize(
    ("verb", "said"),
    [
        ("stop", "0.05 s: when it continues, it ends a recording; if it does not, end it and start it again"),
        ("start", "0.05 s: end it and start it again"),
    ],
)
def test_silent_app_is_said_to_end_a_recording_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, verb: str, said: str
) -> None:
    monkeypatch.setattr("app.control.client.ANSWER_S", 0.05)
    with socket.socket(socket.AF_UNIX) as standing:
        standing.bind(os.fspath(tmp_path / "s"))
        standing.listen()
        with pytest.raises(ControlRefused, match=said):
            ask({"verb": verb}, tmp_path / "s")


def test_pipe_name_has_no_separators() -> None:
    assert pipe_name(Path("C:/a/control.sock")).rpartition("\\")[2] == "kikipounamu-C-a-control.sock"


async def test_second_start_is_handed_over_to_running_app(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("KIKIPOUNAMU_HOME", str(tmp_path))
    asked: list[Verb | SettleHeld | KeyCommand] = []

    async def take(action: Verb | SettleHeld | KeyCommand) -> None:
        asked.append(action)

    said = "kikipounamu is already running"
    async with ControlServer(take, View):
        assert await asyncio.to_thread(hand_over, hidden=True) == 0
        assert (asked, capsys.readouterr()) == ([], (f"{said}\n", ""))
        assert await asyncio.to_thread(hand_over, hidden=False) == 0
        assert (asked, capsys.readouterr()) == ([Verb.SHOW], (f"{said}: its window is shown\n", ""))
    assert hand_over(hidden=False) is None
