"""Choose the parts of insertion by what the compositor offers.

GNOME offers programs neither a virtual keyboard nor the clipboard. There, IBus inserts if it runs, else the
portal.
"""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack, suppress
from dataclasses import replace
from functools import partial
from typing import Final

from app.bus.errors import BusError
from app.bus.portal import Portal
from app.core.identity import APP_ID
from app.insertion.errors import FocusUnknown, InsertionUnavailable, ScreenMissing
from app.insertion.focus.accessibility import AccessibleFocus
from app.insertion.focus.kwin import KWinFocus
from app.insertion.focus.sway import SwayFocus
from app.insertion.focus.toplevels import ToplevelFocus
from app.insertion.helper.frames import OpenRequest
from app.insertion.ibus.address import ibus_address
from app.insertion.ibus.inserter import IBusInserter, IBusMissing
from app.insertion.ibus.watch import IBusWatch, UserInput
from app.insertion.outcome import Focus, Target
from app.insertion.portal.clipboard import PortalClipboard
from app.insertion.portal.keyboard import PortalKeyboard
from app.insertion.portal.permission import NAME, Permission
from app.insertion.portal.session import ON_KDE, RemoteSession
from app.insertion.wayland.clipboard import DataControlClipboard, Kept, kept_contents
from app.insertion.wayland.keyboard import UserKeymap, VirtualKeyboard
from app.insertion.wayland.paster import UNKNOWN_PROCESS, InsertionParts, PasteKeyboard, WaylandPaster
from app.wayland.connection import WaylandConnection
from app.wayland.errors import CompositorGone, CompositorMissing
from app.wayland.interfaces import is_kde, missing
from runtime.folders import folders, private_folder

KEPT: Final = "ibus-engine"
"""Name of the file with the user's engine, in the runtime folder."""
_PAUSES_S: Final = (0.2, 0.5, 1.0, 1.0)
_FRAMES: Final = "mutter-x11-frames"


class GnomeFocus:
    """A ``Focus`` by IBus and accessibility.

    IBus knows for certain whether the focused field is the same as before, but nothing else about it.
    Accessibility knows the window, but not for all programs, and slowly: it is asked once for each field.
    """

    def __init__(self, watch: IBusWatch, windows: Focus | None, users: UserInput | None = None) -> None:
        self._watch, self._windows, self._users = watch, windows, users
        self._field = 0
        self._target: Target | None = None

    async def target(self) -> Target | None:
        """Return the focused window, or ``None`` if no window has the focus or it is unknown."""
        field = await self._focused_field()
        if not field or field != self._field:
            found = await self._window()
            if field != await self._focused_field():
                return None  # the focus moved in between
            self._field, self._target = field, found or (Target(-field) if field else None)
        return self._target

    async def close(self) -> None:
        """End the connections. Safe to call twice."""
        for one in (self._watch, self._windows, self._users):
            if one is not None:
                await one.close()

    async def _focused_field(self) -> int:
        """Return the number of the focused field; 0 if there is none."""
        with suppress(BusError):
            await self._watch.engine()  # with the answer, all moves before it are known
        return self._watch.field

    async def _window(self) -> Target | None:
        found = await self._windows.target() if self._windows is not None else None
        # One program of GNOME draws the frames of all X11 windows; it is not the program of the window.
        return replace(found, program="", process=0) if found and found.program == _FRAMES else found


def is_gnome(environment: Mapping[str, str]) -> bool:
    """Return whether the session announces its desktop as GNOME."""
    return "GNOME" in environment.get("XDG_CURRENT_DESKTOP", "").split(":")


async def assemble_gnome(environment: Mapping[str, str], opening: OpenRequest) -> InsertionParts | IBusInserter:
    """Return the parts for GNOME. Raises ``InsertionUnavailable`` or ``WaylandError``."""
    for pause_s in _PAUSES_S:
        with suppress(IBusMissing):
            return await _with_ibus(environment, opening)
        if not ibus_address(environment):
            break
        await asyncio.sleep(pause_s)  # IBus is being started again
    return await _with_portal(environment, opening)


