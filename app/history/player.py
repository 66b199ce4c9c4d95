"""Play a take through the system's audio output.

    player = Player(history.take, sound_system().ports, post)
    player.play(session)        # ``post`` gets ``PlaybackView``, about 15 times a second
    player.block(True)           # dictation records: the microphone must not pick up the playback

Audio is read from disk one and a half seconds ahead, whatever its length. Methods return at once and must be
called in one event loop; only ``PlayBuffer.take`` runs in the audio thread.
"""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from typing import Final, Protocol
from uuid import UUID

import numpy as np

from app.capture.errors import MicrophoneError, SpeakerRefused
from app.capture.portaudio import SAMPLE_BYTES, Stream
from app.core.errors import AppError, Note
from app.core.problem_notes import note_of
from app.history.rerecognition import read_samples
from app.history.view import PlaybackView, PlayState
from app.journal.library import TakeSnapshot
from client.errors import GatewayError
from protocol.audio import SAMPLE_RATE, samples_to_ms
from runtime import loggers
from runtime.event_names import LogEvent
from runtime.tasks import TaskOwner, Tasks, is_set_within, loop_time
from speech.resampling import PlaybackResampler

log = loggers.APP_HISTORY_PLAYING

SHOW_S: Final = 1 / 15
STUCK_S: Final = 5.0
_AHEAD_S: Final = 1.5
_PIECE: Final = SAMPLE_RATE // 4
_LONGEST_REST_S: Final = 1.0

Pull = Callable[[int], bytes]
"""Returns at most this many bytes of mono float32; the caller pads with silence. Called in any thread."""


class Output(Protocol):
    """Interface to the audio output; part of ``app.capture.portaudio.PortAudio``."""

    async def open_output(self, pull: Pull, ended: Callable[[], None]) -> Stream: ...


