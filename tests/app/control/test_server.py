"""Tests over real sockets, with the command line's client and with misbehaving clients."""

import asyncio
import json
import os
import shutil
import socket
import stat
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.control.client import ControlRefused, ask
from app.control.server import (
    LONGEST_REQUEST,
    MOST_CLIENTS,
    AlreadyRunning,
    BadRequest,
    Code,
    ControlServer,
    ControlUnavailable,
    parse,
)
from app.core.errors import UsageMistake
from app.core.live_text import TextSpan
from app.core.states import State
from app.dictation.actions import HeldAction, KeyCommand, KeyMove, SettleHeld, Verb
from app.dictation.view import View
from runtime.tasks import Tasks
from tests.helpers.no_sockets import without_sockets
from tests.helpers.waiting import wait_until

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs Linux or macOS: unix sockets")


class App:
    """Fake app that serves the control socket."""

    def __init__(self, place: Path, deadline_s: float = 30.0) -> None:
        self.asked: list[Verb | SettleHeld | KeyCommand] = []
        self.view = View()
        self.place = place
        self.control = ControlServer(self._take, lambda: self.view, place, deadline_s)

    async def _take(self, verb: Verb | SettleHeld | KeyCommand) -> None:
        if verb is Verb.PASTE_HELD:
            raise UsageMistake("nothing is held")
        self.asked.append(verb)

    def shows(self, **changes: Any) -> None:
        self.view = replace(self.view, **changes)
        self.control.changed()

    async def says(self, line: bytes) -> dict[str, Any]:
        """Return the answer to a raw line."""
        async with self.connection() as (reader, writer):
            writer.write(line)
            answer: dict[str, Any] = json.loads(await asyncio.wait_for(reader.readline(), 30))
            return answer

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        reader, writer = await asyncio.open_unix_connection(self.place)
        try:
            yield reader, writer
        finally:
            writer.close()


def there(place: Path) -> bool:
    return place.exists()


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "run" / "control.sock"


@pytest.fixture
async def app(place: Path) -> AsyncIterator[App]:
    app = App(place)
    async with app.control:
        yield app
    assert not there(place)


@pytest.mark.parametrize("verb", [verb for verb in Verb if verb is not Verb.PASTE_HELD])
async def test_verb_is_passed_on_and_answered(app: App, verb: Verb) -> None:
    assert await asyncio.to_thread(ask, {"verb": verb.value}, app.place) == {"ok": True}
    assert app.asked == [verb]


async def test_verb_about_text_to_paste_may_name_a_recording(app: App) -> None:
    for verb in (Verb.COPY_HELD, Verb.TOGGLE):
        request = {"verb": verb.value, "session": "some-id"}
        assert await asyncio.to_thread(ask, request, app.place) == {"ok": True}
    assert app.asked == [SettleHeld("some-id", HeldAction.COPY), Verb.TOGGLE]


async def test_key_is_passed_on_with_its_move(app: App) -> None:
    request = {"verb": "key", "key": "dictate", "move": "press", "at_s": 2.5}
    assert await asyncio.to_thread(ask, request, app.place) == {"ok": True}
    assert app.asked == [KeyCommand("dictate", KeyMove.PRESS, 2.5)]


async def test_error_of_the_app_is_reported(app: App) -> None:
    with pytest.raises(ControlRefused, match="nothing is held") as error:
        await asyncio.to_thread(ask, {"verb": "paste-held"}, app.place)
    assert error.value.code == Code.FAILED


async def test_status_returns_the_view(app: App) -> None:
    app.shows(state=State.LISTENING, seconds=1.5, spans=(TextSpan("你好", True),), destination="desk")
    view = (await asyncio.to_thread(ask, {"verb": "status"}, app.place))["view"]
    assert view["state"] == "listening" and view["seconds"] == 1.5 and view["destination"] == "desk"
    assert view["spans"] == [{"text": "你好", "stable": True}] and view["note"] is None


async def test_connection_serves_several_requests(app: App) -> None:
    async with app.connection() as (reader, writer):
        writer.write(b'{"verb":"start","later":1}\n{"verb":"stop"}\n')
        assert [await reader.readline() for _ in range(2)] == [b'{"ok":true}\n'] * 2
    assert app.asked == [Verb.START, Verb.STOP]


async def test_socket_is_accessible_only_to_this_user(app: App) -> None:
    assert stat.S_IMODE(os.stat(app.place).st_mode) == 0o600
    assert stat.S_IMODE(os.stat(app.place.parent).st_mode) == 0o700


