"""Hotkeys at work: their events go to the state machine, its questions to them.

The cancel key is bound only while something is recorded: nobody's Esc is taken at other times. While somebody
chooses a key, none is bound. While somebody tries them, all are, and what they do goes to whoever shows it.
"""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

import structlog

from app.dictation_events import CANCEL, Event, Key, NoteKey, Polled
from app.hotkeys.errors import HotkeyError, HotkeyTaken
from app.hotkeys.events import Hotkeys
from app.key_test import RECORDING, KeysSeen, KeyTest
from app.problem_notes import note_of, unexpected
from app.view import Note
from runtime import logger_names

log = structlog.get_logger(logger_names.APP_KEY_SHELL)

TEST_S: Final = 10.0


@dataclass(frozen=True)
class KeyTimes:
    """How long a keyboard may take to answer, and how long a pause and a test last if nobody ends them.

    ``again_s``: a key that another program has is asked for so often.
    """

    answer_s: float = 2.0
    again_s: float = 10.0
    pause_s: float = 30.0
    test_s: float = TEST_S


class KeyShell:
    """``tell`` takes events; ``warn`` what a person should know, ``None`` once it is over; ``show`` what is seen
    of the keys themselves."""

    def __init__(
        self,
        hotkeys: Hotkeys,
        tell: Callable[[Event], None],
        warn: Callable[[Note | None], None],
        show: Callable[[KeysSeen], None] = lambda seen: None,
        times: KeyTimes | None = None,
    ) -> None:
        self._times = times or KeyTimes()
        self._hotkeys = hotkeys
        self._tell = tell
        self._warn = warn
        self._show = show
        self._keys: Mapping[str, str] = {}
        self._cancelling = False
        self._paused: asyncio.TimerHandle | None = None
        self._test = KeyTest()
        self._test_ends: asyncio.TimerHandle | None = None
        self._refused: Note | None = None
        self._bound: dict[str, str] | None = None
        self._changed = asyncio.Event()
        self._lock = asyncio.Lock()

    async def listen(self) -> None:
        """Until they are lost."""
        try:
            async for event in self._hotkeys.events():
                if self._test.hears(event):
                    self._tell_seen()
                else:
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
            if on and self._test.on:
                self.test(False)

    def pause(self, on: bool) -> None:
        """No key is ours from now on, for a time at most: a key that is forgotten so must not stay dead."""
        if self._paused is not None:
            self._paused.cancel()
        loop = asyncio.get_running_loop()
        self._paused = loop.call_later(self._times.pause_s, self.pause, False) if on else None
        self._changed.set()

    def test(self, on: bool) -> None:
        """Show what arrives of all keys, for a time, instead of dictating. Not while something is recorded."""
        if self._test_ends is not None:
            self._test_ends.cancel()
            self._test_ends = None
        if on and self._cancelling:
            return self._show(KeysSeen(problem=RECORDING))
        if on:
            self._test.begin()
            self._test_ends = asyncio.get_running_loop().call_later(self._times.test_s, self.test, False)
        else:
            self._test.end()
        self._changed.set()
        self._tell_seen()

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
        self._bound_or_not(None)

    async def keep_bound(self) -> None:
        """Bind what is wanted, again and again, until cancelled; of keys that others have, the rest."""
        refused: HotkeyError | None = None
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._times.again_s if refused else None):
                    await self._changed.wait()
            self._changed.clear()
            async with self._lock:
                refused = await self._bind_what_can_be()
            self._bound_or_not(note_of(refused) if refused else None)

    async def renew(self) -> None:
        """Take the keys once more, as they are wanted now."""
        async with self._lock:
            try:
                await self._hotkeys.renew()
            except HotkeyError as error:
                log.warning("hotkeys cannot be had again", reason=str(error))
                self._bound_or_not(note_of(error))
            self._bound = None
        self._changed.set()

    async def poll(self, action: str) -> None:
        """Tell the real state of a key. A keyboard that does not answer says nothing; one that is lost, "up"."""
        try:
            async with asyncio.timeout(self._times.answer_s):
                down = await self._hotkeys.is_down(action)
        except TimeoutError:
            return
        except HotkeyError:
            down = False
        self._tell(Polled(action, down))

    async def pass_on(self, action: str) -> None:
        """Give a short tap to the program that has the focus."""
        try:
            async with asyncio.timeout(self._times.answer_s):
                await self._hotkeys.pass_on(action)
        except (TimeoutError, HotkeyError) as error:
            log.warning("a key was not passed on", reason=str(error))

    async def _bind(self) -> None:
        wanted = self._wanted()
        if wanted != self._bound:
            await self._hotkeys.bind(wanted)
            self._bound = wanted

    async def _bind_what_can_be(self) -> HotkeyError | None:
        """Why not all: an action whose key somebody else has keeps the one that it had, where it had one."""
        wanted, refused = self._wanted(), None
        while wanted != self._bound:
            try:
                await self._hotkeys.bind(wanted)
                self._bound = wanted
            except HotkeyTaken as error:
                refused = refused or error
                wanted, before = _without(wanted, error.action, self._bound or {}), wanted
                if wanted == before:
                    return error
            except HotkeyError as error:
                return error
        return refused

    def _wanted(self) -> dict[str, str]:
        keys = {} if self._paused else self._keys
        cancels = self._cancelling or self._test.on
        return {action: key for action, key in keys.items() if key and (cancels or action != CANCEL)}

    def _bound_or_not(self, refused: Note | None) -> None:
        """Why the keys of now could not be had; that is over as soon as they are."""
        if refused != self._refused:
            log.warning("hotkeys", refused=refused)
            self._refused = refused
            self._warn(Note(NoteKey.HOTKEYS_FAILED, reason=refused) if refused else None)
            self._tell_seen()

    def _tell_seen(self) -> None:
        self._show(KeysSeen(self._test.on, self._test.keys, self._refused))


def _without(wanted: dict[str, str], action: str, bound: Mapping[str, str]) -> dict[str, str]:
    """The action as it is bound, or not at all."""
    kept = {name: key for name, key in wanted.items() if name != action}
    if action in wanted and bound.get(action, wanted[action]) != wanted[action]:
        kept[action] = bound[action]
    return kept
