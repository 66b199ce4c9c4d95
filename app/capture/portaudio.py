"""PortAudio through the package ``sounddevice``: list microphones, open streams, play sounds. No decisions here.

Importing ``sounddevice`` loads and starts PortAudio, so the first call that needs it imports it.

PortAudio lists devices once, when it starts. To see devices plugged in later, it must be restarted, which
invalidates all of its streams. That happens only while this process has none open. ``sounddevice`` has no public
function for a restart: its maintainer advises ``_terminate`` and ``_initialize`` (its issue 125).

While a stream is open, PortAudio is asked whether another one can be opened before that is done. PortAudio 19
keeps the error of an opening in one variable (``paUtilErr_`` in pa_unix_util.h). The threads of open streams also
write it. At times a refusal looks like success without a stream, and ends the process. Asking first is safe.
"""

import asyncio
import ctypes
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from io import BytesIO
from typing import Any, Final, Protocol

from app.capture.devices import Input
from app.capture.errors import AudioLibraryMissing, AudioPackageMissing, MicrophoneRefused, SpeakerRefused
from app.capture.sound_thread import SoundThread
from runtime.installing import extra_command
from runtime.programs import prefer_bundled_libraries
from runtime.tasks import is_set_within

SAMPLE_TYPE: Final = "float32"
SAMPLE_BYTES: Final = 4

_LONGEST_SOUND_S: Final = 5.0
_OUTPUT_LATENCY_S: Final = 0.5  # with "high" (40 ms) PulseAudio underran constantly, with 0.2 s on a busy computer

Put = Callable[[bytes, int, bool], None]
"""Takes a block of float32 samples, its frames, and whether audio was lost before it. Called by any thread."""

Pull = Callable[[int], bytes]
"""Returns at most the requested bytes of mono float32, at the stream's rate. Called by any thread."""


class Stream(Protocol):
    """An open device. ``latency_s``: age of the newest sample when it is handed over."""

    rate: int
    channels: int
    latency_s: float

    async def close(self) -> None: ...


class InputStream(Stream, Protocol):
    """An open microphone that may deliver blocks late while no recording runs."""

    def rest(self, *, resting: bool) -> None:
        """Allow blocks to be late from now on, or no longer: late blocks then follow at once."""


class SoundSystem(Protocol):
    """The operations the microphone needs of a sound system. Each may raise ``MicrophoneError``."""

    async def inputs(self, *, anew: bool = False) -> list[Input]: ...
    async def open(self, device: Input, put: Put, ended: Callable[[], None]) -> InputStream: ...


