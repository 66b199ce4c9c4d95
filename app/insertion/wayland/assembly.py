"""Choose the parts of insertion by what the compositor offers."""

from collections.abc import Mapping
from contextlib import AsyncExitStack
from functools import partial

from app.bus.portal import Portal
from app.core.identity import APP_ID
from app.insertion.errors import InsertionUnavailable, ScreenMissing
from app.insertion.focus.kwin import KWinFocus
from app.insertion.focus.sway import SwayFocus
from app.insertion.focus.toplevels import ToplevelFocus
from app.insertion.helper.frames import OpenRequest
from app.insertion.portal.keyboard import PortalKeyboard
from app.insertion.portal.permission import NAME, Permission
from app.insertion.portal.session import RemoteSession
from app.insertion.wayland.clipboard import DataControlClipboard, Kept
from app.insertion.wayland.gnome import IBusParts, assemble_gnome, is_gnome
from app.insertion.wayland.keyboard import VirtualKeyboard
from app.insertion.wayland.parts import Focus, InsertionParts, PasteKeyboard
from app.insertion.wayland.requirements import is_kde, missing
from app.insertion.wayland.user_keymap import UserKeymap
from app.wayland.connection import WaylandConnection
from app.wayland.errors import CompositorGone, CompositorMissing
from runtime.folders import folders


class PartMissing(InsertionUnavailable):
    """An error: the desktop offers no way for a part of insertion. Texts are held."""


async def assemble(environment: Mapping[str, str], opening: OpenRequest, kept: Kept) -> InsertionParts | IBusParts:
    """Return the parts for this desktop. Raises ``InsertionUnavailable``."""
    try:
        if is_gnome(environment):
            return await assemble_gnome(environment, opening)
        async with await WaylandConnection.open(environment) as wayland:
            offers = dict(wayland.globals)
        if lacking := missing(offers, environment):
            raise PartMissing(f"this desktop offers programs no {lacking}: copy and paste the texts yourself")
        return await _assembled(environment, opening, kept)
    except (CompositorMissing, CompositorGone) as error:
        raise ScreenMissing(f"{error}: start this program in a Wayland session") from error


async def _assembled(environment: Mapping[str, str], opening: OpenRequest, kept: Kept) -> InsertionParts:
    async with AsyncExitStack() as opened:
        focus = await _focus(environment, opening.app)
        opened.push_async_callback(focus.close)
        keyboard = await _keyboard(environment, opening.app)
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


async def _keyboard(environment: Mapping[str, str], app: int) -> PasteKeyboard:
    """Return the keyboard. That of the portal asks the user at the first text."""
    if not is_kde(environment):
        return await VirtualKeyboard.open(environment)
    permission = Permission(folders().config / NAME, app)
    session = RemoteSession(partial(Portal.open, environment), permission)
    return PortalKeyboard(session, await UserKeymap.open(environment))
