"""Hotkeys on Windows and macOS, through pynput. NOT YET RUN on either; the portable part is tested.

A hook sees each key before any program does (WH_KEYBOARD_LL, CGEventTap), in a thread of pynput. A lone modifier
is only watched: on its own it does almost nothing, and combinations with it keep working. macOS first asks the
user for "Input Monitoring" and "Accessibility". On Windows, no hook sees the keys of a program that runs as
administrator.
"""

import sys
import time
from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol, Self

from app.hotkeys.binding import KEYS, Binding, Modifier, parse
from app.hotkeys.errors import HotkeyAbsent, HotkeysForbidden, HotkeysUnavailable, HotkeyTaken
from app.hotkeys.events import Grab, Hotkeys, KeyEvent, KeyEventQueue, Presses

BITS: Final = {modifier: 1 << place for place, modifier in enumerate(Modifier)}

OnKey = Callable[[int, bool, int], bool]
"""(code, pressed, bits of the modifiers held before) -> whether to keep the key from every program."""


class Hook(Protocol):
    """The keyboard of the operating system."""

    def code(self, binding: Binding) -> int | None:
        """Return the system's code for the key, or ``None`` if it has none."""

    def start(self, on_key: OnKey) -> None:
        """Call ``on_key`` for each key from now on. Raises ``HotkeysUnavailable``."""

    def stop(self) -> None: ...

    def is_down(self, code: int) -> bool: ...

    def tap(self, codes: list[int]) -> None:
        """Press and release these keys, without calling ``on_key`` for them."""


class OtherHotkeys(Hotkeys):
    """Hotkeys that use a hook. Data shared with the hook's thread is replaced, never modified."""

    def __init__(self, hook: Hook, clock: Callable[[], float] = time.monotonic) -> None:
        self._hook = hook
        self._clock = clock
        self._presses = Presses()
        self._grabs: dict[str, Grab] = {}

    async def __aenter__(self) -> Self:
        self._events = KeyEventQueue()
        self._hook.start(self._on_key)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._hook.stop()
        self._events.post(None)

    async def is_down(self, action: str) -> bool:
        """Return whether the key is down, like ``Hotkeys.is_down``; report a missed release."""
        grab = self._grabs.get(action)
        down = grab is not None and self._hook.is_down(grab.code)
        if grab and not down:
            self._emit(self._presses.released(grab.code, self._clock()).events)
        return down

    async def pass_on(self, action: str) -> None:
        """Pass on a tap, like ``Hotkeys.pass_on``; programs have already got a lone modifier."""
        grab = self._grabs.get(action)
        if grab is None or grab.own:
            return
        held = [Binding(f"left_{modifier}") for modifier, bit in BITS.items() if grab.modifiers & bit]
        codes = [code for code in map(self._hook.code, held) if code is not None and not self._hook.is_down(code)]
        self._hook.tap([*codes, grab.code])

    async def bind(self, bindings: Mapping[str, str]) -> None:
        """Bind keys, like ``Hotkeys.bind``. Keys of other programs are not detected: both programs get them."""
        grabs: dict[str, Grab] = {}
        for action, text in bindings.items():
            if not text:
                continue
            grab = self._grab(action, parse(text))
            for other in grabs.values():
                if (other.code, other.modifiers) == (grab.code, grab.modifiers):
                    raise HotkeyTaken(action, text, by=repr(other.action))
            grabs[action] = grab
        self._grabs = grabs
        self._presses.bind(grabs.values())

    async def renew(self) -> None:
        """Restart the hook, like ``Hotkeys.renew``. Windows removes hooks of programs that answer too late."""
        self._hook.stop()
        self._hook.start(self._on_key)

    def _grab(self, action: str, binding: Binding) -> Grab:
        code = self._hook.code(binding)
        if code is None:
            raise HotkeyAbsent(action, str(binding), "this system has no such key")
        modifier = binding.key.modifier
        bits = sum(BITS[held] for held in binding.modifiers)
        return Grab(action, code, bits, BITS[modifier] if modifier else 0)

    def _on_key(self, code: int, pressed: bool, modifiers: int) -> bool:
        """Handle a key and return whether to withhold it; runs in the hook's thread."""
        if not pressed:
            keep = self._presses.is_withheld(code)
            self._emit(self._presses.released(code, self._clock()).events)
            return keep
        self._emit(self._presses.pressed(code, modifiers, self._clock()).events)
        return self._presses.is_withheld(code)

    def _emit(self, events: tuple[KeyEvent, ...]) -> None:
        for event in events:
            self._events.post(event)