async def _with_ibus(environment: Mapping[str, str], opening: OpenRequest) -> IBusInserter:
    async with AsyncExitStack() as opened:
        inserter = await IBusInserter.open(environment, private_folder(folders().runtime) / KEPT)
        opened.push_async_callback(inserter.close)
        windows = None
        with suppress(FocusUnknown):  # then only IBus knows the focus
            windows = await AccessibleFocus.open(environment, opening.app)
            opened.push_async_callback(windows.close)
        users = None
        with suppress(BusError):  # only announced as GNOME
            users = await UserInput.open(environment)
            inserter.paused = users.until_paused
        opened.pop_all()
    inserter.focus = GnomeFocus(inserter.watch, windows, users)
    return inserter


async def _with_portal(environment: Mapping[str, str], opening: OpenRequest) -> InsertionParts:
    async with AsyncExitStack() as opened:
        focus = await AccessibleFocus.open(environment, opening.app)
        opened.push_async_callback(focus.close)
        keymap = await UserKeymap.open(environment)
        opened.pop_all()
    permission = Permission(folders().config / NAME, opening.run)
    session = RemoteSession(partial(Portal.open, environment), permission, clipboard=True)
    clipboard = PortalClipboard(session, opening.patience_s)
    return InsertionParts(focus, PortalKeyboard(session, keymap), clipboard, asyncio.Event())


async def open_inserter(
    environment: Mapping[str, str], kept: int | None, opening: OpenRequest, pressing: Callable[[int], None]
) -> WaylandPaster | IBusInserter:
    """Return the ``DesktopInserter`` for this desktop. Raises ``InsertionUnavailable``."""
    parts = await assemble(environment, opening, kept_contents(kept))
    if isinstance(parts, InsertionParts):
        return WaylandPaster(parts, pressing, opening.patience_s, late=bool(opening.late))
    parts.pressing = lambda target: pressing(target.process or UNKNOWN_PROCESS)
    return parts


async def assemble(
    environment: Mapping[str, str], opening: OpenRequest, kept: Kept
) -> InsertionParts | IBusInserter:
    """Return the parts for this desktop. Raises ``InsertionUnavailable``."""
    try:
        if is_gnome(environment):
            return await assemble_gnome(environment, opening)
        async with await WaylandConnection.open(environment) as wayland:
            offers = dict(wayland.globals)
        if lacking := missing(offers, environment):
            raise InsertionUnavailable(
                f"this desktop offers programs no {lacking}: copy and paste the texts yourself"
            )
        return await _assemble(environment, opening, kept)
    except (CompositorMissing, CompositorGone) as error:
        raise ScreenMissing(f"{error}: start this program in a Wayland session") from error


async def _assemble(environment: Mapping[str, str], opening: OpenRequest, kept: Kept) -> InsertionParts:
    async with AsyncExitStack() as opened:
        focus = await _focus(environment, opening.app)
        opened.push_async_callback(focus.close)
        keyboard = await _keyboard(environment, opening.run)
        opened.push_async_callback(keyboard.close)
        clipboard = await DataControlClipboard.open(environment, kept, opening.patience_s)
        opened.push_async_callback(clipboard.close)
        await clipboard.recover(late=bool(opening.late))
        opened.pop_all()
        return InsertionParts(focus, keyboard, clipboard, clipboard.gone, keeps_early=True)


async def _focus(environment: Mapping[str, str], app: int) -> Focus:
    if environment.get("SWAYSOCK"):
        return await SwayFocus.open(environment, app)
    if is_kde(environment):
        return await KWinFocus.open(environment, app)
    return await ToplevelFocus.open(environment, APP_ID)


async def _keyboard(environment: Mapping[str, str], run: int) -> PasteKeyboard:
    """Return the keyboard. The portal's asks the user for permission at the first text."""
    if not is_kde(environment):
        return await VirtualKeyboard.open(environment)
    permission = Permission(folders().config / NAME, run)
    session = RemoteSession(partial(Portal.open, environment), permission, times=ON_KDE)
    return PortalKeyboard(session, await UserKeymap.open(environment))