class PortAudio:
    """A ``SoundSystem`` that uses PortAudio. ``library``: a replacement for ``sounddevice``.

    ``thread``: the one that controls PortAudio.
    """

    def __init__(self, library: Any = None) -> None:
        self.thread = SoundThread()
        self._open = 0  # like the next, changed only by the sound thread
        self._library = library

    async def inputs(self, *, anew: bool = False) -> list[Input]:
        """List all microphones; ``anew``: including those plugged in since, if no stream is open."""
        return await self.thread.ask(partial(self._inputs, anew))

    async def open(self, device: Input, put: Put, ended: Callable[[], None]) -> "PortAudioStream":
        """Begin to record. Raises ``MicrophoneRefused``. Any thread may call ``ended`` when the stream ends."""
        return await self.thread.ask(partial(self._open_stream, device, put, ended), lambda stream: stream.end())

    async def play(self, sound_at: Callable[[int], bytes]) -> None:
        """Play a short sound to its end on the default output. Raises ``SpeakerRefused``.

        ``sound_at`` returns it for a given rate, as mono float32.
        """
        loop, ended = asyncio.get_running_loop(), asyncio.Event()

        def set_ended() -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(ended.set)

        start = partial(self._playing, lambda rate: BytesIO(sound_at(rate)).read, set_ended, short=True)
        stream = await self.thread.ask(start, lambda stream: stream.end())
        try:
            if not await is_set_within(ended, _LONGEST_SOUND_S):
                raise SpeakerRefused("the output takes nothing")
        finally:
            await stream.close()

    async def open_output(self, pull: Pull, ended: Callable[[], None]) -> "PortAudioStream":
        """Begin to play on the default output; bytes that ``pull`` does not return become silence.

        Raises ``SpeakerRefused``. ``ended``: as in ``open``.
        """
        return await self.thread.ask(partial(self._playing, lambda rate: pull, ended), lambda stream: stream.end())

    def closed(self) -> None:
        """Decrement the number of open streams."""
        self._open -= 1

    def _inputs(self, anew: bool) -> list[Input]:
        started = self._library is None
        library = self._load()
        if anew and not started and not self._open:
            _start_again(library)
        try:
            default = library.default.device[0]
            interfaces = [interface["name"] for interface in library.query_hostapis()]
            found = list(enumerate(library.query_devices()))
        except library.PortAudioError:  # PortAudio did not start: no sound at the moment
            return []
        return [
            Input(
                index,
                device["name"],
                interfaces[device["hostapi"]],
                device["max_input_channels"],
                round(device["default_samplerate"]),
                index == default,
            )
            for index, device in found
            if device["max_input_channels"] > 0
        ]

    def _load(self) -> Any:
        if self._library is None:
            prefer_bundled_libraries()
            try:
                import sounddevice
            except ModuleNotFoundError as error:
                advice = f"run {extra_command('desktop')}"
                raise AudioPackageMissing(f"microphones need the package sounddevice: {advice}") from error
            except OSError as error:
                advice = "on Debian and Ubuntu run: sudo apt-get install libportaudio2"
                raise AudioLibraryMissing(f"the library PortAudio is missing ({error}): {advice}") from error
            self._library = sounddevice
            _silence_alsa()
        return self._library

    def _open_stream(self, device: Input, put: Put, ended: Callable[[], None]) -> "PortAudioStream":
        library = self._load()
        refusal = "it has no inputs"
        for channels in channel_counts(device.channels):
            try:
                with _native_errors_hidden():
                    if self._open:
                        settings = {"channels": channels, "dtype": SAMPLE_TYPE, "samplerate": device.rate}
                        library.check_input_settings(device=device.index, **settings)
                    stream = _new_stream(library, device, channels, put, ended)
                    return self._start_stream(stream, device.rate, channels)
            except library.PortAudioError as error:
                refusal = _reason(error)
        raise MicrophoneRefused(device.name, refusal)

    def _playing(
        self, pull_at: Callable[[int], Pull], ended: Callable[[], None], *, short: bool = False
    ) -> "PortAudioStream":
        """Begin to play what ``pull_at`` returns for the output's rate; a ``short`` sound ends by itself."""
        library = self._load()
        try:
            rate = self._output_rate(library)
            with _native_errors_hidden():
                if self._open:
                    library.check_output_settings(channels=1, dtype=SAMPLE_TYPE, samplerate=rate)
                stream = _new_output(library, rate, pull_at(rate), ended, short=short)
                return self._start_stream(stream, rate, 1)
        except (library.PortAudioError, ValueError) as error:  # ValueError: no such device
            raise SpeakerRefused(f"no sound can be heard ({error})") from error

    def _output_rate(self, library: Any) -> int:
        """Return the rate of the default output; if there is none, look for one that has come back."""
        try:
            return _rate(library)
        except library.PortAudioError:
            if self._open:
                raise
            _start_again(library)
            return _rate(library)

    def _start_stream(self, stream: Any, rate: int, channels: int) -> "PortAudioStream":
        """Start a stream and count it, or close one that does not start."""
        with ExitStack() as undo:
            undo.callback(stream.close)
            stream.start()
            undo.pop_all()
        self._open += 1
        return PortAudioStream(self, stream, rate, channels)


