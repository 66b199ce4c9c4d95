"""Processes that a test may disturb."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import psutil


@contextmanager
def sleeper(code: str = "pass", *arguments: str) -> Iterator[psutil.Process]:
    """Run a process that executes ``code``, says so, and waits until the context ends."""
    program = f"import sys, time\n{code}\nprint('ready', flush=True)\nsys.stdin.read()"
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", program, *arguments], stdin=pipe, stdout=pipe) as popen:
        try:
            assert popen.stdout is not None and popen.stdout.readline() == b"ready\n"
            yield psutil.Process(popen.pid)
        finally:
            popen.kill()


def stands(process: psutil.Process) -> bool:
    """Return whether the process is stopped."""
    return process.status() == psutil.STATUS_STOPPED
