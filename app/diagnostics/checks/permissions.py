"""Checks of permissions that users grant to programs: Windows and macOS.

NOT RUN on either yet; the parts that need neither system are tested. Sources: Apple, "AXIsProcessTrusted";
Microsoft, the consent store of capabilities in the registry.
"""

import importlib
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

from app.diagnostics.checks.finding import Area, Finding, ok, wrong

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
    if platform == "darwin":
        return _told(mac(), "accessibility")
    if platform == "win32":
        return _told(windows(), "microphone")
    return []


def _told(allowed: bool | None, what: str) -> list[Finding]:
    if allowed is None:
        return []
    if allowed:
        return [ok(Area.PERMISSIONS, "permissions-given")]
    if what == "accessibility":
        return [wrong(Area.PERMISSIONS, "accessibility-denied")]
    return [wrong(Area.PERMISSIONS, "microphone-denied")]
