"""Checks of the desktop session and its abilities, of hotkeys and of permissions.

Types, presses and copies nothing; hotkeys are bound for a moment. Not run on Windows and macOS yet. Sources of the
permissions: Apple, "AXIsProcessTrusted"; Microsoft, the consent store of capabilities in the registry.
"""

import importlib.util
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from ctypes import CDLL
from functools import partial
from typing import Any, Final

from app.core.daemon_thread import in_daemon_thread
from app.desktop.abilities import Ability, Found, abilities, read_desktop
from app.desktop.service import key_lines
from app.diagnostics.checks.finding import Finding, Topic, ability_finding, advice, ok, wrong
from app.dictation.messages import CANCEL
from app.hotkeys import choose
from app.hotkeys.choose import HotkeyChoice
from app.hotkeys.errors import HotkeysForbidden, HotkeysMissing, HotkeysUnavailable, HotkeyTaken, HotkeyUnknown
from app.hotkeys.events import AssignedHotkeys, Hotkeys
from app.insertion.choose import has_input_method
from app.system.no_windows import INSTALL, Load, missing_library
from app.wayland.session import is_wayland
from app.x11.errors import X11Error
from runtime.installing import extra_command

ReadScreen = Callable[[str], Awaitable[bool]]
"""Return whether programs may press keys on the X server of this name. Raises ``X11Error``."""
ReadDesktop = Callable[[str, Mapping[str, str]], Awaitable[Found]]


async def read_screen(display: str) -> bool:
    """Connect to an X server and return whether programs may press keys there."""
    from app.x11.connection import XThread

    async with XThread(display) as thread:
        return await thread.call(lambda connection: bool(connection.display.has_extension("XTEST")))


def session(platform: str, environment: Mapping[str, str]) -> Finding:
    """Return the kind of the desktop session. Pure."""
    if platform in {"win32", "darwin"}:
        return ok(Topic.SESSION, "session-system", system={"win32": "Windows", "darwin": "macOS"}[platform])
    desktop = environment.get("XDG_CURRENT_DESKTOP", "") or environment.get("DESKTOP_SESSION", "")
    if is_wayland(environment):
        return ok(Topic.SESSION, "session-wayland" if desktop else "session-wayland-bare", desktop=desktop)
    if environment.get("DISPLAY"):
        key = "session-x11" if desktop else "session-x11-bare"
        return ok(Topic.SESSION, key, desktop=desktop, display=environment["DISPLAY"])
    return advice(Topic.SESSION, "session-none")


async def desktop(
    platform: str,
    environment: Mapping[str, str],
    read_screen: ReadScreen = read_screen,
    learn: ReadDesktop = read_desktop,
    bindings: Mapping[str, str] | None = None,
) -> list[Finding]:
    """Check the session and what it allows.

    ``learn`` returns the facts about the desktop. ``bindings``: keys by action, as in the settings.
    """
    kind = session(platform, environment)
    library = "pynput" if platform in {"win32", "darwin"} else "Xlib"
    if kind.key == "session-none":
        return [kind]
    if is_wayland(environment):
        found = await learn(platform, environment)
        lines = await in_daemon_thread(partial(key_lines, found, bindings or {}, CANCEL, environment))
        # The check of the hotkeys reports those of the portal.
        reported = (one for one in abilities(found) if (one.ability, one.means) != (Ability.HOTKEYS, "portal"))
        return [kind, *(ability_finding(one, lines) for one in reported)]
    if importlib.util.find_spec(library) is None:
        return [kind, advice(Topic.INSERTION, "insertion-not-installed", install=extra_command("desktop"))]
    if kind.key == "session-system":
        return [kind, ok(Topic.INSERTION, "insertion-pastes")]
    try:
        types = await read_screen(environment["DISPLAY"])
    except X11Error:
        return [kind, wrong(Topic.INSERTION, "screen-unreachable", display=environment["DISPLAY"])]
    return [kind, _insertion(environment, types=types), *_TRAY[(await learn(platform, environment)).tray]]


def window_libraries(platform: str, environment: Mapping[str, str], load: Load = CDLL) -> list[Finding]:
    """Return a finding if windows lack a library of the system. Blocks."""
    library = missing_library(environment, load) if platform == "linux" else ""
    return [wrong(Topic.SESSION, "window-library-missing", library=library, install=INSTALL)] if library else []


def _insertion(environment: Mapping[str, str], *, types: bool) -> Finding:
    if not types:
        return wrong(Topic.INSERTION, "insertion-no-keys")
    return ok(Topic.INSERTION, "insertion-method" if has_input_method(environment) else "insertion-ready")