def _listener(**hooks: Any) -> Any:
    try:
        from pynput import keyboard
    except ImportError as error:
        raise HotkeysUnavailable("the desktop extra is not installed") from error
    listener = keyboard.Listener(**hooks)
    listener.daemon = True
    return listener


def _tap(codes: list[int]) -> None:
    from pynput.keyboard import Controller, KeyCode

    controller = Controller()
    for code in codes:
        controller.press(KeyCode.from_vk(code))
    for code in reversed(codes):
        controller.release(KeyCode.from_vk(code))


if sys.platform == "win32":
    import ctypes

    class WindowsHook:
        """A hook for Windows. Source: Microsoft, "LowLevelKeyboardProc" and "KBDLLHOOKSTRUCT"."""

        _PRESSES: Final = frozenset({0x100, 0x104})  # WM_KEYDOWN, WM_SYSKEYDOWN
        _RELEASES: Final = frozenset({0x101, 0x105})
        _INJECTED: Final = 0x10
        _MODIFIERS: Final = {
            Modifier.CTRL: (0xA2, 0xA3),
            Modifier.ALT: (0xA4, 0xA5),
            Modifier.SHIFT: (0xA0, 0xA1),
            Modifier.SUPER: (0x5B, 0x5C),
        }

        def code(self, binding: Binding) -> int | None:
            return binding.key.windows

        def start(self, on_key: OnKey) -> None:
            def filter_event(message: int, data: Any) -> bool:
                known = message in self._PRESSES or message in self._RELEASES
                if known and not data.flags & self._INJECTED:
                    held = sum(
                        BITS[modifier]
                        for modifier, codes in self._MODIFIERS.items()
                        if any(code != data.vkCode and self.is_down(code) for code in codes)
                    )
                    if on_key(data.vkCode, message in self._PRESSES, held):
                        self._listener.suppress_event()
                return False  # pynput's own callbacks are not needed

            self._listener = _listener(win32_event_filter=filter_event)
            self._listener.start()
            self._listener.wait()

        def stop(self) -> None:
            self._listener.stop()

        def is_down(self, code: int) -> bool:
            return bool(ctypes.windll.user32.GetAsyncKeyState(code) & 0x8000)

        def tap(self, codes: list[int]) -> None:
            _tap(codes)


if sys.platform == "darwin":
    import importlib

    Quartz: Any = importlib.import_module("Quartz")  # comes with pynput

    class MacHook:
        """A hook for macOS. Source: Apple, "Quartz Event Services"."""

        _FLAGS: Final = {
            Modifier.CTRL: 1 << 18,
            Modifier.ALT: 1 << 19,
            Modifier.SHIFT: 1 << 17,
            Modifier.SUPER: 1 << 20,
        }
        _HID_STATE: Final = 1

        def __init__(self) -> None:
            self._own: list[int] = []  # codes of our own taps, which the event tap will see again

        def code(self, binding: Binding) -> int | None:
            return binding.key.mac

        def start(self, on_key: OnKey) -> None:
            own_bits = {key.mac: BITS[key.modifier] for key in KEYS.values() if key.modifier}

            def filter_event(kind: int, event: Any) -> Any:
                code = Quartz.CGEventGetIntegerValueField(event, Quartz.kCGKeyboardEventKeycode)
                if code in self._own:
                    self._own.remove(code)
                    return event
                flags = Quartz.CGEventGetFlags(event)
                held = sum(BITS[modifier] for modifier, flag in self._FLAGS.items() if flags & flag)
                changed = kind == Quartz.kCGEventFlagsChanged
                pressed = self.is_down(code) if changed else kind == Quartz.kCGEventKeyDown
                keep = on_key(code, pressed, held & ~own_bits.get(code, 0))
                return None if keep else event

            self._listener = _listener(darwin_intercept=filter_event)
            self._listener.start()
            self._listener.wait()
            if not self._listener.IS_TRUSTED:
                self._listener.stop()
                raise HotkeysForbidden("allow it under Privacy & Security: Input Monitoring, Accessibility")

        def stop(self) -> None:
            self._listener.stop()

        def is_down(self, code: int) -> bool:
            return bool(Quartz.CGEventSourceKeyState(self._HID_STATE, code))

        def tap(self, codes: list[int]) -> None:
            self._own += [*codes, *codes]
            _tap(codes)
