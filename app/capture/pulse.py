"""Microphones of PulseAudio or PipeWire: listed by their own names, recorded from directly.

Each query and each stream has its own connection, driven by one thread at a time. A stream is bound to its source:
if the source is unplugged, the stream ends instead of moving to a source that the user did not choose.
"""

import ctypes
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, Self

from app.capture.devices import Input, with_distinct_names
from app.capture.errors import MicrophoneError, MicrophoneRefused
from app.capture.portaudio import SAMPLE_BYTES, Put
from app.capture.pulse_library import (
    ANY,
    CONTEXT_READY,
    FLOAT32,
    NO_AUTOSPAWN,
    OPERATION_RUNNING,
    RECORD,
    SERVER_CALLBACK,
    SOURCE_CALLBACK,
    STREAM_READY,
    BufferAttributes,
    PulseLibrary,
    SampleSpec,
)
from app.capture.sound_thread import SoundHangs, SoundThread
from app.core.errors import Note

PULSEAUDIO: Final = "PulseAudio"
PIPEWIRE: Final = "PipeWire"

_DEADLINE_S: Final = 5.0
_TURN_S: Final = 0.05
_REST_S: Final = 0.1
_BLOCKS_PER_S: Final = 50
_MOST_CHANNELS: Final = 2
_LATENCY_S: Final = 0.05  # until the server reports the real one
_NAME: Final = b"kikipounamu"


class NoSoundServer(MicrophoneError):
    """An error: neither PulseAudio nor PipeWire answers."""

    note = Note("sound-server-missing")

    def __init__(self) -> None:
        super().__init__("no sound server answers: start PulseAudio or PipeWire")


class PulseConnection:
    """A connection to the sound server. Raises ``NoSoundServer``, or ``SoundHangs`` after five seconds."""

    def __init__(self, library: PulseLibrary) -> None:
        self.library = library
        self._loop = library.mainloop_new()
        self.context = library.context_new(library.mainloop_get_api(self._loop), _NAME)

    def __enter__(self) -> Self:
        try:
            if self.library.context_connect(self.context, None, NO_AUTOSPAWN, None) < 0:
                raise NoSoundServer
            self.wait(lambda: self.library.context_get_state(self.context) >= CONTEXT_READY)
            if self.library.context_get_state(self.context) != CONTEXT_READY:
                raise NoSoundServer
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Free the connection. Call it once."""
        self.library.context_disconnect(self.context)
        self.library.context_unref(self.context)
        self.library.mainloop_free(self._loop)

    def turn(self, most_s: float = _TURN_S) -> bool:
        """Wait for ``most_s``, send and receive; return whether there was anything."""
        library, loop = self.library, self._loop
        if library.mainloop_prepare(loop, round(most_s * 1e6)) < 0 or (ready := library.mainloop_poll(loop)) < 0:
            raise NoSoundServer
        if library.mainloop_dispatch(loop) < 0:
            raise NoSoundServer
        return bool(ready)

    def wait(self, until: Callable[[], bool]) -> None:
        """Run the connection until the condition holds. Raises ``SoundHangs`` at the deadline."""
        deadline = time.monotonic() + _DEADLINE_S
        while not until():
            if time.monotonic() > deadline:
                raise SoundHangs
            self.turn()

    def finish(self, operation: Any) -> None:
        """Wait until the server has answered the operation, then release it."""
        if not operation:
            raise NoSoundServer
        try:
            self.wait(lambda: self.library.operation_get_state(operation) != OPERATION_RUNNING)
        finally:
            self.library.operation_unref(operation)


class PulseAudio:
    """A ``SoundSystem`` of PulseAudio or PipeWire."""

    def __init__(self, library: PulseLibrary) -> None:
        self._library = library
        self._thread = SoundThread()

    async def inputs(self, *, anew: bool = False) -> list[Input]:
        """List all current sources. Raises ``NoSoundServer``."""
        return await self._thread.ask(self._inputs)

    async def open(self, device: Input, put: Put, ended: Callable[[], None]) -> "PulseStream":
        """Begin to record. Raises ``MicrophoneRefused``. Any thread may call ``ended`` when the stream ends."""
        return await self._thread.ask(partial(self._open_stream, device, put, ended), lambda stream: stream.end())

    def _inputs(self) -> list[Input]:
        with PulseConnection(self._library) as connection:
            return with_distinct_names(_sources(connection))

    def _open_stream(self, device: Input, put: Put, ended: Callable[[], None]) -> "PulseStream":
        connection = PulseConnection(self._library).__enter__()
        stream = None
        try:
            channels = max(1, min(_MOST_CHANNELS, device.channels))
            spec = SampleSpec(FLOAT32, device.rate, channels)
            stream = self._library.stream_new(connection.context, _NAME, ctypes.byref(spec), None)
            if not stream:
                raise MicrophoneRefused(device.name, "its format is not known")
            _connect(connection, stream, device, channels)
            return PulseStream(self._thread, connection, stream, _Listener(device.rate, channels, put, ended))
        except BaseException:
            if stream:
                self._library.stream_unref(stream)
            connection.close()
            raise


@dataclass(frozen=True)
class _Listener:
    rate: int
    channels: int
    put: Put
    ended: Callable[[], None]


class PulseStream:
    """A ``Stream`` whose thread delivers blocks until it is closed or the server ends it."""

    def __init__(
        self, control: SoundThread, connection: PulseConnection, stream: Any, listener: _Listener
    ) -> None:
        self.rate, self.channels = listener.rate, listener.channels
        self.latency_s = _latency_s(connection.library, stream)
        self._control, self._connection, self._stream, self._listener = control, connection, stream, listener
        self._closing = threading.Event()
        self._awake = threading.Event()
        self._awake.set()
        self._thread = threading.Thread(target=self._run, name="microphone", daemon=True)
        self._thread.start()

    async def close(self) -> None:
        """Stop recording. Safe to call twice."""
        await self._control.ask(self.end)

    def rest(self, *, resting: bool) -> None:
        """Poll only now and then while no recording runs: audio waits in the connection until then."""
        if resting:
            self._awake.clear()
        else:
            self._awake.set()

    def end(self) -> None:
        """Stop recording; call it in the controlling thread."""
        self._closing.set()
        self._awake.set()
        self._thread.join(_DEADLINE_S)

    def _run(self) -> None:
        library = self._connection.library
        try:
            while not self._closing.is_set() and library.stream_get_state(self._stream) == STREAM_READY:
                if self._awake.is_set() or self._awake.wait(_REST_S):
                    self._connection.turn()
                    self._hand_over()
                    continue
                while self._connection.turn(0.0):
                    self._hand_over()
        except NoSoundServer:
            return
        finally:
            library.stream_disconnect(self._stream)
            library.stream_unref(self._stream)
            self._connection.close()
            self._listener.ended()

    def _hand_over(self) -> None:
        """Pass on all received audio.

        The server reports a hole for audio that this program was too slow to fetch.
        """
        library, missed = self._connection.library, False
        data, size = ctypes.c_void_p(), ctypes.c_size_t()
        while library.stream_get_state(self._stream) == STREAM_READY and library.stream_readable_size(
            self._stream
        ):
            if library.stream_peek(self._stream, ctypes.byref(data), ctypes.byref(size)) < 0 or not size.value:
                return
            if data.value is None:
                missed = True
            else:
                frames = size.value // (SAMPLE_BYTES * self.channels)
                self._listener.put(ctypes.string_at(data.value, size.value), frames, missed)
                missed = False
            library.stream_drop(self._stream)


def _latency_s(library: PulseLibrary, stream: Any) -> float:
    """Return the age of the newest sample; a default before the server's first answer."""
    age_us, negative = ctypes.c_uint64(), ctypes.c_int()
    if library.stream_get_latency(stream, ctypes.byref(age_us), ctypes.byref(negative)) < 0 or negative.value:
        return _LATENCY_S
    return max(_LATENCY_S, age_us.value / 1e6)