class PortAudioStream:
    """An open stream of PortAudio: microphone or output."""

    def __init__(self, system: PortAudio, stream: Any, rate: int, channels: int) -> None:
        self.rate = rate
        self.channels = channels
        self.latency_s: float = stream.latency
        self._system = system
        self._stream: Any = stream

    async def close(self) -> None:
        """Stop the stream. Safe to call twice. Raises ``SoundHangs``."""
        await self._system.thread.ask(self.end)

    def rest(self, *, resting: bool) -> None:
        """Do nothing: the size of PortAudio's blocks is fixed when a stream opens."""

    def end(self) -> None:
        """Stop the stream; call it in the sound thread."""
        if self._stream is not None:
            stream, self._stream = self._stream, None
            self._system.closed()
            stream.close()


def _start_again(library: Any) -> None:
    """Restart PortAudio, so that it lists the devices of now."""
    # Each may fail: after a failed start there is nothing to terminate.
    with suppress(library.PortAudioError):
        library._terminate()
    with suppress(library.PortAudioError):
        library._initialize()


def _rate(library: Any) -> int:
    return int(library.query_devices(kind="output")["default_samplerate"])


def _reason(error: Exception) -> str:
    """Return a readable reason for a ``PortAudioError``.

    The error has a text, a number, and perhaps (interface, number, text) of the system's own error.
    """
    text = str(error.args[0]).rpartition(": ")[2]
    return f"{text}, {error.args[2][2]}" if len(error.args) > 2 else text


def channel_counts(most: int) -> list[int]:
    """Return the channel counts to try, in order.

    Some plugins claim 32 channels; some arrays work only with all of theirs.
    """
    return list(dict.fromkeys(count for count in (min(2, most), 1, most) if 1 <= count <= most))


def _new_stream(library: Any, device: Input, channels: int, put: Put, ended: Callable[[], None]) -> Any:
    # The callback only copies, checks one flag and hands over: its thread must not be late.
    def callback(block: Any, frames: int, _time: Any, status: Any) -> None:
        put(bytes(block), frames, bool(status.input_overflow))

    return library.RawInputStream(
        device=device.index,
        samplerate=device.rate,
        channels=channels,
        dtype=SAMPLE_TYPE,
        blocksize=device.rate // 50,  # PortAudio's default: 115 calls a second on our machine, twice the work
        latency="high",  # safer than "low", and still 10 to 50 ms
        callback=callback,
        finished_callback=ended,
    )


def _new_output(library: Any, rate: int, pull: Pull, ended: Callable[[], None], *, short: bool) -> Any:
    # As for the microphone: only copy, never wait.
    def callback(block: Any, _frames: int, _time: Any, _status: Any) -> None:
        piece = pull(len(block))
        block[: len(piece)] = piece
        block[len(piece) :] = bytes(len(block) - len(piece))
        if short and len(piece) < len(block):
            raise library.CallbackStop

    return library.RawOutputStream(
        samplerate=rate,
        channels=1,
        dtype=SAMPLE_TYPE,
        blocksize=0 if short else rate // 20,  # 0: as PortAudio likes
        latency=None if short else _OUTPUT_LATENCY_S,
        callback=callback,
        finished_callback=ended,
    )


def _silence_alsa() -> None:
    """Let ALSA write nothing to the terminal: on a busy computer it reports every underrun there.

    Its handler is a C function without effect, because a Python one would wait for Python's lock in a thread that
    must not be late.
    """
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):  # PortAudio may use another interface
            ctypes.CDLL("libasound.so.2").snd_lib_error_set_handler(ctypes.CDLL(None).getppid)


@contextmanager
def _native_errors_hidden() -> Iterator[None]:
    """Hide what ALSA and PortAudio print to the terminal about a failure: our error reports it.

    ``sounddevice`` does the same at its start. Output of other threads during these milliseconds is hidden too.
    """
    try:
        kept = os.dup(2)
    except OSError:  # no standard error
        yield
        return
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 2)
        os.close(nowhere)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