class PlayBuffer:
    """Buffer of audio to play.

    ``taken``: bytes taken since the buffer was last emptied.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sound = bytearray()
        self.taken = 0

    def put(self, sound: bytes) -> None:
        """Append audio to the buffer."""
        with self._lock:
            self._sound += sound

    def take(self, size: int) -> bytes:
        """Take up to ``size`` bytes, as ``Pull``."""
        with self._lock:
            piece = bytes(self._sound[:size])
            del self._sound[: len(piece)]
            self.taken += len(piece)
        return piece

    def empty(self) -> None:
        """Drop the buffered audio before playing from another position."""
        with self._lock:
            self._sound.clear()
            self.taken = 0

    @property
    def waiting(self) -> int:
        """Bytes that wait to be taken."""
        return len(self._sound)


class Player(TaskOwner):
    """Player of one take at a time; it posts failures with their reason."""

    def __init__(
        self,
        find: Callable[[UUID], Awaitable[TakeSnapshot]],
        output: Output,
        post: Callable[[PlaybackView], None],
        stuck_s: float = STUCK_S,
    ) -> None:
        self._find, self._output, self._post, self._stuck_s = find, output, post, stuck_s
        self._tasks = Tasks("playing")
        self._task: asyncio.Task[None] | None = None
        self._now: PlaybackView | None = None
        self._sought: int | None = None
        self._wake = asyncio.Event()
        self._blocked = False

    # -- actions -------------------------------------------------------------------------------------------

    def play(self, session: UUID, ms: int = 0) -> None:
        """Play a take from ``ms`` on."""
        if self._now is not None and self._now.session == session and self._task is not None:
            return self.seek(session, ms)
        self.stop()
        if self._blocked:
            return self._post(PlaybackView(session, PlayState.STOPPED, note=Note("dictation-records")))
        begun = PlaybackView(session, PlayState.PLAYING, max(0, ms))
        self._now, self._sought = begun, None
        self._post(begun)
        self._task = self._tasks.start(self._play(begun), "play")

    def seek(self, session: UUID, ms: int) -> None:
        """Jump to ``ms`` if this take is playing."""
        if self._task is not None and self._now is not None and self._now.session == session:
            self._sought = max(0, ms)
            self._wake.set()

    def pause(self) -> None:
        """Pause and report the position."""
        self._end_playback(PlayState.PAUSED, None)

    def stop(self) -> None:
        """Stop and return to the beginning."""
        self._end_playback(PlayState.STOPPED, 0)

    def block(self, on: bool) -> None:
        """Pause and block playback while dictation records (``on``), or allow it again."""
        self._blocked = on
        if on:
            self.pause()

    def _end_playback(self, state: PlayState, ms: int | None) -> None:
        task, now, sought = self._task, self._now, self._sought
        self._task = self._now = self._sought = None
        if task is not None:
            task.cancel()
        if now is not None:
            at = now.ms if sought is None else sought
            self._post(replace(now, state=state, ms=at if ms is None else ms))

    # -- playback ------------------------------------------------------------------------------------------

    async def _play(self, begun: PlaybackView) -> None:
        try:
            found = await self._find(begun.session)
            length = samples_to_ms(found.samples)
            self._show_playing(replace(begun, ms=min(begun.ms, length), of_ms=length))
            await self._play_from(found, min(begun.ms, length))
        except (AppError, GatewayError) as error:
            log.info(LogEvent.TAKE_PLAYBACK_FAILED, session=str(begun.session), reason=str(error))
            self._post_end(note_of(error))
        else:
            self._post_end(None)

    async def _play_from(self, found: TakeSnapshot, ms: int) -> None:
        loop, ahead, ended = asyncio.get_running_loop(), PlayBuffer(), asyncio.Event()

        def over() -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(ended.set)

        stream = await self._output.open_output(ahead.take, over)
        try:
            await self._feed(_Place(found, stream, ms), ahead, ended)
            await asyncio.sleep(min(stream.latency_s, _LONGEST_REST_S))  # let the output play its last block
        finally:
            with suppress(MicrophoneError):
                await stream.close()

    async def _feed(self, place: "_Place", ahead: PlayBuffer, ended: asyncio.Event) -> None:
        moved, moved_s = -1, loop_time()
        while not place.over or ahead.waiting:
            if self._sought is not None:
                place, self._sought = place.at(self._sought), None
                ahead.empty()
            while ahead.waiting < place.enough and not place.over:
                ahead.put(await place.next())
            if ahead.taken != moved:
                moved, moved_s = ahead.taken, loop_time()
            if ended.is_set() or loop_time() - moved_s > self._stuck_s:
                raise SpeakerRefused("the output takes nothing")
            if self._now is not None and self._sought is None:
                self._show_playing(replace(self._now, ms=min(place.ms(ahead.taken), self._now.of_ms)))
            await is_set_within(self._wake, SHOW_S)
            self._wake.clear()

    def _show_playing(self, playing: PlaybackView) -> None:
        if playing != self._now:
            self._now = playing
            self._post(playing)

    def _post_end(self, note: Note | None) -> None:
        """Report that playback has ended without a request."""
        now, self._task, self._now = self._now, None, None
        if now is not None:
            self._post(replace(now, state=PlayState.STOPPED, ms=0, note=note))


class _Place:
    """Position at which a take is read for an output."""

    def __init__(self, found: TakeSnapshot, stream: Stream, ms: int) -> None:
        self._found, self._stream, self._from_ms = found, stream, ms
        self._at = ms * SAMPLE_RATE // 1000
        self._resampler = PlaybackResampler(stream.rate)
        self.over = False
        self.enough = stream.rate * SAMPLE_BYTES * _AHEAD_S

    def at(self, ms: int) -> "_Place":
        """Return another position in the same take, for the same output."""
        return _Place(self._found, self._stream, ms)

    async def next(self) -> bytes:
        """Read the next piece at the rate of the output. Raises ``AudioGone``."""
        if (samples := min(_PIECE, self._found.samples - self._at)) <= 0:
            self.over = True
            return self._resampler.finish().tobytes()
        pcm = await asyncio.to_thread(read_samples, self._found.audio, self._at, samples)
        self._at += samples
        return self._resampler.accept(np.frombuffer(pcm, "<i2")).tobytes()

    def ms(self, taken: int) -> int:
        """Return the position that is audible after the output has taken this many bytes."""
        heard_s = taken / SAMPLE_BYTES / self._stream.rate - self._stream.latency_s
        return self._from_ms + round(1000 * max(0.0, heard_s))