def _server(connection: PulseConnection) -> tuple[str, str]:
    """Return the name of the server, and the name of its default source."""
    servers: list[tuple[str, str]] = []

    def add(_context: Any, server: Any, _data: Any) -> None:
        if server:
            servers.append((_text(server.contents.server_name), _text(server.contents.default_source_name)))

    callback = SERVER_CALLBACK(add)  # must stay alive until the answer arrives
    connection.finish(connection.library.context_get_server_info(connection.context, callback, None))
    if not servers:
        raise NoSoundServer
    name, default = servers[0]
    return (PIPEWIRE if PIPEWIRE in name else PULSEAUDIO), default


def _sources(connection: PulseConnection) -> list[Input]:
    """List all sources. A monitor is never the default, although servers name one if they lack a microphone."""
    interface, default = _server(connection)
    found: list[Input] = []

    def add(_context: Any, source: Any, _end: int, _data: Any) -> None:
        if source:
            info = source.contents
            key, spec, monitor = _text(info.name), info.sample_spec, info.monitor_of_sink != ANY
            name, is_default = _text(info.description) or key, key == default and not monitor
            found.append(Input(info.index, name, interface, spec.channels, spec.rate, is_default, key, monitor))

    callback = SOURCE_CALLBACK(add)
    connection.finish(connection.library.context_get_source_info_list(connection.context, callback, None))
    return found


def _connect(connection: PulseConnection, stream: Any, device: Input, channels: int) -> None:
    library = connection.library
    fragment = device.rate // _BLOCKS_PER_S * channels * SAMPLE_BYTES
    attributes = BufferAttributes(ANY, ANY, ANY, ANY, fragment)
    asked = library.stream_connect_record(stream, device.key.encode(), ctypes.byref(attributes), RECORD)
    if asked >= 0:
        connection.wait(lambda: library.stream_get_state(stream) >= STREAM_READY)
    if asked < 0 or library.stream_get_state(stream) != STREAM_READY:
        error = library.strerror(library.context_errno(connection.context))
        raise MicrophoneRefused(device.name, _text(error))


def _text(raw: bytes | None) -> str:
    return (raw or b"").decode(errors="replace")
