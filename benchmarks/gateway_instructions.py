"""Instructions that the gateway's own code executes for a segment and for a frame, counted by valgrind.

    python -m benchmarks.gateway_instructions [--previous WORKTREE]

Sessions stream segments of 4 s in frames of 100 ms to the gateway's own code in one process. Client, broker and
worker are simulated in it, without a network or waits. The counts hardly depend on the load of the machine, so
they show changes that times hide. They include this program's instructions, but not the kernel's, nor the effect
of cold caches.

With numbers of segments and frames as arguments, the program only streams them. Valgrind runs it so.
"""

import asyncio
import os
import re
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch
from uuid import UUID

import uvloop
from aiohttp._websocket.helpers import websocket_mask
from hiredis import Reader

from backend.admission.admission import Survey
from backend.broker.jobs import Jobs
from backend.broker.line import _INCOMPLETE, Line
from backend.broker.subscription import _pass_on
from backend.devices.registry import DeviceRegistry
from backend.http.access import Access, AdmittedRequest
from backend.http.frames import BINARY, TEXT
from backend.http.settings import HttpSettings
from backend.http.websocket import RECEIVE_BYTES, WebSocket
from backend.observability.metrics import Metrics
from backend.observability.monitor import Monitor
from backend.observability.segment_log import SegmentLog
from backend.sessions.hub import Hub
from backend.sessions.observers import Observers
from backend.sessions.stream import _Stream
from backend.settings import GatewaySettings
from benchmarks.report import REPOSITORY, arguments, report
from protocol.audio import FRAME_SAMPLES, encode_frame
from protocol.job import Keys, Result, encode_notice
from protocol.monitor import WorkerState, WorkerStatus
from protocol.session import ClientMessage, Hello, Received, SegmentBegin, SegmentEnd, encode
from runtime.memory import collect_seldom
from runtime.tasks import Tasks

SESSIONS = 4
FRAMES = 40
_FEW, _MANY = 5, 25
_TURNS = 14  # turns of the loop after which all requested work is done
_MASK = b"\1\2\3\4"
_PCM = bytes(range(200)) * 16
_REPLIES = {"attach": b"*3\r\n$8\r\nattached\r\n:1\r\n*0\r\n", "submit": b"*2\r\n$6\r\nqueued\r\n:0\r\n"}


class Wire:
    """Transport without a network: ``written`` is what the gateway wrote."""

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.protocol: Any = None

    def write(self, data: bytes) -> None:
        """Record the written data."""
        self.written.append(data)

    def writelines(self, parts: list[bytes]) -> None:
        """Record data that is written together."""
        self.write(b"".join(parts))

    def set_protocol(self, protocol: Any) -> None:
        """Note the protocol that reads the connection from now on."""
        self.protocol = protocol

    def get_protocol(self) -> None:
        """Return no protocol: none has read before."""

    def pause_reading(self) -> None:
        """Do nothing: data comes when it is fed."""

    resume_reading = abort = close = pause_reading


class BrokerWire(Wire):
    """Connection to a broker that accepts everything. ``names``: of its scripts, by digest."""

    def __init__(self, names: dict[str, str]) -> None:
        super().__init__()
        self._names = names
        self._asked = Reader()

    def write(self, data: bytes) -> None:
        """Reply in the next turn of the loop."""
        self._asked.feed(data)
        while command := self._asked.gets():
            reply = _REPLIES.get(self._names[command[1].decode()], b"$2\r\nok\r\n")
            asyncio.get_running_loop().call_soon(self.protocol.data_received, reply)


class Speaker:
    """Client of one session, connected to a hub by a WebSocket."""

    def __init__(self, hub: Hub, visit: AdmittedRequest, number: int, buffer: memoryview, tasks: Tasks) -> None:
        self.session = str(UUID(int=number))
        self.wire = Wire()
        wire: Any = self.wire
        self._socket = WebSocket(wire, RECEIVE_BYTES, buffer)
        self._socket.open(b"", b"")
        tasks.start(_Stream(self._socket, hub, visit).run(tasks), "reader")

    def say(self, message: ClientMessage) -> None:
        """Send a text message."""
        self.feed(masked(TEXT, encode(message).encode()))

    def feed(self, data: bytes) -> None:
        """Deliver data to the gateway."""
        self._socket.get_buffer(RECEIVE_BYTES)[: len(data)] = data
        self._socket.buffer_updated(len(data))


def masked(kind: int, body: bytes) -> bytes:
    """Return a whole frame of a client."""
    content = bytearray(body)
    websocket_mask(_MASK, content)
    size = len(body)
    length = bytes((0x80 | size,)) if size < 126 else bytes((0x80 | 126,)) + size.to_bytes(2, "big")
    return bytes((0x80 | kind,)) + length + _MASK + content


