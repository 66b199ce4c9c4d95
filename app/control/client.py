"""Send requests to the running app over its control socket.

Imports little, because key presses wait for it. Errors derive from ``app.core.errors.AppError``:

ControlError            base
├── NotRunning          no app of this user listens
├── ControlRefused      the app refused; ``code`` is one of ``app.control.server.Code``, or ``no-answer``
├── AlreadyRunning      (``app.control.server``) another app of this user listens
├── ControlUnavailable  (``app.control.server``) the control socket cannot be created
└── BadRequest          (``app.control.server``) the request cannot be understood
"""

import json
import os
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final

from app.core.errors import AppError
from runtime.folders import folders, refusal
from runtime.terminal import reason, say

ANSWER_S: Final = 5.0
_LATE: Final = ("stop", "toggle", "cancel")
"""Verbs that the app performs even if their client gave up, but only to end a recording (``late_commands``)."""
START: Final = "start it with `kikipounamu app`, then try again"
_LONGEST_LINE: Final = 1 << 20
_TRY_AGAIN_S: Final = 0.02


class ControlError(AppError):
    """Base class of control errors, whose message contains the remedy."""


class NotRunning(ControlError):
    """No app of this user listens."""

    def __init__(self) -> None:
        super().__init__(f"kikipounamu is not running: {START}")


class ControlRefused(ControlError):
    """The app refused the request and gave a reason."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


def ask(request: dict[str, Any], place: Path | None = None, *, patience_s: float = 0.0) -> dict[str, Any]:
    """Send one request and return the answer. Raises ``NotRunning`` or ``ControlRefused``.

    ``patience_s``: how long to wait for an app that is starting to listen.
    """
    with _ask(request, place or folders().control_socket, time.monotonic() + patience_s) as answers:
        return _answer(answers, late=request["verb"] in _LATE)


def follow(place: Path | None = None) -> Iterator[dict[str, Any]]:
    """Yield the current view and each change until the app ends. Raises ``NotRunning`` or ``ControlRefused``."""
    request = {"verb": "status", "follow": True}
    with _ask(request, place or folders().control_socket, 0.0, silent_s=None) as answers:
        while True:
            try:
                view: dict[str, Any] = _answer(answers)["view"]
            except ControlRefused as error:
                if error.code != "no-answer":
                    raise
                return
            yield view


def hand_over(*, hidden: bool, patience_s: float = 0.0) -> int | None:
    """Hand over to an app that is already running, and return the exit status; ``None`` if none runs.

    The running app shows its window unless ``hidden``. ``patience_s``: as for ``ask``.
    """
    try:
        ask({"verb": "status" if hidden else "show"}, patience_s=patience_s)
    except NotRunning:
        return None
    except ControlError as error:
        say(str(error), err=True)
        return 1
    say("kikipounamu is already running" + ("" if hidden else ": its window is shown"))
    return 0


def pipe_name(place: Path) -> str:
    """Return the named pipe that replaces a unix socket on Windows (not run there yet)."""
    return "\\\\.\\pipe\\kikipounamu-" + str(place).replace("\\", "-").replace(":", "").replace("/", "-")


@contextmanager
def _ask(request: dict[str, Any], place: Path, until: float, silent_s: float | None = ANSWER_S) -> Iterator[Any]:
    """Send a request and open its answers. ``until``: deadline to connect; ``silent_s``: deadline of each read."""
    if sys.platform == "win32":
        with _connect_until(partial(open, pipe_name(place), "r+b", buffering=0), place, until) as pipe:
            _send(pipe.write, request)
            yield pipe
        return
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(ANSWER_S)
        _connect_until(lambda: connection.connect(os.fspath(place)), place, until)
        _send(connection.sendall, request)
        connection.settimeout(silent_s)
        with connection.makefile("rb") as answers:
            yield answers


def _connect_until(connect: Any, place: Path, until: float) -> Any:
    while True:
        try:
            return connect()
        except (FileNotFoundError, NotADirectoryError, ConnectionRefusedError):
            if time.monotonic() >= until:
                raise NotRunning from None
            time.sleep(_TRY_AGAIN_S)
        except TimeoutError:
            raise ControlRefused("no-answer", _silent()) from None
        except OSError as error:
            why = f"the running app cannot be asked: {refusal(error, place)}"
            raise ControlRefused("no-answer", why) from None


def _send(write: Callable[[bytes], object], request: dict[str, Any]) -> None:
    try:
        write(json.dumps(request).encode() + b"\n")
    except OSError as error:
        raise ControlRefused("no-answer", f"the running app went away: {reason(error)}") from None


def _answer(answers: Any, *, late: bool = False) -> dict[str, Any]:
    try:
        line = answers.readline(_LONGEST_LINE)
    except TimeoutError:
        raise ControlRefused("no-answer", _silent(late=late)) from None
    except OSError as error:
        raise ControlRefused("no-answer", f"the running app went away: {reason(error)}") from None
    if not line.endswith(b"\n"):
        raise ControlRefused("no-answer", "the running app ended before it responded")
    answer: dict[str, Any] = json.loads(line)
    if not answer["ok"]:
        raise ControlRefused(answer["error"], answer["text"])
    return answer


def _silent(*, late: bool = False) -> str:
    ends = "when it continues, it ends a recording; if it does not, " if late else ""
    return f"the running app has not answered for {ANSWER_S:g} s: {ends}end it and start it again"
