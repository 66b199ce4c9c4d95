"""Decide what works on a desktop and by which means, and what replaces the rest; define the view of it.

Reading the facts changes nothing on the desktop; decisions are pure.
"""

import importlib.util
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final

from app.core.errors import Note
from app.hotkeys.compositor_lines import Compositor
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
    """Facts about a desktop; unknown ones are empty.

    ``desktop``: its names, as in ``XDG_CURRENT_DESKTOP``. ``offers``, ``portals``: version by interface of the
    Wayland compositor and of the desktop portal. ``programs``: names on the session bus, including those that it
    can activate. ``tray``: a tray shows icons; ``None``: unknown. ``ibus``: IBus runs. ``x_display``: the display
    for X programs. ``configuration``: the path of the file that the compositor has read.
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
    """Return the kind of session, given ``sys.platform`` and ``os.environ``."""
    if platform in {"win32", "darwin"}:
        return DesktopSession.SYSTEM
    if is_wayland(environment):
        return DesktopSession.WAYLAND
    return DesktopSession.X11 if environment.get("DISPLAY") else DesktopSession.NONE


def compositor_of(environment: Mapping[str, str]) -> Compositor | None:
    """Return the compositor if it is one that binds keys to commands; its environment variables identify it."""
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
    """Return the facts that follow from the environment alone."""
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
    """Ask the desktop, and return the facts that are known at the deadline."""
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


@dataclass(frozen=True)
class Support:
    """Support of an ability: the ``means`` if there is one; otherwise ``lacks`` names what is missing.

    Both are parts of the keys of texts.
    """

    ability: Ability
    means: str = ""
    lacks: str = ""


Answer = tuple[str, str]
"""The means, or what is lacking."""


def abilities(found: Found) -> tuple[Support, ...]:
    """Return the support of each ability, in the order of ``Ability``; empty without a graphical session."""
    if found.session is DesktopSession.NONE:
        return ()
    return tuple(Support(ability, *_ANSWERS[ability](found)) for ability in Ability)


def _unless_everywhere(answer: Callable[[Found], Answer]) -> Callable[[Found], Answer]:
    """Return a function that calls ``answer`` only if the kind of session does not decide."""
    means = {DesktopSession.SYSTEM: "system", DesktopSession.X11: "x11"}
    return lambda found: (means[found.session], "") if found.session in means else answer(found)


def _hotkeys(found: Found) -> Answer:
    if found.portals.get("GlobalShortcuts") and found.compositor is not Compositor.HYPRLAND:
        return "portal", ""  # Hyprland leaves the keys to its configuration
    if found.compositor is None:
        return "", "old-gnome" if found.is_of(GNOME) else "command"
    return "", "lines" if found.compositor.reports_releases else "toggle-lines"


def _insertion(found: Found) -> Answer:
    means, lacks = _insertion_means(found)
    return _focus(found) if means and not _focus(found)[0] else (means, lacks)


def _insertion_means(found: Found) -> Answer:
    """Return the means of insertion that ``app.insertion.wayland.assembly`` would choose."""
    portals = {name for name in ("Clipboard", "RemoteDesktop") if found.portals.get(name)}
    if found.is_of(GNOME):
        means = "ibus" if found.ibus else "portals" if len(portals) > 1 else ""
        return means, "" if means else "no-clipboard"
    session = {"XDG_CURRENT_DESKTOP": found.desktop}
    session |= {"SWAYSOCK": "sway"} if found.compositor is Compositor.SWAY else {}
    lacking = missing(found.offers, session)
    if not lacking and is_kde(session):
        return ("data-control-portal", "") if "RemoteDesktop" in portals else ("", "no-keyboard")
    return ("", _LACKING[lacking]) if lacking else ("data-control", "")


def _focus(found: Found) -> Answer:
    if found.compositor is Compositor.SWAY:
        return "sway", ""
    if TOPLEVEL_MANAGER.name in found.offers:
        return "toplevels", ""
    if KWIN in found.programs:
        return "kwin", ""
    reports_focus = ACCESSIBILITY in found.programs or found.ibus
    return ("accessibility", "") if found.is_of(GNOME) and reports_focus else ("", "no-focus")


def _overlay(found: Found) -> Answer:
    means = _OVERLAY_MEANS.get(overlay_kind(found.offers, xwayland=bool(found.x_display)), "")
    return means, "" if means else "no-layer"


def _tray(found: Found) -> Answer:
    if found.session is DesktopSession.SYSTEM or found.tray:
        return "system" if found.session is DesktopSession.SYSTEM else "icon", ""
    return "", "no-host-gnome" if found.is_of(GNOME) else "no-host"


_OVERLAY_MEANS: Final = {OverlayKind.LAYER: "layer-shell", OverlayKind.XWAYLAND: "xwayland"}
_LACKING: Final = {"clipboard": "no-clipboard", "keyboard": "no-keyboard", "focused window": "no-focus"}
_ANSWERS: Final[Mapping[Ability, Callable[[Found], Answer]]] = {
    Ability.HOTKEYS: _unless_everywhere(_hotkeys),
    Ability.INSERTION: _unless_everywhere(_insertion),
    Ability.FOCUS: _unless_everywhere(_focus),
    Ability.OVERLAY: _unless_everywhere(_overlay),
    Ability.TRAY: _tray,
}


class LinesState(StrEnum):
    """States of the lines: to be copied or written; copied by the user; written by us, maybe for other keys."""

    TO_COPY = "to-copy"
    COPIED = "copied"
    TO_WRITE = "to-write"
    WRITTEN = "written"
    OUTDATED = "outdated"


IN_PLACE: Final = frozenset({LinesState.COPIED, LinesState.WRITTEN})
"""States in which the configuration contains the lines."""


@dataclass(frozen=True)
class KeyLines:
    """The lines that bind the hotkeys in the configuration of a compositor.

    Without a known compositor, they are commands for shortcuts that the user creates in the desktop's settings.
    ``missing``: reason by action without a line. ``place``: the user's file; empty if there is none. ``is_new``:
    writing creates this file. ``change``: unified diff of what writing changes. ``problem``: why the last change
    was refused.
    """

    compositor: Compositor | None
    lines: tuple[str, ...] = ()
    missing: Mapping[str, str] = field(default_factory=dict)
    place: str = ""
    state: LinesState = LinesState.TO_COPY
    change: str = ""
    problem: Note | None = None
    is_new: bool = False

    @property
    def toggles(self) -> bool:
        """True if the compositor reports key presses without releases."""
        return self.compositor is not None and not self.compositor.reports_releases


@dataclass(frozen=True)
class DesktopView:
    """The support of each ability, and the lines for keys if the desktop has no hotkeys for programs.

    ``toggle``: the command for a shortcut that starts and stops dictation.
    """

    supports: tuple[Support, ...] = ()
    lines: KeyLines | None = None
    toggle: str = "kikipounamu toggle"


@dataclass(frozen=True)
class ReadDesktopAgain:
    """Read again what this desktop supports, and the state of the lines in its configuration."""


@dataclass(frozen=True)
class WriteKeyLines:
    """Write the lines that bind the keys into the compositor's configuration, or remove them."""

    on: bool


DesktopAction = ReadDesktopAgain | WriteKeyLines