@asynccontextmanager
async def running_hub() -> AsyncIterator[Hub]:
    """Yield a hub whose broker accepts everything, with its observers, until the context ends."""
    nothing: Any = SimpleNamespace(bare=lambda key: None, client=lambda key: None)
    layout: Any = SimpleNamespace(version="", cluster=False, shards=1, each=lambda: [Keys()])
    jobs = Jobs(nothing, layout, "gateway")
    (shard,) = jobs.shards

    async def opened(connection: object) -> Line:
        names = {script.digest: name for name, script in shard._scripts.items()}
        wire: Any = BrokerWire(names)
        return Line(wire, Reader(notEnoughData=_INCOMPLETE))

    observers = Observers(
        [Monitor(jobs, own=None, places=1), Metrics(), SegmentLog("gateway", lambda name, lines: None)]
    )
    settings = GatewaySettings()
    hub = Hub(jobs, settings, observers, settings.history_field)
    worker = WorkerStatus("w", "host", "checksum", "checksum", "cpu", WorkerState.IDLE, slots=8, speed=100.0)
    hub.surveyed(Survey(workers=(worker,)))
    with patch("backend.broker.shard.open_line", opened):
        writer = asyncio.create_task(shard.run())
        yield hub
        writer.cancel()


async def stream(sessions: int, segments: int, frames: int) -> int:
    """Stream segments in turn, and return how many texts were delivered."""
    access = Access(HttpSettings(), DeviceRegistry(None), time.time)
    visit, buffer = AdmittedRequest(access, access.owner), memoryview(bytearray(RECEIVE_BYTES))
    async with Tasks("stream") as tasks, running_hub() as hub:
        speakers = [Speaker(hub, visit, number, buffer, tasks) for number in range(sessions)]
        await _turns()
        for speaker in speakers:
            speaker.say(Hello(UUID(speaker.session)))
            await _turns()
        for segment in range(segments):
            for speaker in speakers:
                speaker.say(SegmentBegin(segment))
            for frame in range(frames):
                data = masked(BINARY, encode_frame(segment, frame * FRAME_SAMPLES, _PCM))
                for speaker in speakers:
                    speaker.feed(data)
            for speaker in speakers:
                await _end(hub, speaker, segment, frames * FRAME_SAMPLES)
        return sum(data.count(b'"type":"final"') for speaker in speakers for data in speaker.wire.written)


async def _end(hub: Hub, speaker: Speaker, segment: int, samples: int) -> None:
    speaker.say(SegmentEnd(segment, samples))
    await _turns()
    notice = encode_notice(Result(speaker.session, segment, "words", worker="w", model="checksum", decode_ms=2))
    _pass_on([b"smessage", b"channel", notice], hub.noticed, lambda: None)
    await _turns()
    speaker.say(Received(segment))


async def _turns() -> None:
    for _ in range(_TURNS):
        await asyncio.sleep(0)


def _count(worktree: Path, segments: int, frames: int) -> int:
    """Return the instructions of a process that streams these segments with the code of a worktree."""
    environment = os.environ | {"PYTHONPATH": str(worktree), "PYTHONHASHSEED": "0"}
    cachegrind = ["valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null"]
    program = [sys.executable, __file__, str(segments), str(frames)]
    done = subprocess.run([*cachegrind, *program], env=environment, capture_output=True, text=True, check=True)
    counted = re.search(r"I *refs: *([\d,]+)", done.stderr)
    assert counted, done.stderr
    return int(counted[1].replace(",", ""))


def _costs(worktree: Path) -> tuple[float, float]:
    """Return the instructions of a segment with one frame, and of a frame."""
    each = SESSIONS * (_MANY - _FEW)
    short, whole = ((_count(worktree, _MANY, n) - _count(worktree, _FEW, n)) / each for n in (1, FRAMES))
    return short, (whole - short) / (FRAMES - 1)


def main() -> None:
    """Count the instructions of each version, and print them."""
    if sys.argv[1:2] and sys.argv[1].isdigit():
        segments, frames = (int(number) for number in sys.argv[1:3])
        collect_seldom()  # as the gateway does
        assert uvloop.run(stream(SESSIONS, segments, frames)) == SESSIONS * segments
        return
    options = arguments(__doc__, previous="")
    codes = ({"previous": Path(options.previous).resolve()} if options.previous else {}) | {"now": REPOSITORY}
    rows = list[dict[str, object]]()
    for code, worktree in codes.items():
        segment, frame = _costs(worktree)
        rows.append(
            {
                "code": code,
                "segment_with_one_frame": segment,
                "frame": frame,
                "segment": segment + (FRAMES - 1) * frame,
            }
        )
    report("gateway-instructions", rows, options.json)


if __name__ == "__main__":
    main()
