"""Open the keys and the insertion of this platform; where one is refused, report it and do without."""

import os
import sys
from contextlib import AsyncExitStack
from typing import Final

from app.core.errors import Note
from app.hotkeys import choose as hotkeys
from app.hotkeys.errors import HotkeyError
from app.hotkeys.events import Hotkeys
from app.insertion.choose import open_inserter
from app.insertion.clipboard import WholeClipboard
from app.insertion.errors import InsertionUnavailable
from app.insertion.outcome import HeldInserter, Inserter
from app.insertion.plan import Rules
from app.messages.kinds import Post, Problem, problem
from runtime import loggers
from runtime.event_names import LogEvent
from runtime.installing import extra_command

log = loggers.APP_DESK

_NO_HOTKEYS: Final = {
    hotkeys.WAYLAND: Note("hotkeys-wayland"),
    hotkeys.NO_DISPLAY: Note("hotkeys-no-display"),
    hotkeys.NOT_INSTALLED: Note("hotkeys-not-installed", {"install": extra_command("desktop")}),
}


async def enter_hotkeys(cleanup: AsyncExitStack, post: Post) -> Hotkeys:
    """Enter the hotkeys of this desktop, or such as never come, until ``cleanup`` ends."""
    chosen = hotkeys.choose(sys.platform, os.environ)
    if note := _NO_HOTKEYS.get(chosen.reason):
        post(Problem("hotkeys", note=note))
    try:
        return await cleanup.enter_async_context(chosen.hotkeys)
    except HotkeyError as error:
        log.warning(LogEvent.HOTKEYS_UNAVAILABLE, reason=str(error))
        post(problem("hotkeys", error))
        return await cleanup.enter_async_context(hotkeys.NoHotkeys())


async def open_inserter_or_hold(post: Post, clipboard: WholeClipboard | None, rules: Rules) -> Inserter:
    """Return this desktop's inserter, or one that holds every text until it is pasted."""
    try:
        return await open_inserter(sys.platform, os.environ, clipboard, rules)
    except InsertionUnavailable as error:
        log.warning(LogEvent.INSERTION_UNAVAILABLE, reason=str(error))
        post(problem("insertion", error))
        return HeldInserter()