_TRAY: Final[dict[bool | None, list[Finding]]] = {
    None: [],
    True: [ok(Topic.TRAY, "tray-there")],
    False: [advice(Topic.TRAY, "tray-none")],
}


_STORE: Final = r"Software\Microsoft\Windows\CurrentVersion\CapabilityAccessManager\ConsentStore\microphone"
_DENIED: Final = "Deny"


def trusted_on_mac() -> bool | None:
    """Return whether this program may press and observe keys; ``None``: unknown."""
    with suppress(ImportError, AttributeError):
        services: Any = importlib.import_module("HIServices")  # comes with pynput
        return bool(services.AXIsProcessTrusted())
    return None


def microphone_on_windows() -> bool | None:
    """Return whether desktop programs may use the microphone; ``None``: the registry does not say."""
    try:
        registry: Any = importlib.import_module("winreg")
    except ImportError:
        return None
    said: list[str] = []
    for place in (_STORE, f"{_STORE}\\NonPackaged"):
        with suppress(OSError), registry.OpenKey(registry.HKEY_CURRENT_USER, place) as key:
            said.append(str(registry.QueryValueEx(key, "Value")[0]))
    return _DENIED not in said if said else None


def permissions(
    platform: str,
    mac: Callable[[], bool | None] = trusted_on_mac,
    windows: Callable[[], bool | None] = microphone_on_windows,
) -> list[Finding]:
    """Check the permissions of the platform; return no finding where there are none to grant."""
    checks = {"darwin": (mac, "accessibility-denied"), "win32": (windows, "microphone-denied")}
    if platform not in checks:
        return []
    allowed, denied = checks[platform]
    found = {
        None: [],
        True: [ok(Topic.PERMISSIONS, "permissions-given")],
        False: [wrong(Topic.PERMISSIONS, denied)],
    }
    return found[allowed()]


_NONE: Final[dict[str, list[Finding]]] = {
    choose.WAYLAND: [],  # the check of the session reports both
    choose.NO_DISPLAY: [],
    choose.NOT_INSTALLED: [
        advice(Topic.HOTKEYS, "hotkeys-not-installed", install=extra_command("desktop")),
    ],
}


async def hotkeys(
    bindings: Mapping[str, str], choice: Callable[[], HotkeyChoice], app_runs: Callable[[], Awaitable[bool]]
) -> list[Finding]:
    """Check the hotkeys.

    ``bindings``: keys by action, as in the settings. ``app_runs``: whether the app runs and so owns the
    taken keys.
    """
    chosen = choice()
    if chosen.reason:
        return _NONE[chosen.reason]
    try:
        async with chosen.hotkeys as keys:
            if isinstance(keys, AssignedHotkeys):  # the desktop may ask the user about each key
                return [ok(Topic.HOTKEYS, "hotkeys-portal")]
            taken, unknown = await _try_hotkeys(keys, bindings)
    except HotkeysMissing:
        return _NONE[choose.WAYLAND]
    except HotkeysForbidden:
        return [wrong(Topic.HOTKEYS, "hotkeys-forbidden")]
    except HotkeysUnavailable:
        return [wrong(Topic.HOTKEYS, "hotkeys-unavailable")]
    findings = [wrong(Topic.HOTKEYS, "hotkey-unknown", binding=binding) for binding in unknown]
    if taken and await app_runs():
        findings.append(ok(Topic.HOTKEYS, "hotkeys-ours", bindings=", ".join(taken)))
    else:
        findings += [wrong(Topic.HOTKEYS, "hotkey-taken", binding=binding) for binding in taken]
    free = [binding for binding in bindings.values() if binding and binding not in (*taken, *unknown)]
    if free:
        findings.append(ok(Topic.HOTKEYS, "hotkeys-free", bindings=", ".join(free)))
    return findings or [advice(Topic.HOTKEYS, "hotkeys-none")]


async def _try_hotkeys(keys: Hotkeys, bindings: Mapping[str, str]) -> tuple[list[str], list[str]]:
    """Bind each hotkey and return those of other programs and those unknown to this keyboard."""
    taken, unknown = list[str](), list[str]()
    for action, binding in bindings.items():
        try:
            if binding:
                await keys.bind({action: binding})
        except HotkeyTaken:
            taken.append(binding)
        except HotkeyUnknown:
            unknown.append(binding)
    await keys.bind({})
    return taken, unknown
