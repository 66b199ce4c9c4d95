"""Connect the hotkeys to the state machine: pass on key events and answer its queries.

The cancel key is bound only during a recording, so that Esc works in other programs at other times. No key is
bound while the user chooses one, and only the cancel key while the user has suspended the hotkeys. During a key
test all keys are bound, and their events are only displayed.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from app.core.errors import Note
from app.core.problem_notes import note_of, unexpected_note
from app.dictation.actions import KeyAction, KeyCommand, KeyMove, PauseHotkeys, SuspendHotkeys, TestHotkeys, Verb
from app.dictation.hotkey_test import RECORDING, KeysSeen, KeyTest
from app.dictation.key_commands import KeyCommands
from app.dictation.messages import CANCEL, DICTATE, PASTE_HELD, Event, HotkeyEvent, Polled
from app.hotkeys.errors import HotkeyAbsent, HotkeyError, HotkeysLost, HotkeyTaken
from app.hotkeys.events import AssignedHotkeys, Hotkeys, KeyEvent
from runtime import loggers
from runtime.event_names import LogEvent
from runtime.tasks import is_set_within, loop_time

log = loggers.APP_KEY_SHELL

TEST_S: Final = 10.0
_TAPPED: Final = {DICTATE: Verb.TOGGLE, CANCEL: Verb.CANCEL, PASTE_HELD: Verb.PASTE_HELD}
_LATE: Final = {DICTATE: Verb.STOP, CANCEL: Verb.CANCEL}


@dataclass(frozen=True)
class KeyTimes:
    """Time limits of hotkeys: for answers of the keyboard, and for pauses and tests that are not ended.

    ``again_s``: the interval at which a key taken by another program is requested again. ``unseen_s``: how long a
    key may be down if its state cannot be polled and its release ends nothing.
    """

    answer_s: float = 2.0
    unseen_s: float = 2.0
    again_s: float = 10.0
    pause_s: float = 30.0
    test_s: float = TEST_S


class HotkeyAdapter:
    """Runner of the hotkeys.

    ``handle`` receives events. ``warn`` receives notes for the user, and ``None`` once the problem is solved.
    ``show`` receives the state of the keys for display. ``tried`` is set once binding has succeeded or failed.
    """

    def __init__(
        self,
        hotkeys: Hotkeys,
        handle: Callable[[Event], None],
        warn: Callable[[Note | None], None],
        show: Callable[[KeysSeen], None] = lambda seen: None,
        times: KeyTimes | None = None,
    ) -> None:
        self._times = times or KeyTimes()
        self._hotkeys = hotkeys
        self._assigning = hotkeys if isinstance(hotkeys, AssignedHotkeys) else None
        if self._assigning:
            self._assigning.changed = self._show_seen
        self._handle = handle
        self._warn = warn
        self._show = show
        self._keys: Mapping[str, str] = {}
        self._recording = False
        self._commands = KeyCommands()
        self._pressed_s: dict[str, float] = {}
        self._paused: asyncio.TimerHandle | None = None
        self._suspended = False
        self._test = KeyTest()
        self._test_ends: asyncio.TimerHandle | None = None
        self._refused: Note | None = None
        self._bound: dict[str, str] | None = None
        self._changed = asyncio.Event()
        self._lock = asyncio.Lock()
        self.tried = asyncio.Event()

    async def listen(self) -> None:
        """Pass on key events until the hotkeys are lost for good."""
        try:
            while not await self._listen():
                self._bound = None
                self._changed.set()
        except HotkeyError as error:
            log.warning(LogEvent.HOTKEYS_LOST, reason=str(error))
            self._warn(Note("hotkeys-failed", reason=note_of(error)))
        except Exception as error:  # top level of a task: dictation continues without hotkeys
            log.exception(LogEvent.HOTKEYS_FAILED)
            self._warn(Note("hotkeys-failed", reason=unexpected_note(error)))

    async def _listen(self) -> bool:
        """Pass on key events; return False if the keys were lost and can be bound again."""
        try:
            async for event in self._hotkeys.events():
                self._handle_key(event)
        except HotkeysLost as error:
            log.warning(LogEvent.HOTKEYS_LOST, reason=str(error))
            return False
        return True

    def ask(self, action: KeyAction) -> None:
        """Start an action on the keys and return at once."""
        match action:
            case PauseHotkeys(on):
                self.pause(on=on)
            case SuspendHotkeys(on):
                self.suspend(on=on)
            case TestHotkeys(on):
                self.test(on=on)
            case KeyCommand():
                self._handle_command(action)

    def request(self, keys: Mapping[str, str]) -> None:
        """Request these bindings from now on."""
        self._keys = keys
        self._changed.set()

    def set_recording(self, on: bool) -> None:
        """Set whether a recording is in progress, so that the cancel key is bound."""
        if on != self._recording:
            self._recording = on
            self._changed.set()
            if on and self._test.on:
                self.test(on=False)

    def pause(self, *, on: bool) -> None:
        """Release or rebind all keys.

        A forgotten pause ends after a time limit, so that no key stays dead.
        """
        if self._paused is not None:
            self._paused.cancel()
        loop = asyncio.get_running_loop()
        self._paused = loop.call_later(self._times.pause_s, partial(self.pause, on=False)) if on else None
        self._changed.set()

    def suspend(self, *, on: bool) -> None:
        """Ignore all keys but the cancel key until resumed, even if the bindings change."""
        self._suspended = on
        self._changed.set()
        self._show_seen()

    def test(self, *, on: bool) -> None:
        """Start or end a time-limited key test, which shows key events instead of dictating.

        Refused while recording.
        """
        if self._test_ends is not None:
            self._test_ends.cancel()
            self._test_ends = None
        if on and self._recording:
            return self._show(replace(self._keys_seen(), testing=False, keys=(), problem=RECORDING))
        if on:
            self._test.begin()
            self._test_ends = asyncio.get_running_loop().call_later(
                self._times.test_s, partial(self.test, on=False)
            )
        else:
            self._test.end()
        self._changed.set()
        self._show_seen()

    async def keep_bound(self) -> None:
        """Keep the requested keys bound until cancelled.

        Keys that other programs have, or the keyboard lacks, are left out and retried.
        """
        refused: HotkeyError | None = None
        while True:
            await is_set_within(self._changed, self._times.again_s if refused else None)
            self._changed.clear()
            async with self._lock:
                refused = await self._bind_possible_keys()
            self._show_refusal(note_of(refused) if refused else None)
            self.tried.set()

    async def renew(self) -> None:
        """Grab the requested keys again after they may have been lost."""
        async with self._lock:
            self._bound = None
            try:
                await self._hotkeys.renew()
            except HotkeyError as error:
                log.warning(LogEvent.HOTKEYS_RENEWAL_FAILED, reason=str(error))
                self._show_refusal(note_of(error))
        self._changed.set()

    async def poll(self, action: str, *, needed: bool = False) -> None:
        """Report the physical state of a key. ``needed``: its release may end the recording.

        Report nothing after a timeout, and "up" for a lost keyboard. Keys of commands and portals cannot be
        polled, and their releases may get lost. They count as released after ``unseen_s``, because no text is
        inserted while a key is down.
        """
        try:
            async with asyncio.timeout(self._times.answer_s):
                unseen = self._commands.is_down(action)
                down = unseen or await self._hotkeys.is_down(action)
        except TimeoutError:
            return
        except HotkeyError:
            unseen = down = False
        if down and not needed and (unseen or self._assigning) and self._is_overdue(action):
            self._release(action)
        else:
            self._handle(Polled(action, down))

    def _is_overdue(self, action: str) -> bool:
        """Return whether a key has been down for so long that its release must be lost."""
        now_s = loop_time()
        return now_s - self._pressed_s.get(action, now_s) >= self._times.unseen_s

    def _release(self, action: str) -> None:
        log.warning(LogEvent.HOTKEYS_RELEASE_LOST, action=action)
        if self._commands.release(action):
            self._handle_key(KeyEvent(action, pressed=False, at_s=loop_time()))
        elif self._assigning:
            self._assigning.assume_released(action)

    async def pass_on(self, action: str) -> None:
        """Send a short tap to the program that has the focus."""
        try:
            async with asyncio.timeout(self._times.answer_s):
                await self._hotkeys.pass_on(action)
        except (TimeoutError, HotkeyError) as error:
            log.warning(LogEvent.HOTKEYS_KEY_NOT_PASSED_ON, reason=str(error))

    def _handle_key(self, event: KeyEvent) -> None:
        if event.pressed:
            self._pressed_s[event.action] = loop_time()
        if self._test.processes(event):
            self._show_seen()
        else:
            self._handle(HotkeyEvent(event.action, event.pressed, event.chord, event.at_s))

    def _handle_command(self, command: KeyCommand) -> None:
        """Handle a key that the desktop binds to a command, independent of the key in the settings."""
        if command.late:
            if self._is_active(command.action) and not self._test.on and command.action in _LATE:
                self._handle(_LATE[command.action])
            return
        known = self._commands.arrived
        events = self._commands.events(command, loop_time())
        if self._commands.arrived != known:
            self._show_seen()
        works = self._is_active(command.action)
        if command.move is KeyMove.TAP and not self._test.on:
            if works:
                self._handle(_TAPPED[command.action])
            return
        for event in events:
            if works or not event.pressed:
                self._handle_key(event)

    async def _bind_possible_keys(self) -> HotkeyError | None:
        """Bind as many keys as possible and return the first error.

        An action whose new key is taken or missing keeps its old key.
        """
        if self._assigning:
            self._assigning.reserve(self._keys)
        wanted, refused = self._wanted_bindings(), None
        while wanted != self._bound:
            try:
                await self._hotkeys.bind(wanted)
                if self._bound is None:
                    log.info(LogEvent.HOTKEYS_BOUND, actions=sorted(wanted))
                self._bound = wanted
            except (HotkeyTaken, HotkeyAbsent) as error:
                refused = refused or error
                wanted, before = _without(wanted, error.action, self._bound or {}), wanted
                if wanted == before:
                    return error
            except HotkeyError as error:
                return error
        return refused

    def _wanted_bindings(self) -> dict[str, str]:
        return {action: key for action, key in self._keys.items() if key and self._is_active(action)}

    def _is_active(self, action: str) -> bool:
        """Return whether the action's key has an effect now."""
        if self._paused:
            return False
        return self._test.on or (self._recording if action == CANCEL else not self._suspended)

    def _show_refusal(self, refused: Note | None) -> None:
        """Report why the requested keys could not be bound, or that they are bound again."""
        if refused != self._refused:
            if refused:
                log.warning(LogEvent.HOTKEYS_REFUSED, reason=refused.key)
            else:
                log.warning(LogEvent.HOTKEYS_BOUND)
            self._refused = refused
            works = refused is None or self._bound  # the other keys do
            self._warn(refused if works else Note("hotkeys-failed", reason=refused))
            self._show_seen()

    def _show_seen(self) -> None:
        self._show(self._keys_seen())

    def _keys_seen(self) -> KeysSeen:
        arrived = self._commands.arrived
        assigned = dict(self._assigning.assigned) if self._assigning else {}
        bound = None if self._refused is None else self._bound
        instead = (
            {}
            if bound is None
            else {
                action: bound.get(action, "")
                for action, key in self._wanted_bindings().items()
                if bound.get(action) != key
            }
        )
        return KeysSeen(self._test.on, self._test.keys, self._refused, self._suspended, arrived, assigned, instead)


def _without(wanted: dict[str, str], action: str, bound: Mapping[str, str]) -> dict[str, str]:
    """Return the bindings with the action's previous key, or without the action."""
    kept = {name: key for name, key in wanted.items() if name != action}
    if action in wanted and bound.get(action, wanted[action]) != wanted[action]:
        kept[action] = bound[action]
    return kept
