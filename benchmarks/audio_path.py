"""Cost of a 100 ms frame from PortAudio's callback to the socket: functions entered, files opened, CPU time.

    python -m benchmarks.audio_path [--model FOLDER] [--json FILE]

The pipeline is the app's own: microphone, journal, VAD, segmenter, gateway client. Only the sound library and the
gateway are replaced, in the same process. While functions are counted, a frame is played only once the previous
one is on disk and at the gateway. A function counts if every frame enters it, however slow the machine is.
``path``: it moves the frame to the socket. ``disk``: it runs in the journal's thread. ``speech``: it computes on
samples.
"""

import asyncio
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from math import inf
from pathlib import Path
from types import FrameType, SimpleNamespace
from typing import Any, Final
from uuid import uuid4

import numpy as np

from app.capture.fallback import FallbackTimes
from app.capture.microphone import Microphone, MicrophoneSettings, open_microphone
from app.capture.portaudio import PortAudio
from app.journal.journal import Journal
from app.transcription.listening import DictationObserver, DictationSetup
from app.transcription.pipeline import Samples
from benchmarks.app_microphone import long_recording
from benchmarks.report import REPOSITORY, arguments, table, write_json
from client.connection import Address, fixed_locator
from protocol.audio import FRAME_SAMPLES, SAMPLE_RATE
from protocol.recognition import Options
from runtime.folders import folders
from speech.vad import open_vad
from tests.helpers.scripted_gateway import oblige, scripted

_PACKAGES: Final = ("app", "client", "protocol", "runtime", "speech")
_BLOCK: Final = SAMPLE_RATE // 50
_COUNTED_S: Final = 12
_TIMED_S: Final = 60
_LEAD_S: Final = 5.0
_ROUNDS: Final = 3
_SENT: Final = "encode_frame"
_ARRIVED: Final = "split_frame"
_OF_GATEWAY: Final = ("decode_frame", _ARRIVED)  # called by the gateway of this process only
_DEADLINE_S: Final = 60.0
_IDLE_TURNS: Final = 10
_UNHURRIED: Final = MicrophoneSettings(
    timing=FallbackTimes(silent=inf, first_block=_DEADLINE_S), watch_s=_DEADLINE_S
)
"""Times so long that even a slow machine neither gives up the device nor judges it at each frame."""

Entry = tuple[str, str, bool]
"""Module and name of a function, and whether the journal's thread entered it."""


