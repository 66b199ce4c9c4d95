"""Facts about a desktop, what works on it and by which means, what replaces the rest, and all that for display.

Facts are learned without changing the desktop; decisions are pure.
"""

import importlib.util
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final

from app.core.errors import Note
from app.hotkeys.compositor_lines import Compositor, NoLine
from app.wayland.interfaces import TOPLEVEL_MANAGER, OverlayKind, is_kde, missing, overlay_kind
from app.wayland.session import is_wayland


class DesktopSession(StrEnum):
    """Kinds of desktop sessions; ``system``: Windows or macOS."""

    SYSTEM = "system"
    WAYLAND = "wayland"
    X11 = "x11"
    NONE = "none"


@dataclass(frozen=True)
class Found:
    """Facts about a desktop; what could not be learned is empty.

    ``desktop``: its own name. ``offers``, ``portals``: version by interface of the Wayland compositor, and of the
    desktop portal. ``programs``: names on the bus, also of programs that it would start. ``tray``: something shows
    icons; ``None``: unknown. ``ibus``: IBus runs. ``x_display``: the display for X programs.
    ``configuration``: the path of the file that the compositor has read.
    """

    session: DesktopSession = DesktopSession.NONE
    desktop: str = ""
    compositor: Compositor | None = None
    offers: Mapping[str, int] = field(default_factory=dict)
    portals: Mapping[str, int] = field(default_factory=dict)
    programs: frozenset[str] = frozenset()
    tray: bool | None = None
    ibus: bool = False
    x_display: str = ""
    configuration: str = ""

    def is_of(self, name: str) -> bool:
        """Return whether this is such a desktop, for example ``gnome``."""
        return name in self.desktop.lower().split(":")


def session_of(platform: str, environment: Mapping[str, str]) -> DesktopSession:
    """Return the kind of the session for ``sys.platform`` and ``os.environ``."""
    if platform in {"win32", "darwin"}:
        return DesktopSession.SYSTEM
    if is_wayland(environment):
        return DesktopSession.WAYLAND
    return DesktopSession.X11 if environment.get("DISPLAY") else DesktopSession.NONE


def compositor_of(environment: Mapping[str, str]) -> Compositor | None:
    """Return the compositor that runs commands for keys, by the variables that it sets for its programs."""
    markers = {
        "SWAYSOCK": Compositor.SWAY,
        "HYPRLAND_INSTANCE_SIGNATURE": Compositor.HYPRLAND,
        "NIRI_SOCKET": Compositor.NIRI,
        "LABWC_PID": Compositor.LABWC,
    }
    desktop = environment.get("XDG_CURRENT_DESKTOP", "").lower().split(":")
    named = (compositor for compositor in Compositor if compositor.value in desktop)
    return next(named, next((kind for name, kind in markers.items() if environment.get(name)), None))


def of_environment(platform: str, environment: Mapping[str, str]) -> Found:
    """Return what follows from the environment alone."""
    session = session_of(platform, environment)
    return Found(
        session,
        environment.get("XDG_CURRENT_DESKTOP") or environment.get("DESKTOP_SESSION") or "",
        compositor_of(environment) if session is DesktopSession.WAYLAND else None,
        x_display=environment.get("DISPLAY", ""),
    )


DEADLINE_S: Final = 2.0
_ASKED: Final = frozenset({DesktopSession.WAYLAND, DesktopSession.X11})


async def read_desktop(platform: str, environment: Mapping[str, str], deadline_s: float = DEADLINE_S) -> Found:
    """Return what is known of this desktop at the deadline."""
    found = of_environment(platform, environment)
    if found.session not in _ASKED or importlib.util.find_spec("dbus_fast") is None:
        return found
    from app.desktop.sources import facts_of  # its library is missing on other systems

    return replace(found, **await facts_of(found.session, environment, deadline_s))


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
    lines = AbilityFallback.LINES if found.compositor.reports_releases else AbilityFallback.TOGGLE_LINES
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
    reports_focus = ACCESSIBILITY in found.programs or found.ibus
    return Means.ACCESSIBILITY if found.is_of(GNOME) and reports_focus else None


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


class LinesState(StrEnum):
    """States of the lines: only to copy, or also to write; copied by the user; written, or for other keys."""

    TO_COPY = "to-copy"
    COPIED = "copied"
    TO_WRITE = "to-write"
    WRITTEN = "written"
    OUTDATED = "outdated"


IN_PLACE: Final = frozenset({LinesState.COPIED, LinesState.WRITTEN})
"""States in which the configuration has the lines."""


@dataclass(frozen=True)
class KeyLines:
    """The lines that bind the hotkeys in the configuration of a compositor.

    Without a compositor that is known they are commands for shortcuts, whose keys the desktop's settings choose.
    ``missing``: actions without a line, with the reason. ``place``: the user's file; empty if there is none.
    ``is_new``: writing makes it. ``change``: the difference that writing them makes. ``problem``: why the last
    change was refused.
    """

    compositor: Compositor | None
    lines: tuple[str, ...] = ()
    missing: Mapping[str, NoLine] = field(default_factory=dict)
    place: str = ""
    state: LinesState = LinesState.TO_COPY
    change: str = ""
    problem: Note | None = None
    is_new: bool = False

    @property
    def toggles(self) -> bool:
        """True if the lines report presses without releases."""
        return self.compositor is not None and not self.compositor.reports_releases


@dataclass(frozen=True)
class DesktopView:
    """The support of each ability, and the lines where the desktop gives programs no hotkeys."""

    supports: tuple[Support, ...] = ()
    lines: KeyLines | None = None


@dataclass(frozen=True)
class ReadDesktopAgain:
    """Learn again what this desktop supports, and how its configuration stands."""


@dataclass(frozen=True)
class WriteKeyLines:
    """Write the lines that bind the keys into the compositor's configuration, or remove them."""

    on: bool


DesktopAction = ReadDesktopAgain | WriteKeyLines
