"""Run a command's coroutine as a whole process, with logs, signals and exit statuses."""

import asyncio
import contextlib
import signal
from collections.abc import Callable, Coroutine
from typing import Any, Final, NoReturn

import typer

from app.core.errors import AppError
from client.errors import GatewayError
from runtime.command_line import exit_on
from runtime.folders import folders
from runtime.logs import logging_to
from speech.errors import SpeechError

FAILED: Final = 1
INTERRUPTED: Final = 130
TERMINATED: Final = 143

EXPECTED = (AppError, GatewayError, SpeechError)
"""Errors whose message states the remedy, printed without a traceback."""


def run(
    program: str,
    work: Callable[[], Coroutine[Any, Any, int]],
    prepare: Callable[[], None] = lambda: None,
    *,
    terminal: bool = False,
    level: str = "INFO",
    in_files: bool = True,
) -> NoReturn:
    """Run ``prepare``, then ``work``, whose result is the exit status.

    Ctrl-C and SIGTERM cancel the work. ``in_files``: write a log file; switch this off if the folder of the logs
    may itself be the problem.
    """
    with exit_on(*EXPECTED):
        prepare()
        with logging_to(program, folders().logs if in_files else None, level=level, terminal=terminal):
            status = asyncio.run(_until_terminated(work()))
    raise typer.Exit(status)


async def _until_terminated(work: Coroutine[Any, Any, int]) -> int:
    working = asyncio.ensure_future(work)
    terminated = False

    def terminate() -> None:
        nonlocal terminated
        terminated = True
        working.cancel()

    with contextlib.suppress(NotImplementedError):  # Windows
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, terminate)
    try:
        return await working
    except asyncio.CancelledError:
        if terminated:
            return TERMINATED
        raise
