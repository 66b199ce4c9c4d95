"""The helper program as the app starts it, from any folder."""

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

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
from app.insertion.wayland.inserter import COMMAND
from tests.helpers.waiting import DEADLINE_S
from tests.helpers.wayland_desktop import WaylandDesktop

Process = subprocess.Popen[bytes]
OPENING = OpenRequest(None, 1.0, os.getpid())


@contextmanager
def program(folder: Path, environment: dict[str, str]) -> Iterator[Process]:
    pipe = subprocess.PIPE
    with subprocess.Popen(COMMAND, cwd=folder, env=environment, stdin=pipe, stdout=pipe) as process:
        try:
            yield process
        finally:
            process.kill()


def ask(process: Process, request: Request) -> Reply | None:
    assert process.stdin is not None and process.stdout is not None
    process.stdin.write(REQUESTS.pack(request))
    process.stdin.flush()
    return REPLIES.read(cast(BinaryIO, process.stdout))


def test_helper_answers_until_it_is_closed(sway: WaylandDesktop, tmp_path: Path) -> None:
    with program(tmp_path, sway.environment) as process:
        assert ask(process, OPENING) == OpenedReply()
        for number in range(3):
            assert ask(process, FindRequest(number)) == FoundReply(number, None)
        assert ask(process, CloseRequest()) is None
        assert process.wait(DEADLINE_S) == 0


def test_helper_ends_when_app_ends(sway: WaylandDesktop, tmp_path: Path) -> None:
    with program(tmp_path, sway.environment) as process:
        assert ask(process, OPENING) == OpenedReply()
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(DEADLINE_S) == 0
    with program(tmp_path, sway.environment) as process:
        assert ask(process, OPENING) == OpenedReply()
        process.send_signal(signal.SIGTERM)
        assert process.wait(DEADLINE_S) == 0


def test_helper_says_what_to_do_when_there_is_no_compositor(tmp_path: Path) -> None:
    nowhere = {name: value for name, value in os.environ.items() if name != "WAYLAND_DISPLAY"}
    with program(tmp_path, nowhere | {"XDG_RUNTIME_DIR": str(tmp_path)}) as process:
        reply = ask(process, OPENING)
        assert isinstance(reply, RefusedReply) and "Wayland session" in reply.message
