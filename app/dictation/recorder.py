"""Own the microphone for takes: one device, kept open, or opened for a take and closed some seconds later.

The device is always armed before a recording begins. Each recording therefore includes the 500 ms before it, if
the device was open, and no sample belongs to two recordings. The end of a recording includes its tail, unless
the next recording begins first.
"""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Final, Protocol

from app.capture.errors import MicrophoneError
from app.capture.microphone import MicrophoneChange
from app.transcription.listening import RecordingMicrophone
from runtime.tasks import Closing, Tasks, complete

LINGER_S: Final = 3.0
"""The device stays open this long after a recording, so that the next one starts at once."""

RETRY_S: Final = 10.0
"""Delay before retrying to open a device that is to be kept open."""


class OpenDevice(Protocol):
    """Signature of ``app.capture.microphone.open_microphone``, armed."""

    def __call__(
        self, choice: str, *, armed: bool, on_change: Callable[[MicrophoneChange], None]
    ) -> AbstractAsyncContextManager["MicrophoneDevice"]: ...


class MicrophoneDevice(RecordingMicrophone, Protocol):
    """The part of ``app.capture.microphone.Microphone`` that this module uses."""

    def start(self) -> None: ...
    def stop(self, late_s: float = 0.0) -> None: ...


class Recording:
    """A ``listening.RecordingMicrophone`` for one take.

    ``on_end`` is called once, when the recording ends by itself or is abandoned.
    """

    def __init__(
        self, device: MicrophoneDevice, on_first_sample: Callable[[], None], on_end: Callable[["Recording"], None]
    ) -> None:
        self.buffer = device.buffer
        self._device = device
        self._on_end: Callable[[Recording], None] | None = on_end
        self._stopped = False
        self.buffer.begun.add_done_callback(lambda _: on_first_sample())
        self.buffer.ended.add_done_callback(lambda _: self._end())

    @property
    def device(self) -> str:
        """The name of the device."""
        return self._device.device

    @property
    def superseded(self) -> bool:
        """True if the device records for another recording now."""
        return self._device.buffer is not self.buffer

    @property
    def level_dbfs(self) -> float:
        """The level of the latest block."""
        return self._device.level_dbfs

    def stop(self, late_s: float = 0.0) -> None:
        """Stop after the speech until ``late_s`` seconds ago.

        Safe to call twice, after the end, and during a later recording.
        """
        if not self._stopped:
            self._stopped = True
            if not self.superseded:
                self._device.stop(late_s)

    def abandon(self) -> None:
        """End a recording whose samples are not needed."""
        self.stop()
        self._end()

    def _end(self) -> None:
        on_end, self._on_end = self._on_end, None
        if on_end is not None:
            on_end(self)


