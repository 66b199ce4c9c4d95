"""An engine that performs the fault in a segment's first byte: ``tests.helpers.fault_engines:create``."""

import ctypes
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from enum import IntEnum
from pathlib import Path
from typing import NoReturn

from loadtest.core.checksum import checksum
from protocol.engine import (
    DecodeFailure,
    DecodeOutcome,
    DecodeRequest,
    EngineInfo,
    EngineSettings,
    EngineUnavailable,
    Transcript,
)
from protocol.errors import ErrorCode

ENGINE = "tests.helpers.fault_engines:create"


class Fault(IntEnum):
    """The first byte of a segment, which selects the fault."""

    NONE = 0
    RAISE = 1
    HANG = 2
    KILL = 3
    SEGFAULT = 4
    ALLOCATE = 5
    PRINT = 6
    REFUSE = 7
    MISCOUNT = 8
    EXIT = 9
    HOLD = 10
    LONG = 11
    DIGEST = 12
    SURROGATE = 13
    CONTROL = 14


def pcm(fault: Fault, samples: int = 160) -> bytes:
    """Return a segment that makes the engine perform ``fault``."""
    return bytes([fault, 0]) * samples


class FaultEngine:
    """The engine; the text of a segment is its fault's name and the size of its batch, or its checksum."""

    def __init__(self, settings: EngineSettings) -> None:
        self._gate = Path(settings.extra.get("gate", "/nonexistent"))
        self._info = EngineInfo(
            "fault",
            settings.model or "fault",
            settings.extra.get("device", "cpu"),
            slots=int(settings.extra.get("slots", "1")),
            keeps_gpu_memory="keeps" in settings.extra,
            pads="pads" in settings.extra,
            shared_options=("language",),
        )
        self._ballast: list[bytes] = []
        self._actions: dict[Fault, Callable[[], None]] = {
            Fault.RAISE: _raise,
            Fault.HANG: _hang,
            Fault.KILL: lambda: os.kill(os.getpid(), signal.SIGKILL),
            Fault.SEGFAULT: _segfault,
            Fault.ALLOCATE: lambda: self._ballast.append(os.urandom(64) * (1 << 20)),
            Fault.PRINT: _print,
            Fault.EXIT: lambda: os._exit(7),
            Fault.HOLD: self._hold,
        }

    def info(self) -> EngineInfo:
        """Return the engine's information; no model is loaded."""
        return self._info

    def decode(self, batch: Sequence[DecodeRequest]) -> Sequence[DecodeOutcome]:
        """Perform the fault of each segment, in order."""
        outcomes = [self._one(request.pcm, len(batch)) for request in batch]
        return outcomes[1:] if any(request.pcm[0] == Fault.MISCOUNT for request in batch) else outcomes

    def close(self) -> None:
        """Do nothing: the engine holds no resources."""

    def _one(self, pcm: bytes, batch: int) -> DecodeOutcome:
        fault = Fault(pcm[0])
        if fault is Fault.DIGEST:
            return Transcript(checksum(pcm))
        if fault is Fault.SURROGATE:
            return Transcript("kia\ud800 ora")
        if fault is Fault.CONTROL:
            return Transcript("\x7f" * 1_800)
        if fault is Fault.REFUSE:
            return DecodeFailure(ErrorCode.UNSUPPORTED, "not this one")
        if fault is Fault.LONG:
            return Transcript("x" * 3_000)
        self._actions.get(fault, lambda: None)()
        return Transcript(f"{fault.name.lower()} {batch}")

    def _hold(self) -> None:
        """Hold the segment until the file ``gate`` exists."""
        while not self._gate.exists():
            threading.Event().wait(0.01)


def _raise() -> NoReturn:
    raise RuntimeError("as asked")


def _hang() -> None:
    threading.Event().wait()


def _segfault() -> None:
    ctypes.string_at(0)


def _print() -> None:
    sys.stdout.write("noise of an engine\n")
    sys.stdout.flush()
    os.write(1, b"noise below Python\n")


def create(settings: EngineSettings) -> FaultEngine:
    """Create the engine.

    ``extra`` may select a fault during loading, as long as the file ``until`` does not exist.
    """
    load = "" if Path(settings.extra.get("until", "/nonexistent")).exists() else settings.extra.get("load", "")
    if load == "unavailable":
        raise EngineUnavailable("install something")
    if load == "raise":
        _raise()
    if load == "import":
        raise ImportError("no such library")
    if load == "hang":
        _hang()
    if load == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    return FaultEngine(settings)


not_a_function = 1