@dataclass
class Entries:
    """Functions of the project that each played frame enters, and files that it opens, while ``on``.

    ``frame_s``: minimum duration of a frame, as on a slow machine.
    """

    frame_s: float = 0.0
    frames: list[set[Entry]] = field(default_factory=list)
    opened: list[str] = field(default_factory=list)
    on: bool = False
    sent: int = 0
    arrived: int = 0
    _names: dict[str, str] = field(default_factory=dict)

    @contextmanager
    def counted(self) -> Iterator[None]:
        """Count until the context ends, in this thread and in threads started meanwhile."""
        sys.addaudithook(self._audit)
        threading.setprofile(self._enter)
        sys.setprofile(self._enter)
        self.on = True
        try:
            yield
        finally:
            self.on = False
            sys.setprofile(None)
            threading.setprofile(None)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Do not count in this thread until the context ends."""
        sys.setprofile(None)
        try:
            yield
        finally:
            sys.setprofile(self._enter if self.on else None)

    def _enter(self, frame: FrameType, event: str, _: object) -> None:
        if event == "call" and (module := self._module(frame.f_code.co_filename)):
            name = frame.f_code.co_qualname
            self.sent += name == _SENT
            self.arrived += name == _ARRIVED
            if self.frames and not name.endswith(("comp>", "genexpr>")) and name not in _OF_GATEWAY:
                self.frames[-1].add((module, name, threading.current_thread().name == "journal/writer"))

    def _module(self, file: str) -> str:
        if file not in self._names:
            path = Path(file)
            inside = path.is_relative_to(REPOSITORY) and path.relative_to(REPOSITORY).parts[0] in _PACKAGES
            self._names[file] = str(path.relative_to(REPOSITORY)) if inside else ""
        return self._names[file]

    def _audit(self, event: str, details: tuple[Any, ...]) -> None:
        if self.on and event == "open":
            self.opened.append(str(details[0]))


@dataclass(frozen=True)
class Way:
    """Functions that each frame enters, by kind, and files opened per frame."""

    path: tuple[str, ...]
    disk: tuple[str, ...]
    speech: tuple[str, ...]
    opens: float


class _SoundLibrary:
    """The part of ``sounddevice`` that ``PortAudio`` uses, with one microphone."""

    PortAudioError = OSError
    default = SimpleNamespace(device=(0, 0))

    def __init__(self) -> None:
        self.opened: asyncio.Future[Callable[..., None]] = asyncio.get_running_loop().create_future()

    def _terminate(self) -> None:
        """Do nothing: the restart of the library finds the same microphone."""

    _initialize = _terminate

    def query_hostapis(self) -> list[dict[str, Any]]:
        """Return one sound interface."""
        return [{"name": "recorded"}]

    def query_devices(self) -> list[dict[str, Any]]:
        """Return the one microphone that exists."""
        rate = {"default_samplerate": SAMPLE_RATE}
        return [{"name": "a recording", "hostapi": 0, "max_input_channels": 1, **rate}]

    def RawInputStream(self, callback: Callable[..., None], **_: Any) -> SimpleNamespace:
        """Open the microphone, which gets its sound through ``callback``."""
        start = partial(self.opened.get_loop().call_soon_threadsafe, self.opened.set_result, callback)
        return SimpleNamespace(latency=0.0, start=start, close=lambda: None)


class _PromptJournal(Journal):
    """Journal that waits for its disk, so that the functions of a frame do not depend on the timing of threads."""

    def append(self, samples: Samples) -> None:
        """Store samples, and wait until the file has them."""
        super().append(samples)
        while self._writer.written < self._writer.heard:
            time.sleep(0)


class _PlayingObserver(DictationObserver):
    """Observer of the dictation that also plays the recording, at most ``lead_s`` ahead of the VAD."""

    def __init__(self, recording: Samples, lead_s: float, entries: Entries | None) -> None:
        self._recording, self._lead_s, self._entries = recording, lead_s, entries
        self._listened = 0.0
        self._changed = asyncio.Event()

    async def play(self, library: _SoundLibrary, microphone: "asyncio.Future[Microphone]") -> None:
        """Pass the recording to PortAudio's callback in blocks of 20 ms, then stop the microphone."""
        callback = await library.opened
        status = SimpleNamespace(input_overflow=False)
        blocks = (self._recording / np.float32(32_768)).astype(np.float32)
        for at in range(0, len(blocks), FRAME_SAMPLES):
            if self._entries:
                self._entries.frames.append(set())
            end = min(at + FRAME_SAMPLES, len(blocks))
            for start in range(at, end, _BLOCK):
                block = blocks[start : min(start + _BLOCK, end)]
                callback(block.tobytes(), len(block), None, status)
            await self._heard_to(end / SAMPLE_RATE - self._lead_s)
            if self._entries:
                await asyncio.sleep(self._entries.frame_s)
                await self._arrived(self._entries)
        await self._heard_to(len(blocks) / SAMPLE_RATE)
        (await microphone).stop()

    def processed(self, seconds: float) -> None:
        """Let the microphone continue."""
        self._listened = seconds
        self._changed.set()

    async def _heard_to(self, seconds: float) -> None:
        async with asyncio.timeout(_DEADLINE_S):
            while self._listened < seconds:
                self._changed.clear()
                await self._changed.wait()

    async def _arrived(self, entries: Entries) -> None:
        """Wait until the gateway has every frame that the client may send now."""
        idle = 0  # turns of the loop without data: the client's writer needs one to begin
        async with asyncio.timeout(_DEADLINE_S):
            while idle < _IDLE_TURNS:
                with entries.paused():
                    unsent = self.unsent_s()
                busy = unsent * SAMPLE_RATE >= FRAME_SAMPLES or entries.sent != entries.arrived
                idle = 0 if busy else idle + 1
                await asyncio.sleep(0)