class Recorder(Closing):
    """Provider of consecutive recordings, as an async context manager.

    ``device_choice``: the choice with which the device in use or last used was opened.
    """

    def __init__(
        self,
        open_device: OpenDevice,
        on_change: Callable[[MicrophoneChange], None],
        linger_s: float = LINGER_S,
        retry_s: float = RETRY_S,
    ) -> None:
        self._open_device = open_device
        self._on_change = on_change
        self._linger_s, self._retry_s = linger_s, retry_s
        self._choice = ""
        self._keep_open = False
        self._lock = asyncio.Lock()  # serialises opening and closing
        self._opened: AbstractAsyncContextManager[MicrophoneDevice] | None = None
        self._device: MicrophoneDevice | None = None
        self.device_choice = ""
        self._recording: Recording | None = None
        self._trial: Recording | None = None
        self._closing: asyncio.TimerHandle | None = None
        self._retry: asyncio.TimerHandle | None = None
        self._tasks = Tasks("recorder")
        self._closed = False
        self._stale = False

    async def close(self) -> None:
        """End all work, even if the caller is cancelled. Safe to call twice."""
        self._closed = True
        self._cancel_closing()
        if self._retry is not None:
            self._retry.cancel()
        await complete(self._end())

    @property
    def device(self) -> str:
        """The name of the device in use or last used."""
        return self._device.device if self._device else self._choice

    @property
    def _is_right(self) -> bool:
        """True if the open device is the chosen one and not stale."""
        return self.device_choice == self._choice and not self._stale

    @property
    def records_take(self) -> bool:
        """True while a take is recorded, including its tail; a trial is none."""
        return self._recording is not None and self._recording is not self._trial

    @property
    def level_dbfs(self) -> float | None:
        """The level of the current recording, or ``None``."""
        return self._device.level_dbfs if self._device and self._recording else None

    def choose(self, choice: str, *, keep_open: bool) -> None:
        """Choose the device for the next recordings, and whether it stays open between them."""
        changed = choice != self._choice
        self._choice, self._keep_open = choice, keep_open
        if keep_open or changed:
            self._tasks.start(self._settle(), "settle")
        else:
            self._close_later()

    async def record(self, on_first_sample: Callable[[], None], on_end: Callable[[], None]) -> Recording:
        """Begin a recording for a take. Raises ``MicrophoneError``."""
        async with self._lock:
            return await self._record(on_first_sample, on_end)

    async def record_trial(self, on_end: Callable[[], None]) -> Recording | None:
        """Begin a recording that belongs to no take, or return ``None`` during another recording.

        A take that begins ends it. Raises ``MicrophoneError``.
        """
        async with self._lock:
            if self._recording is not None or self._closed:
                return None
            self._trial = await self._record(lambda: None, on_end)
            return self._trial

    def renew(self) -> None:
        """Reopen the device once no recording uses it, because it may be gone."""
        self._stale = self._device is not None
        self._tasks.start(self._settle(), "renew")

    def close_device(self) -> None:
        """Close the failed device, so that the next recording opens it again."""
        self._tasks.start(self._close_unused(), "close")

    # -- opening and closing -------------------------------------------------------------------------------

    async def _record(self, on_first_sample: Callable[[], None], on_end: Callable[[], None]) -> Recording:
        self._cancel_closing()
        if self._device is not None and not self._is_right:
            await self._close()
        device = self._device or await self._open()
        device.start()

        def ended(recording: Recording) -> None:
            if self._recording is recording:
                self._recording = None
                self._close_later()
                if not self._is_right:
                    self._tasks.start(self._settle(), "renew")
            on_end()

        self._recording = Recording(device, on_first_sample, ended)
        return self._recording

    async def _open(self) -> MicrophoneDevice:
        choice = self._choice  # another one may be chosen while this one opens
        opened = self._open_device(choice, armed=True, on_change=self._on_change)
        self._device = await opened.__aenter__()
        self._opened, self.device_choice = opened, choice
        return self._device

    async def _close(self) -> None:
        opened, self._opened, self._device = self._opened, None, None
        self._stale = False
        if opened is not None:
            await opened.__aexit__(None, None, None)

    async def _end(self) -> None:
        await self._tasks.close()
        async with self._lock:
            await self._close()

    async def _settle(self) -> None:
        """Open the device if it is to stay open, without reporting failures, because no caller waits."""
        async with self._lock:
            if self._recording is not None:
                return
            if self._device is not None and not self._is_right:
                await self._close()
            if self._keep_open and self._device is None:
                try:
                    await self._open()
                except MicrophoneError:
                    self._try_later()

    def _try_later(self) -> None:
        """Schedule another attempt, in case a device is plugged in later."""
        loop = asyncio.get_running_loop()
        if not self._closed and (self._retry is None or self._retry.when() <= loop.time()):
            self._retry = loop.call_later(self._retry_s, lambda: self._tasks.start(self._settle(), "again"))

    async def _close_unused(self) -> None:
        async with self._lock:
            if self._recording is None:
                await self._close()

    def _cancel_closing(self) -> None:
        if self._closing is not None:
            self._closing.cancel()
            self._closing = None

    def _close_later(self) -> None:
        self._cancel_closing()
        if not self._keep_open and self._device is not None and self._recording is None:
            loop = asyncio.get_running_loop()
            self._closing = loop.call_later(self._linger_s, self.close_device)
