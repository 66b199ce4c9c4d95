"""Decide what works on a desktop, by which means, and what replaces the rest. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from app.desktop.found import DesktopSession, Found
from app.hotkeys.compositor_lines import Compositor
from app.insertion.wayland.requirements import is_kde, missing
from app.wayland.interfaces import TOPLEVEL_MANAGER, OverlayKind, overlay_kind

KWIN: Final = "org.kde.KWin"
ACCESSIBILITY: Final = "org.a11y.Bus"
GNOME: Final = "gnome"


class Ability(StrEnum):
    """Abilities that differ from desktop to desktop."""

    HOTKEYS = "hotkeys"
    INSERTION = "insertion"
    FOCUS = "focus"
    OVERLAY = "overlay"
    TRAY = "tray"


class Means(StrEnum):
    """The means by which a desktop gives an ability."""

    SYSTEM = "system"  # Windows and macOS
    X11 = "x11"
    PORTAL = "portal"  # GlobalShortcuts
    DATA_CONTROL = "data-control"  # with a virtual keyboard
    DATA_CONTROL_PORTAL = "data-control-portal"  # with the keyboard of the RemoteDesktop portal
    IBUS = "ibus"
    PORTALS = "portals"  # Clipboard and RemoteDesktop
    SWAY = "sway"
    TOPLEVELS = "toplevels"
    KWIN = "kwin"
    ACCESSIBILITY = "accessibility"
    LAYER_SHELL = "layer-shell"
    XWAYLAND = "xwayland"
    ICON = "icon"


class AbilityFallback(StrEnum):
    """The replacements of missing abilities."""

    LINES = "lines"  # of the compositor's configuration, for press and release
    TOGGLE_LINES = "toggle-lines"
    COMMAND = "command"  # bound in the settings of the desktop
    HELD = "held"  # texts wait to be pasted
    TRAY_AND_SOUNDS = "tray-and-sounds"
    WINDOW = "window"


class Why(StrEnum):
    """The reasons why an ability is missing."""

    NO_PORTAL = "no-portal"
    OLD_GNOME = "old-gnome"
    NO_CLIPBOARD = "no-clipboard"
    NO_KEYBOARD = "no-keyboard"
    NO_FOCUS = "no-focus"
    NO_LAYER = "no-layer"
    NO_HOST = "no-host"
    NO_HOST_GNOME = "no-host-gnome"


@dataclass(frozen=True)
class Support:
    """The support of an ability: ``means`` if the desktop has any, otherwise ``fallback`` and the reason."""

    ability: Ability
    means: Means | None = None
    fallback: AbilityFallback | None = None
    why: Why | None = None


def abilities(found: Found) -> tuple[Support, ...]:
    """Return the support of each ability, in the order of ``Ability``; nothing without a screen."""
    if found.session is DesktopSession.NONE:
        return ()
    return tuple(_DECIDE[ability](found) for ability in Ability)


def _everywhere(ability: Ability, found: Found) -> Support | None:
    """Return the support where the session alone decides."""
    means = {DesktopSession.SYSTEM: Means.SYSTEM, DesktopSession.X11: Means.X11}.get(found.session)
    return Support(ability, means) if means else None


def _hotkeys(found: Found) -> Support:
    if known := _everywhere(Ability.HOTKEYS, found):
        return known
    if found.portals.get("GlobalShortcuts") and found.compositor is not Compositor.HYPRLAND:
        return Support(Ability.HOTKEYS, Means.PORTAL)  # Hyprland leaves the keys to its configuration
    if found.compositor is None:
        why = Why.OLD_GNOME if found.is_of(GNOME) else Why.NO_PORTAL
        return Support(Ability.HOTKEYS, None, AbilityFallback.COMMAND, why)
    lines = AbilityFallback.LINES if found.compositor.tells_releases else AbilityFallback.TOGGLE_LINES
    return Support(Ability.HOTKEYS, None, lines, Why.NO_PORTAL)


def _insertion(found: Found) -> Support:
    if known := _everywhere(Ability.INSERTION, found):
        return known
    means, why = _insertion_means(found)
    if means and _focus_means(found) is None:
        means, why = None, Why.NO_FOCUS
    return Support(Ability.INSERTION, means, None if means else AbilityFallback.HELD, why)


def _insertion_means(found: Found) -> tuple[Means | None, Why | None]:
    """Return the means of insertion, as ``app.insertion.wayland.assembly`` chooses its parts."""
    portals = {name for name in ("Clipboard", "RemoteDesktop") if found.portals.get(name)}
    if found.is_of(GNOME):
        means = Means.IBUS if found.ibus else Means.PORTALS if len(portals) > 1 else None
        return means, None if means else Why.NO_CLIPBOARD
    session = {"XDG_CURRENT_DESKTOP": found.desktop}
    session |= {"SWAYSOCK": "sway"} if found.compositor is Compositor.SWAY else {}
    lacking = missing(found.offers, session)
    if not lacking and is_kde(session):
        return (Means.DATA_CONTROL_PORTAL, None) if "RemoteDesktop" in portals else (None, Why.NO_KEYBOARD)
    return (None, _LACKING[lacking]) if lacking else (Means.DATA_CONTROL, None)


def _focus(found: Found) -> Support:
    means = _focus_means(found)
    known = _everywhere(Ability.FOCUS, found)
    return known or Support(
        Ability.FOCUS, means, None if means else AbilityFallback.HELD, None if means else Why.NO_FOCUS
    )


def _focus_means(found: Found) -> Means | None:
    if found.compositor is Compositor.SWAY:
        return Means.SWAY
    if TOPLEVEL_MANAGER.name in found.offers:
        return Means.TOPLEVELS
    if KWIN in found.programs:
        return Means.KWIN
    tells = ACCESSIBILITY in found.programs or found.ibus
    return Means.ACCESSIBILITY if found.is_of(GNOME) and tells else None


def _overlay(found: Found) -> Support:
    if known := _everywhere(Ability.OVERLAY, found):
        return known
    means = _OVERLAY_MEANS.get(overlay_kind(found.offers, xwayland=bool(found.x_display)))
    if means is not None:
        return Support(Ability.OVERLAY, means)
    return Support(Ability.OVERLAY, None, AbilityFallback.TRAY_AND_SOUNDS, Why.NO_LAYER)


def _tray(found: Found) -> Support:
    if found.session is DesktopSession.SYSTEM or found.tray:
        return Support(Ability.TRAY, Means.SYSTEM if found.session is DesktopSession.SYSTEM else Means.ICON)
    why = Why.NO_HOST_GNOME if found.is_of(GNOME) else Why.NO_HOST
    return Support(Ability.TRAY, None, AbilityFallback.WINDOW, why)


_OVERLAY_MEANS: Final = {OverlayKind.LAYER: Means.LAYER_SHELL, OverlayKind.XWAYLAND: Means.XWAYLAND}
_LACKING: Final = {"clipboard": Why.NO_CLIPBOARD, "keyboard": Why.NO_KEYBOARD, "focused window": Why.NO_FOCUS}
_DECIDE: Final[Mapping[Ability, Callable[[Found], Support]]] = {
    Ability.HOTKEYS: _hotkeys,
    Ability.INSERTION: _insertion,
    Ability.FOCUS: _focus,
    Ability.OVERLAY: _overlay,
    Ability.TRAY: _tray,
}