async def test_app_answers_that_it_starts_until_it_is_ready(place: Path) -> None:
    ready, shown = asyncio.Event(), [View()]

    async def take(verb: Verb | SettleHeld | KeyCommand) -> None:
        """Ignore the action, because this test asks only for the state."""

    async def state() -> str:
        answer = await asyncio.to_thread(ask, {"verb": "status"}, place)
        return str(answer["view"]["state"])

    control = ControlServer(take, lambda: shown[0], place, new=True)
    async with control, Tasks("test") as tasks:
        tasks.start(control.finish_start(ready.wait()), "start")
        assert await state() == "starting"
        shown[0] = View(State.LISTENING)
        assert await state() == "listening", "a command may start it before the keys work"
        shown[0] = View()
        ready.set()
        await wait_until(lambda: not control._starting, "it is ready")
        assert await state() == "idle"


# -- following ---------------------------------------------------------------------------------------------


async def test_follower_receives_first_and_last_of_many_changes(app: App) -> None:
    async with app.connection() as (reader, writer):
        writer.write(b'{"verb":"status","follow":true}\n')
        first = json.loads(await reader.readline())
        for number in range(1_000):
            app.shows(seconds=float(number))
        app.control.changed()
        assert first["view"]["seconds"] == 0
        assert json.loads(await reader.readline())["view"]["seconds"] == 999
        app.control.changed()  # an unchanged view sends no line
        app.shows(state=State.DONE)
        assert json.loads(await reader.readline())["view"]["state"] == "done"


async def test_follower_that_does_not_read_is_disconnected_alone(place: Path) -> None:
    app = App(place, deadline_s=0.2)
    async with app.control:
        with socket.socket(socket.AF_UNIX) as deaf:
            deaf.connect(os.fspath(place))
            deaf.sendall(b'{"verb":"status","follow":true}\n')
            await wait_until(lambda: app.control.clients == 1, "it is connected")

            def cut_off() -> bool:
                app.shows(seconds=app.view.seconds + 1, spans=(TextSpan("x" * 300_000, False),))
                return app.control.clients == 0

            await wait_until(cut_off, "it is cut off")
            assert app.view.seconds > 1
        assert await app.says(b'{"verb":"toggle"}\n') == {"ok": True}


async def test_request_is_refused_as_busy_after_deadline(place: Path) -> None:
    async def never(verb: Verb | SettleHeld | KeyCommand) -> None:
        await asyncio.Event().wait()

    async with ControlServer(never, View, place, deadline_s=0.05):
        with pytest.raises(ControlRefused, match="busy") as error:
            await asyncio.to_thread(ask, {"verb": "toggle"}, place)
        assert error.value.code == Code.BUSY


async def test_disconnected_follower_is_forgotten(app: App) -> None:
    async with app.connection() as (reader, writer):
        writer.write(b'{"verb":"status","follow":true}\n')
        await reader.readline()
        assert app.control.clients == 1
    await wait_until(lambda: app.control.clients == 0, "no client is connected")


# -- invalid requests --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b"\n", Code.MALFORMED),
        (b"toggle\n", Code.MALFORMED),
        (b"\xff\xfe\n", Code.MALFORMED),
        (b'{"verb": 3}\n', Code.MALFORMED),
        (b"[" * 3_000 + b"\n", Code.MALFORMED),
        (b'{"verb": "sing"}\n', Code.UNKNOWN_VERB),
        (b'{"verb": "key", "key": "sing"}\n', Code.MALFORMED),
        (b'{"verb": "key", "key": "dictate", "move": "stroke"}\n', Code.MALFORMED),
        (b"x" * 3 * LONGEST_REQUEST, Code.TOO_LONG),
    ],
)
async def test_invalid_request_is_answered_with_error_code(app: App, line: bytes, code: Code) -> None:
    answer = await app.says(line)
    assert answer["ok"] is False and answer["error"] == code and answer["text"]
    assert "Expected" not in answer["text"] and "stroke" not in answer["text"]
    assert await app.says(b'{"verb":"toggle"}\n') == {"ok": True}


@given(st.binary(max_size=200))
def test_parse_returns_request_or_raises_bad_request(line: bytes) -> None:
    try:
        assert parse(line).verb in [*Verb, "status", "key"]
    except BadRequest as error:
        assert error.code in set(Code)


async def test_incomplete_request_is_ignored(app: App) -> None:
    async with app.connection() as (_, writer):
        writer.write(b'{"verb"')
    await wait_until(lambda: app.control.clients == 0, "no client is connected")
    assert app.asked == []


