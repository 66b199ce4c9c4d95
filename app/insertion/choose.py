"""Choose the inserter for this desktop."""

import importlib.util
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Final

from app.insertion.clipboard import Clipboard, Copier
from app.insertion.errors import InsertionUnavailable, LibraryMissing, ScreenMissing
from app.insertion.helper.inserter import HelperInserter
from app.insertion.outcome import (
    FindText,
    Inserter,
    ReadAround,
    Target,
    TextSurroundings,
    find_nothing,
    read_nothing,
)
from app.insertion.pasting import PastingInserter, open_system_keys
from app.insertion.plan import PermittedReader, ReadingOptions, Rules
from app.insertion.retried_inserter import RetriedInserter
from app.wayland.session import is_wayland
from runtime import loggers
from runtime.event_names import LogEvent
from runtime.installing import extra_command

log = loggers.APP_INSERTION_WAYLAND

_INPUT_METHODS: Final = ("XMODIFIERS", "GTK_IM_MODULE", "QT_IM_MODULE", "QT_IM_MODULES")
_NO_INPUT_METHOD: Final = frozenset(
    {"", "none", "local", "simple", "gtk-im-context-simple", "compose", "xim", "wayland"}
)


async def open_inserter(
    platform: str, environment: Mapping[str, str], clipboard: Clipboard | None, rules: Rules
) -> Inserter:
    """Return an inserter for this ``sys.platform`` and session; only Windows and macOS use ``clipboard``.

    Raises ``InsertionUnavailable``; its text contains the remedy.
    """
    if platform in ("win32", "darwin"):
        if clipboard is None:
            raise InsertionUnavailable("there is no clipboard: start the app with its windows")
        return PastingInserter(clipboard, open_system_keys(), rules)
    if is_wayland(environment):
        try:
            return await HelperInserter.on_wayland(environment, rules)
        except InsertionUnavailable as error:
            log.warning(LogEvent.INSERTION_UNAVAILABLE, reason=str(error))
            return RetriedInserter(str(error), rules, partial(HelperInserter.on_wayland, environment))
    if not environment.get("DISPLAY"):
        raise ScreenMissing("no display: start this program in a desktop session, or set DISPLAY")
    if importlib.util.find_spec("Xlib") is None:
        raise LibraryMissing(f"python-xlib is not installed: install it with `{extra_command('desktop')}`")
    used = replace(rules, input_method=rules.input_method or has_input_method(environment))
    return await HelperInserter.on_x11(environment["DISPLAY"], used)


def text_copier(environment: Mapping[str, str], window: Copier | None) -> Copier | None:
    """Return the copier of this desktop. ``window``: copies through a window of this app."""
    if not is_wayland(environment):
        return window
    from app.insertion.wayland.clipboard_keeper import KeptCopier

    return KeptCopier(environment, window)


def text_finder(platform: str, environment: Mapping[str, str]) -> FindText:
    """Return the function that finds the focused text on this desktop."""
    if platform == "linux" and environment.get("DISPLAY") and not is_wayland(environment) and _has_bus_library():
        from app.insertion.accessibility.text_reader import find_text

        return partial(find_text, environment=environment)
    return find_nothing


def text_reader(
    environment: Mapping[str, str], options: Callable[[], ReadingOptions], read_own: ReadAround = read_nothing
) -> ReadAround:
    """Return the function that reads around the caret; in windows of this app, it calls ``read_own``.

    ``options``: the user's current settings.
    """
    read_others: ReadAround = read_nothing
    if _has_bus_library():
        from app.insertion.accessibility.text_reader import read_around

        read_others = partial(read_around, environment=environment)

    async def read(target: Target) -> TextSurroundings | None:
        return await (read_own if target.own else read_others)(target)

    return PermittedReader(read, options)


def _has_bus_library() -> bool:
    """Return whether the D-Bus library is installed: it is part of the desktop extra for Linux."""
    return importlib.util.find_spec("dbus_fast") is not None


def has_input_method(environment: Mapping[str, str]) -> bool:
    """Return whether an input method processes the keys before programs get them."""
    named = [re.sub(r"^@im=", "", environment.get(name, "")).lower() for name in _INPUT_METHODS]
    return any(set(re.split("[;:]", name)) - _NO_INPUT_METHOD for name in named)
