"""Hotkeys at work: their events go to the state machine, its questions to them.

The cancel key is bound only while something is recorded: nobody's Esc is taken at other times. While somebody
chooses a key, none is bound.
"""

import asyncio
from collections.abc import Callable, Mapping
from typing import Final

import structlog

from app.dictation_events import CANCEL, Event, Key, NoteKey, Polled
from app.hotkeys.errors import HotkeyError
from app.hotkeys.events import Hotkeys
from app.problem_notes import note_of, unexpected
from app.view import Note

log = structlog.get_logger(__name__)

ANSWER_S: Final = 2.0
PAUSE_S: Final = 30.0


class KeyShell:
    """``tell`` takes events; ``warn`` what a person should know, ``None`` once it is over."""

    def __init__(
        self,
        hotkeys: Hotkeys,
        tell: Callable[[Event], None],
        warn: Callable[[Note | None], None],
        answer_s: float = ANSWER_S,
        pause_s: float = PAUSE_S,
    ) -> None:
        self._answer_s = answer_s
        self._pause_s = pause_s
        self._hotkeys = hotkeys
        self._tell = tell
        self._warn = warn
        self._keys: Mapping[str, str] = {}
        self._cancelling = False
        self._paused: asyncio.TimerHandle | None = None
        self._bound: dict[str, str] | None = None
        self._changed = asyncio.Event()
        self._lock = asyncio.Lock()

    async def listen(self) -> None:
        """Until they are lost."""
        try:
            async for event in self._hotkeys.events():
                self._tell(Key(event.action, event.pressed, event.chord))
        except HotkeyError as error:
            log.warning("hotkeys are lost", reason=str(error))
            self._warn(Note(NoteKey.HOTKEYS_FAILED, reason=note_of(error)))
        except Exception as error:  # the top of a task: dictation goes on without them
            log.exception("hotkeys failed")
            self._warn(Note(NoteKey.HOTKEYS_FAILED, reason=unexpected(error)))

    def want(self, keys: Mapping[str, str]) -> None:
        """These keys from now on."""
        self._keys = keys
        self._changed.set()

    def recording(self, on: bool) -> None:
        """Whether the cancel key has something to cancel."""
        if on != self._cancelling:
            self._cancelling = on
            self._changed.set()

    def pause(self, on: bool) -> None:
        """No key is ours from now on, for ``pause_s`` at most: a key that is forgotten so must not stay dead."""
        if self._paused is not None:
            self._paused.cancel()
        loop = asyncio.get_running_loop()
        self._paused = loop.call_later(self._pause_s, self.pause, False) if on else None
        self._changed.set()

    async def bind(self, keys: Mapping[str, str]) -> None:
        """As ``want``, at once. Raises ``HotkeyError``, and then the keys are those of before."""
        async with self._lock:
            before, self._keys = self._keys, keys
            try:
                await self._bind()
            except HotkeyError:
                self._keys = before
                raise
        self._warn(None)

    async def keep_bound(self) -> None:
        """Bind what is wanted, again and again, until cancelled."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            async with self._lock:
                try:
                    await self._bind()
                except HotkeyError as error:
                    log.warning("a hotkey cannot be bound", reason=str(error))
                    self._warn(Note(NoteKey.HOTKEYS_FAILED, reason=note_of(error)))

    async def poll(self, action: str) -> None:
        """Tell the real state of a key. A keyboard that does not answer says nothing; one that is lost, "up"."""
        try:
            async with asyncio.timeout(self._answer_s):
                down = await self._hotkeys.is_down(action)
        except TimeoutError:
            return
        except HotkeyError:
            down = False
        self._tell(Polled(action, down))

    async def pass_on(self, action: str) -> None:
        """Give a short tap to the program that has the focus."""
        try:
            async with asyncio.timeout(self._answer_s):
                await self._hotkeys.pass_on(action)
        except (TimeoutError, HotkeyError) as error:
            log.warning("a key was not passed on", reason=str(error))

    async def _bind(self) -> None:
        keys = {} if self._paused else self._keys
        wanted = {action: key for action, key in keys.items() if key and (self._cancelling or action != CANCEL)}
        if wanted != self._bound:
            await self._hotkeys.bind(wanted)
            self._bound = wanted
