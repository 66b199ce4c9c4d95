"""A program that captures, for tests: PortAudio reads its environment when it starts, so it needs a process.

    python -m tests.app.capture.capturing PCM_FILE {"choice": "", "armed": false, "check_s": 10}

Reads ``start``, ``stop`` and ``quit`` from standard input, one per line. Writes 16 kHz samples to the file, and
one JSON object per line to standard output: ``opened``, changes, ``ended`` (with the counters), or ``error``.
"""

import asyncio
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from app.capture.errors import MicrophoneError
from app.capture.fallback import FallbackTimes
from app.capture.microphone import Microphone, MicrophoneChange, MicrophoneSettings, open_microphone
from tests.helpers.waiting import DEADLINE_S, wait_until_sync

if TYPE_CHECKING:
    from tests.helpers.virtual_microphone import VirtualMicrophone  # it imports pytest


class Capturing:
    """A running capture program, as a test sees it."""

    def __init__(self, process: subprocess.Popen[str], pcm: Path) -> None:
        self.process = process
        self.said: list[dict[str, Any]] = []
        self._pcm = pcm
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def samples(self) -> NDArray[np.int16]:
        """All samples the program has written so far."""
        return np.frombuffer(self._pcm.read_bytes(), np.int16) if self._pcm.exists() else np.empty(0, np.int16)

    def wait_for(self, what: str, times: int = 1) -> dict[str, Any]:
        """Wait for the ``times``-th message of this kind and return it."""

        def found() -> list[dict[str, Any]]:
            kinds = [message["what"] for message in self.said]
            assert what == "error" or "error" not in kinds, self.said
            return [message for message in self.said if message["what"] == what][times - 1 : times]

        message: dict[str, Any] = wait_until_sync(found, f"{what}; it said {self.said}", 2 * DEADLINE_S)[0]
        return message

    def tell(self, order: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{order}\n")
        self.process.stdin.flush()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said.append(json.loads(line))


@contextmanager
def capturing(
    microphone: "VirtualMicrophone", folder: Path, *, alsa: bool = False, **options: Any
) -> Iterator[Capturing]:
    """Start the program with ``microphone`` as its input; its ``open_microphone`` gets ``options``.

    The program ends with the context. ``alsa``: the program finds no sound server.
    """
    pcm = folder / "captured.pcm"
    command = [sys.executable, "-m", __name__, str(pcm), json.dumps(options)]
    process = subprocess.Popen(
        command,
        env=microphone.alsa_environment if alsa else microphone.environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    program = Capturing(process, pcm)
    try:
        yield program
        if process.poll() is None:
            program.tell("quit")
        assert process.wait(DEADLINE_S) == 0
    finally:
        process.kill()
        process.wait()
        program._reader.join(DEADLINE_S)
        assert process.stdin is not None and process.stdout is not None
        process.stdin.close()
        process.stdout.close()


# -- the program -------------------------------------------------------------------------------------------


def _say(what: str, **more: Any) -> None:
    sys.stdout.write(json.dumps({"what": what, **more}) + "\n")
    sys.stdout.flush()


def _tell(change: MicrophoneChange) -> None:
    _say(change.change, device=change.device, at=change.at, lost=change.lost_samples)


async def _capture(pcm: Path, choice: str, armed: bool, check_s: float) -> None:
    orders: asyncio.Queue[str] = asyncio.Queue()
    loop = asyncio.get_running_loop()

    def read() -> None:
        for line in sys.stdin:
            loop.call_soon_threadsafe(orders.put_nowait, line.strip())

    threading.Thread(target=read, daemon=True).start()
    settings = MicrophoneSettings(timing=FallbackTimes(check=check_s, pause=0.2))
    try:
        async with open_microphone(choice, settings, armed=armed, on_change=_tell) as microphone:
            _say("opened", device=microphone.device)
            await _follow(microphone, orders, pcm, armed)
    except MicrophoneError as error:
        _say("error", kind=type(error).__name__, text=str(error))


async def _follow(microphone: Microphone, orders: "asyncio.Queue[str]", pcm: Path, armed: bool) -> None:
    writing = None if armed else asyncio.create_task(_write(microphone, pcm))
    while (order := await orders.get()) != "quit":
        if order == "start":
            microphone.start()
            writing = asyncio.create_task(_write(microphone, pcm))
        else:
            microphone.stop()
    microphone.stop()
    if writing is not None:
        await writing


async def _write(microphone: Microphone, pcm: Path) -> None:
    sizes = []
    with pcm.open("ab", buffering=0) as file:
        async for block in microphone.buffer.blocks():
            file.write(block.tobytes())
            sizes.append(len(block))
    counters = {"overflows": microphone.overflows, "lost": microphone.lost_samples}
    _say("ended", samples=sum(sizes), longest=max(sizes, default=0), **counters)


if __name__ == "__main__":
    given = {"choice": "", "armed": False, "check_s": 10.0} | json.loads(sys.argv[2])
    asyncio.run(_capture(Path(sys.argv[1]), **given))
