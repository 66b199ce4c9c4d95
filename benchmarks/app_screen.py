"""Observation of an X screen: when windows are drawn, and key presses at a known time."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from Xlib import X
from Xlib.display import Display
from Xlib.error import XError
from Xlib.ext import xtest

from tests.helpers.waiting import wait_until_sync

RIGHT_CTRL = 105
_PAUSE_S = 0.0005
_LONGEST_S = 30.0
_WINDOW_PART = (56, 8, 24, 240)
_OVERLAY_PART = (8, 8, 160, 24)
"""X, y, width and height of the checked part: it contains text or a shape."""


class ScreenObserver:
    """Observer of an X screen. Times are those of ``time.perf_counter``."""

    def __init__(self, display: Display, title: str) -> None:
        self._display, self._title = display, title
        self._root = display.screen().root
        self._root.change_attributes(event_mask=X.SubstructureNotifyMask)
        self._display.sync()

    def press(self) -> float:
        """Press the dictation key; return the time."""
        return self._key(X.KeyPress)

    def release(self) -> float:
        """Release the dictation key; return the time."""
        return self._key(X.KeyRelease)

    def seen(self, *, overlay: bool) -> tuple[float, float]:
        """Wait for the overlay or the main window; return the times when it was mapped and when it was drawn."""
        window, mapped = self._mapped(overlay)
        end = mapped + _LONGEST_S
        while not self._drawn(window, _OVERLAY_PART if overlay else _WINDOW_PART):
            assert time.perf_counter() < end, "nothing is drawn"
            time.sleep(_PAUSE_S)
        return mapped, time.perf_counter()

    def gone(self) -> None:
        """Wait until no overlay is visible, and discard all earlier events."""
        wait_until_sync(lambda: not any(True for _ in self._overlays()), "the overlay is gone")
        while self._display.pending_events():
            self._display.next_event()

    def _key(self, kind: int) -> float:
        xtest.fake_input(self._display, kind, RIGHT_CTRL)
        at = time.perf_counter()
        self._display.flush()
        return at

    def _mapped(self, overlay: bool) -> tuple[Any, float]:
        end = time.perf_counter() + _LONGEST_S
        while time.perf_counter() < end:
            if not self._display.pending_events():
                time.sleep(_PAUSE_S)
                continue
            event, at = self._display.next_event(), time.perf_counter()
            if event.type == X.MapNotify and event.event == self._root and bool(event.override) is overlay:
                window = event.window if overlay else self._inside(event.window)
                if window is not None and self._name(window).startswith(self._title):
                    return window, at
        raise AssertionError("no window appears")

    def _inside(self, frame: Any) -> Any:
        """Return the app's window inside a window manager's frame, or ``None``."""
        try:
            children = [frame, *frame.query_tree().children]
        except XError:
            return None
        return next((child for child in children if self._name(child).startswith(self._title)), None)

    def _overlays(self) -> Iterator[Any]:
        for window in self._root.query_tree().children:
            try:
                look = window.get_attributes()
                if (
                    look.override_redirect
                    and look.map_state == X.IsViewable
                    and self._name(window).startswith(self._title)
                ):
                    yield window
            except XError:
                continue

    def _name(self, window: Any) -> str:
        try:
            return str(window.get_wm_name() or "")
        except (XError, UnicodeDecodeError):
            return ""

    def _drawn(self, window: Any, part: tuple[int, int, int, int]) -> bool:
        """Return whether this part of the window shows more than one colour."""
        try:
            data = window.get_image(*part, X.ZPixmap, 0xFFFFFFFF).data
        except XError:
            return False
        return len({data[at : at + 3] for at in range(0, len(data), 4)}) > 2


@contextmanager
def observed_screen(display: str) -> Iterator[ScreenObserver]:
    """Observe this screen until the context ends."""
    opened = Display(display)
    try:
        yield ScreenObserver(opened, "kikipounamu")
    finally:
        opened.close()
