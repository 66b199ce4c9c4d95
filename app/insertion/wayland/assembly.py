"""Choose the parts of insertion by what the compositor offers."""

from collections.abc import Mapping
from contextlib import AsyncExitStack

from app.core.identity import APP_ID
from app.insertion.errors import InsertionUnavailable, ScreenMissing
from app.insertion.focus.sway import SwayFocus
from app.insertion.focus.toplevels import ToplevelFocus
from app.insertion.helper.frames import OpenRequest
from app.insertion.wayland.clipboard import DataControlClipboard, Kept
from app.insertion.wayland.keyboard import VirtualKeyboard
from app.insertion.wayland.parts import Focus, Parts
from app.wayland.connection import WaylandConnection
from app.wayland.errors import CompositorGone, CompositorMissing
from app.wayland.interfaces import DATA_CONTROL_MANAGERS, SEAT, TOPLEVEL_MANAGER, VIRTUAL_KEYBOARD_MANAGER


class PartMissing(InsertionUnavailable):
    """An error: the desktop offers no way for a part of insertion. Texts are held."""


def missing(offers: Mapping[str, int], environment: Mapping[str, str]) -> str:
    """Return which part of insertion this desktop lacks; empty if none. Pure.

    ``offers``: the compositor's globals.
    """
    if not any(kind.name in offers for kind in DATA_CONTROL_MANAGERS):
        return "clipboard"
    if SEAT.name not in offers or VIRTUAL_KEYBOARD_MANAGER.name not in offers:
        return "keyboard"
    if not environment.get("SWAYSOCK") and TOPLEVEL_MANAGER.name not in offers:
        return "focused window"
    return ""


async def assemble(environment: Mapping[str, str], opening: OpenRequest, kept: Kept) -> Parts:
    """Return the parts for this desktop. Raises ``InsertionUnavailable``."""
    try:
        async with await WaylandConnection.open(environment) as wayland:
            offers = dict(wayland.globals)
        if lacking := missing(offers, environment):
            raise PartMissing(f"this desktop offers programs no {lacking}: copy and paste the texts yourself")
        return await _assembled(environment, opening, kept)
    except (CompositorMissing, CompositorGone) as error:
        raise ScreenMissing(f"{error}: start this program in a Wayland session") from error


async def _assembled(environment: Mapping[str, str], opening: OpenRequest, kept: Kept) -> Parts:
    async with AsyncExitStack() as opened:
        focus: Focus
        if environment.get("SWAYSOCK"):
            focus = await SwayFocus.open(environment, opening.app)
        else:
            focus = await ToplevelFocus.open(environment, APP_ID)
        opened.push_async_callback(focus.close)
        keyboard = await VirtualKeyboard.open(environment)
        opened.push_async_callback(keyboard.close)
        clipboard = await DataControlClipboard.open(environment, kept, opening.patience_s)
        opened.push_async_callback(clipboard.close)
        await clipboard.recover(late=bool(opening.late))
        opened.pop_all()
        return Parts(focus, keyboard, clipboard, clipboard.gone)