async def test_clients_above_limit_are_refused(app: App) -> None:
    async with AsyncExitStack() as connections:
        for _ in range(MOST_CLIENTS):
            await connections.enter_async_context(app.connection())
        await wait_until(lambda: app.control.clients == MOST_CLIENTS, "all are connected")
        assert (await app.says(b'{"verb":"toggle"}\n'))["error"] == Code.TOO_MANY
    await wait_until(lambda: app.control.clients == 0, "no client is connected")
    assert await app.says(b'{"verb":"toggle"}\n') == {"ok": True}


# -- single instance ---------------------------------------------------------------------------------------


async def test_second_app_is_refused_and_first_keeps_socket(app: App) -> None:
    with pytest.raises(AlreadyRunning, match="already running"):
        async with App(app.place).control:
            pass
    assert await asyncio.to_thread(ask, {"verb": "toggle"}, app.place) == {"ok": True}


async def test_socket_of_dead_owner_is_taken_over(place: Path) -> None:
    code = (
        "import asyncio, sys\nfrom pathlib import Path\n"
        "from app.control.server import ControlServer\nfrom app.dictation.view import View\n"
        "async def nothing(verb): pass\n"
        "async def main():\n"
        "    async with ControlServer(nothing, View, Path(sys.argv[1])):\n"
        "        print('listening', flush=True)\n"
        "        await asyncio.sleep(600)\n"
        "asyncio.run(main())\n"
    )
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", code, str(place), stdout=subprocess.PIPE)
    assert process.stdout is not None and await process.stdout.readline() == b"listening\n"
    with pytest.raises(AlreadyRunning):
        async with App(place).control:
            pass
    process.kill()
    await process.wait()
    assert there(place)
    app = App(place)
    async with app.control:
        assert await app.says(b'{"verb":"toggle"}\n') == {"ok": True}


async def test_waiting_client_does_not_block_shutdown(place: Path) -> None:
    app = App(place)
    async with app.control:
        with socket.socket(socket.AF_UNIX) as waiting:
            waiting.connect(os.fspath(place))
            await wait_until(lambda: app.control.clients == 1, "it is connected")


async def test_control_is_unavailable_when_folder_cannot_be_created(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ControlUnavailable, match="no place for its socket: .*cannot be used .*KIKIPOUNAMU_HOME"):
        async with App(tmp_path / "file" / "control.sock").control:
            pass


async def test_control_is_unavailable_on_a_disk_without_sockets(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_sockets(monkeypatch)
    with pytest.raises(ControlUnavailable, match="cannot hold sockets.* to a folder on another disk") as raised:
        async with App(place).control:
            pass
    assert raised.value.note and raised.value.note.values["folder"] == str(place.parent)


async def test_next_app_waits_for_app_that_is_ending(place: Path) -> None:
    ending, following = App(place), App(place)
    async with ending.control:
        ending.control.leave()
        assert not there(place)
        entering = asyncio.ensure_future(following.control.__aenter__())
        await asyncio.sleep(0)
        assert not entering.done()
    await asyncio.wait_for(entering, 30)
    assert there(place)
    await following.control.__aexit__(None, None, None)


async def test_next_app_gives_up_when_ending_app_keeps_lock(place: Path) -> None:
    async with ControlServer(App(place)._take, View, place) as ending:
        ending.leave()
        with pytest.raises(AlreadyRunning):
            async with ControlServer(App(place)._take, View, place, ending_s=0.01):
                pass


async def test_app_listens_again_after_its_folder_could_not_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = App(tmp_path / "run" / "control.sock")
    exists, left = Path.exists, [PermissionError("on purpose")]

    def fails_once(path: Path) -> bool:
        if left and path == app.place:
            raise left.pop()
        return exists(path)

    monkeypatch.setattr("app.control.server._THERE_S", 0.05)
    async with app.control:
        monkeypatch.setattr(Path, "exists", fails_once)
        await wait_until(lambda: not left, "it looks")
        app.place.unlink()
        await wait_until(app.place.is_socket, "it listens again")


@pytest.mark.parametrize("whole", [False, True])
async def test_app_is_reached_again_after_its_socket_was_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, whole: bool
) -> None:
    monkeypatch.setattr("app.control.server._THERE_S", 0.05)
    app = App(tmp_path / "run" / "control.sock")
    async with app.control:
        if whole:
            shutil.rmtree(app.place.parent)
        else:
            app.place.unlink()
        await wait_until(app.place.exists, "it listens again")
        assert stat.S_IMODE(app.place.stat().st_mode) == 0o600
        assert await app.says(b'{"verb":"toggle"}\n') == {"ok": True}
        app.control.leave()
        assert not app.place.exists()
    assert app.asked == [Verb.TOGGLE]