async def dictate(
    recording: Samples, vad_folder: Path, root: Path, lead_s: float, entries: Entries | None = None
) -> int:
    """Dictate a recording to a gateway of this process. Return the number of frames sent."""
    observer, library = _PlayingObserver(recording, lead_s, entries), _SoundLibrary()
    opened: asyncio.Future[Microphone] = asyncio.get_running_loop().create_future()
    playing = asyncio.create_task(observer.play(library, opened), name="recorded microphone")
    async with scripted(oblige) as gateway:
        listener = DictationSetup(fixed_locator(Address(gateway.url)), vad_folder)
        with (_PromptJournal if entries else Journal).create(root, uuid4(), Options(), 0) as journal:
            async with open_microphone(settings=_UNHURRIED, system=PortAudio(library)) as microphone:
                opened.set_result(microphone)
                await listener.listen(journal, microphone, observer)
                await playing
            if microphone.lost_samples or journal.samples != len(recording):
                raise RuntimeError(f"{journal.samples} of {len(recording)} samples are in the journal")
        return sum(map(len, gateway.memory.audio.values())) // (2 * FRAME_SAMPLES)


def count(vad_folder: Path, seconds: float = _COUNTED_S, frame_s: float = 0.0) -> Way:
    """Count the functions that each sent frame enters, one frame after the other.

    ``frame_s``: minimum duration of each.
    """
    entries, recording = Entries(frame_s), long_recording(seconds / 60)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "takes"
        with entries.counted():
            frames = asyncio.run(dictate(recording, vad_folder, root, 0.0, entries))
        opens = sum(str(root) in path and path.endswith(".pcm16") for path in entries.opened)
    sending = [entered for entered in entries.frames if any(name == _SENT for _, name, _ in entered)]
    path: dict[str, list[str]] = {"path": [], "disk": [], "speech": []}
    together = set.intersection(*(before | after for before, after in pairwise(sending)))  # a thread may lag
    written = {entry for entry in together if entry[2]}
    for module, name, writing in sorted(written | set.intersection(*sending)):
        kind = "disk" if writing else "speech" if module.startswith("speech/") else "path"
        path[kind].append(f"{module}:{name}")
    return Way(**{kind: tuple(names) for kind, names in path.items()}, opens=(opens - 2) / frames)


def cpu_ms(vad_folder: Path) -> tuple[float, float]:
    """Return CPU ms per second of audio of everything in this process, and of the VAD alone; best of three."""
    recording, whole, alone = long_recording(_TIMED_S / 60), [inf], [inf]
    vad = open_vad(vad_folder)
    for _ in range(_ROUNDS):
        with tempfile.TemporaryDirectory() as folder:
            before = time.process_time()
            asyncio.run(dictate(recording, vad_folder, Path(folder) / "takes", _LEAD_S))
            whole.append(time.process_time() - before)
        vad.reset()
        before = time.process_time()
        for at in range(0, len(recording), 3 * _BLOCK):
            vad.accept(recording[at : at + 3 * _BLOCK])
        alone.append(time.process_time() - before)
    return 1000 * min(whole) / _TIMED_S, 1000 * min(alone) / _TIMED_S


def main() -> None:
    """Measure, print and save the figures."""
    options = arguments(__doc__, model=str(folders().models / "fsmn-vad"))
    model = Path(options.model)
    way = count(model)
    whole, vad = cpu_ms(model)
    row: dict[str, object] = {
        "functions_to_the_socket": len(way.path),
        "in_the_thread_of_the_journal": len(way.disk),
        "in_speech": len(way.speech),
        "opens_per_frame": way.opens,
        "cpu_ms_per_s": whole,
        "without_vad_ms": whole - vad,
    }
    title = "A frame of 100 ms, from PortAudio's callback to the socket"
    table(title, [row])
    for kind in ("path", "disk", "speech"):
        print(f"\n{kind}: " + ", ".join(getattr(way, kind)))
    write_json(options.json, title, [row])


if __name__ == "__main__":
    main()
