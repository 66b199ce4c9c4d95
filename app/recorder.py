"""The microphone of the takes: one device, kept open, or opened for a take and closed some seconds after it.

The device is always armed before a recording begins, so that each has the 500 ms before it, where it was open, and
no sample belongs to two. A recording that ends has its tail, unless the next one begins meanwhile.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from typing import Final, Protocol

import structlog

from app.capture.errors import MicrophoneError
from app.capture.microphone import MicrophoneChange
from app.pipeline import Samples
from runtime import logger_names
from runtime.tasks import Tasks

log = structlog.get_logger(logger_names.APP_RECORDER)

LINGER_S: Final = 3.0
"""Who speaks again within this does not wait for the device."""

AGAIN_S: Final = 10.0
"""Until one that is to be kept open, and could not be opened, is tried once more."""


class OpenDevice(Protocol):
    """``app.capture.microphone.open_microphone``, armed."""

    def __call__(
        self, choice: str, *, armed: bool, on_change: Callable[[MicrophoneChange], None]
    ) -> AbstractAsyncContextManager["Device"]: ...


class Device(Protocol):
    """What is asked of ``app.capture.microphone.Microphone``."""

    level_dbfs: float

    @property
    def device(self) -> str: ...
    def start(self) -> None: ...
    def stop(self) -> None: ...
    def blocks(self) -> AsyncIterator[Samples]: ...


class Recording:
    """A ``listening.Microphone`` for one take. ``sounding`` is called at its first sample, ``over`` at its end."""

    def __init__(self, device: Device, sounding: Callable[[], None], over: Callable[["Recording"], None]) -> None:
        self._device = device
        self._sounding = sounding
        self._over = over
        self._blocks = device.blocks()
        self._stopped = False
        self.superseded = False

    @property
    def device(self) -> str:
        """Its name."""
        return self._device.device

    @property
    def level_dbfs(self) -> float:
        """Of the last block."""
        return self._device.level_dbfs

    def stop(self) -> None:
        """After what was spoken until now. Safe to call twice, and while a later one goes on."""
        if not self._stopped:
            self._stopped = True
            if not self.superseded:
                self._device.stop()

    def give_up(self) -> None:
        """Nobody will ask for its samples."""
        self.stop()
        self._over(self)

    async def blocks(self) -> AsyncIterator[Samples]:
        """Its samples. Raises ``MicrophoneError``."""
        sounding = False
        try:
            async for block in self._blocks:
                if not sounding:
                    sounding = True
                    self._sounding()
                yield block
        finally:
            self._over(self)


class Recorder:
    """Gives one recording after the other. An async context manager."""

    def __init__(
        self,
        open_device: OpenDevice,
        on_change: Callable[[MicrophoneChange], None],
        linger_s: float = LINGER_S,
        again_s: float = AGAIN_S,
    ) -> None:
        self._open_device = open_device
        self._on_change = on_change
        self._linger_s, self._again_s = linger_s, again_s
        self._choice = ""
        self._keep_open = False
        self._lock = asyncio.Lock()  # one opens or closes at a time
        self._opened: AbstractAsyncContextManager[Device] | None = None
        self._device: Device | None = None
        self._device_choice = ""
        self._recording: Recording | None = None
        self._closing: asyncio.TimerHandle | None = None
        self._again: asyncio.TimerHandle | None = None
        self._tasks = Tasks("recorder")
        self._closed = False
        self._stale = False

    async def __aenter__(self) -> "Recorder":
        return self

    async def __aexit__(self, *_: object) -> None:
        self._closed = True
        self._linger(False)
        if self._again is not None:
            self._again.cancel()
        await self._tasks.close()
        async with self._lock:
            await self._close()

    @property
    def device(self) -> str:
        """The name of the device in use, or used last."""
        return self._device.device if self._device else self._choice

    @property
    def _is_right(self) -> bool:
        """Whether the device that is open is the one that is wanted."""
        return self._device_choice == self._choice and not self._stale

    @property
    def level_dbfs(self) -> float | None:
        """Of what is recorded."""
        return self._device.level_dbfs if self._device and self._recording else None

    def choose(self, choice: str, *, keep_open: bool) -> None:
        """Which device from the next recording on, and whether it stays open in between."""
        changed = choice != self._choice
        self._choice, self._keep_open = choice, keep_open
        if keep_open or changed:
            self._tasks.start(self._settle(), "settle")
        else:
            self._linger(True)

    async def record(self, sounding: Callable[[], None], over: Callable[[], None]) -> Recording:
        """Begin. Raises ``MicrophoneError``."""
        async with self._lock:
            return await self._begin(sounding, over)

    async def attend(self, over: Callable[[], None]) -> Recording | None:
        """Begin one that is nobody's take: none while something is recorded, and a take that begins ends it.

        Raises ``MicrophoneError``.
        """
        async with self._lock:
            busy = self._recording is not None or self._closed
            return None if busy else await self._begin(lambda: None, over)

    def renew(self) -> None:
        """Open the device anew, as soon as nothing is recorded with it: what it was may be gone."""
        self._stale = self._device is not None
        self._tasks.start(self._settle(), "renew")

    def broken(self) -> None:
        """The device has failed: the next recording opens it anew."""
        self._tasks.start(self._let_go(), "let go")

    # -- opening and closing -------------------------------------------------------------------------------

    async def _begin(self, sounding: Callable[[], None], over: Callable[[], None]) -> Recording:
        self._linger(False)
        if self._device is not None and not self._is_right:
            await self._close()
        device = self._device or await self._open()
        if self._recording is not None:
            self._recording.superseded = True
        device.start()

        def ended(recording: Recording) -> None:
            if self._recording is recording:
                self._recording = None
                self._linger(True)
                if self._stale:
                    self._tasks.start(self._settle(), "renew")
            over()

        self._recording = Recording(device, sounding, ended)
        return self._recording

    async def _open(self) -> Device:
        opened = self._open_device(self._choice, armed=True, on_change=self._on_change)
        self._device = await opened.__aenter__()
        self._opened, self._device_choice = opened, self._choice
        return self._device

    async def _close(self) -> None:
        opened, self._opened, self._device = self._opened, None, None
        self._stale = False
        if opened is not None:
            await opened.__aexit__(None, None, None)

    async def _settle(self) -> None:
        """Open what is to be kept open; nobody waits for it, so nobody is told that it fails."""
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
        """None could be opened; one that is plugged in later is."""
        loop = asyncio.get_running_loop()
        if not self._closed and (self._again is None or self._again.when() <= loop.time()):
            self._again = loop.call_later(self._again_s, lambda: self._tasks.start(self._settle(), "again"))

    async def _let_go(self) -> None:
        async with self._lock:
            if self._recording is None:
                await self._close()

    def _linger(self, on: bool) -> None:
        if self._closing is not None:
            self._closing.cancel()
            self._closing = None
        if on and not self._keep_open and self._device is not None and self._recording is None:
            loop = asyncio.get_running_loop()
            self._closing = loop.call_later(self._linger_s, self.broken)
