"""Programs under measurement: a chain of our own in a temporary folder, and the CPU time that programs use."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from protocol.engine import EngineSettings
from runtime.folders import folders
from tests.helpers.chain import Chain, running_chain

WHISPER = "whisper-base"


@contextmanager
def temporary_chain() -> Iterator[Chain]:
    """Run a chain in a temporary folder, without its output, until the context ends."""
    with (
        tempfile.TemporaryDirectory(prefix="kiki-bench-") as folder,
        running_chain(Path(folder), quiet=True) as chain,
    ):
        yield chain


def share_models() -> None:
    """Let programs with homes of their own use the models of this user."""
    os.environ.setdefault("KIKIPOUNAMU_MODELS", str(folders().models))


def whisper_options(model: str = WHISPER) -> tuple[str, ...]:
    """Return the options of a worker with Whisper on the CPU."""
    return ("--engine", "whisper", "--model", model, "--device", "cpu")


def whisper_settings() -> EngineSettings:
    """Return the settings of the same engine in this process."""
    return EngineSettings("whisper", WHISPER, str(folders().models / WHISPER), "cpu")


def cpu_seconds(pid: int, descendants: bool = False) -> float:
    """Return the user and system time of a process so far, with that of its ``descendants`` if asked."""
    program = psutil.Process(pid)
    processes = [program, *program.children(recursive=True)] if descendants else [program]
    return float(sum(sum(process.cpu_times()[:2]) for process in processes))


def broker_of(gateway: int) -> int:
    """Return the process of a gateway's embedded broker."""
    children = psutil.Process(gateway).children(recursive=True)
    return next(child.pid for child in children if "valkey" in child.name())
