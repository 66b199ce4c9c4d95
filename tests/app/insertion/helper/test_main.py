"""The helper program as the app starts it, from any folder."""

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, NamedTuple, cast

import pytest

from app.insertion.helper.frames import (
    REPLIES,
    REQUESTS,
    CloseRequest,
    FindRequest,
    FoundReply,
    OpenedReply,
    OpenRequest,
    RefusedReply,
    Reply,
    Request,
)
from app.insertion.helper.inserter import WAYLAND_COMMAND, X11_COMMAND
from tests.helpers.desktop import Desktop
from tests.helpers.waiting import DEADLINE_S
from tests.helpers.wayland_desktop import WaylandDesktop

Process = subprocess.Popen[bytes]


class Start(NamedTuple):
    """The start of a helper: the first request to it, its command and its environment."""

    opening: OpenRequest
    command: tuple[str, ...]
    environment: dict[str, str]


def on_x11(display: str) -> Start:
    return Start(OpenRequest(display, 1.0, os.getpid()), (*X11_COMMAND, "10"), dict(os.environ))


def on_wayland(environment: dict[str, str]) -> Start:
    return Start(OpenRequest(None, 1.0, os.getpid()), WAYLAND_COMMAND, environment)


@pytest.fixture(params=["x11", "wayland"])
def start(request: pytest.FixtureRequest, screen: Desktop, sway: WaylandDesktop) -> Start:
    return on_x11(screen.display) if request.param == "x11" else on_wayland(sway.environment)


@contextmanager
def program(folder: Path, start: Start) -> Iterator[Process]:
    pipe = subprocess.PIPE
    with subprocess.Popen(start.command, cwd=folder, env=start.environment, stdin=pipe, stdout=pipe) as process:
        try:
            yield process
        finally:
            process.kill()


def ask(process: Process, request: Request) -> Reply | None:
    assert process.stdin is not None and process.stdout is not None
    process.stdin.write(REQUESTS.pack(request))
    process.stdin.flush()
    return REPLIES.read(cast(BinaryIO, process.stdout))


def test_helper_answers_until_it_is_closed(start: Start, tmp_path: Path) -> None:
    with program(tmp_path, start) as process:
        assert ask(process, start.opening) == OpenedReply()
        for number in range(3):
            assert ask(process, FindRequest(number)) == FoundReply(number, None)
        assert ask(process, CloseRequest()) is None
        assert process.wait(DEADLINE_S) == 0


def test_helper_ends_when_app_ends(start: Start, tmp_path: Path) -> None:
    with program(tmp_path, start) as process:
        assert ask(process, start.opening) == OpenedReply()
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(DEADLINE_S) == 0


def test_helper_on_wayland_ends_in_order_when_it_is_terminated(sway: WaylandDesktop, tmp_path: Path) -> None:
    start = on_wayland(sway.environment)
    with program(tmp_path, start) as process:
        assert ask(process, start.opening) == OpenedReply()
        process.send_signal(signal.SIGTERM)
        assert process.wait(DEADLINE_S) == 0


@pytest.mark.parametrize(("desktop", "advice"), [("x11", "DISPLAY"), ("wayland", "Wayland session")])
def test_helper_says_what_to_do_when_there_is_no_screen(desktop: str, advice: str, tmp_path: Path) -> None:
    nowhere = {name: value for name, value in os.environ.items() if name != "WAYLAND_DISPLAY"}
    wayland = on_wayland(nowhere | {"XDG_RUNTIME_DIR": str(tmp_path)})
    start = on_x11(":nowhere") if desktop == "x11" else wayland
    with program(tmp_path, start) as process:
        reply = ask(process, start.opening)
        assert isinstance(reply, RefusedReply) and advice in reply.message
