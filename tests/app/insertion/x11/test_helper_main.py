"""The helper program as the app starts it, from any folder."""

import os
import subprocess
import sys
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
from tests.helpers.desktop import Desktop
from tests.helpers.waiting import DEADLINE_S

Process = subprocess.Popen[bytes]


@contextmanager
def program(folder: Path) -> Iterator[Process]:
    command = [sys.executable, "-P", "-m", "app.insertion.x11.helper_main", "10"]
    with subprocess.Popen(command, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        try:
            yield process
        finally:
            process.kill()


def ask(process: Process, request: Request) -> Reply | None:
    assert process.stdin is not None and process.stdout is not None
    process.stdin.write(REQUESTS.pack(request))
    process.stdin.flush()
    return REPLIES.read(cast(BinaryIO, process.stdout))


def test_helper_answers_until_it_is_closed(screen: Desktop, tmp_path: Path) -> None:
    with program(tmp_path) as process:
        assert ask(process, OpenRequest(screen.display, 1.0, os.getpid())) == OpenedReply()
        for number in range(3):
            assert ask(process, FindRequest(number)) == FoundReply(number, None)
        assert ask(process, CloseRequest()) is None
        assert process.wait(DEADLINE_S) == 0


def test_helper_ends_when_app_ends(screen: Desktop, tmp_path: Path) -> None:
    with program(tmp_path) as process:
        assert ask(process, OpenRequest(screen.display, 1.0, os.getpid())) == OpenedReply()
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(DEADLINE_S) == 0


def test_helper_says_what_to_do_when_there_is_no_screen(tmp_path: Path) -> None:
    with program(tmp_path) as process:
        reply = ask(process, OpenRequest(":nowhere", 1.0, os.getpid()))
        assert isinstance(reply, RefusedReply) and "DISPLAY" in reply.message
