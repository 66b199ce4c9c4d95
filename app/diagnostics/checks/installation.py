"""Check of the installation: its version, its missing extras and how to add them.

Imports none of them.
"""

import platform
from collections.abc import Callable
from importlib.util import find_spec
from typing import Final

from app.diagnostics.checks.finding import Area, Finding, advice, ok
from runtime.installing import extra_command

_EXTRAS: Final = {
    "gateway": ("alembic", "prometheus_client", "redis", "segno", "sqlalchemy", "wyoming"),
    "worker": ("opencc", "prometheus_client", "redis"),
    "server": ("psycopg",),
    "whisper": ("faster_whisper",),
    "microphone": ("sounddevice",),
    "desktop": ("PySide6", "segno", "sounddevice", "tomlkit"),
    "media": ("av",),
    "mcp": ("mcp",),
    "funasr": ("funasr", "onnx", "torch"),
    "parakeet": ("onnx_asr",),
    "streaming": ("sherpa_onnx",),
}
_OPTIONAL: Final = frozenset({"server", "media", "mcp", "funasr", "parakeet", "streaming"})


def has_module(name: str) -> bool:
    """Return whether a module is installed."""
    return find_spec(name) is not None


def missing_extras(has: Callable[[str], bool] = has_module) -> list[str]:
    """Return the extras that are not completely installed."""
    return [extra for extra, modules in _EXTRAS.items() if not all(map(has, modules))]


def installation(version: str, *, frozen: bool, has: Callable[[str], bool] = has_module) -> list[Finding]:
    """Check the installed extras.

    ``frozen``: a bundle, which cannot be extended.
    """
    system = f"{platform.system()} {platform.release()}, {platform.machine()}"
    findings = [
        ok(Area.INSTALLATION, "installed", version=version, python=platform.python_version(), system=system)
    ]
    missing = missing_extras(has)
    wanted = [extra for extra in missing if not frozen and extra not in _OPTIONAL]
    if "desktop" in wanted and "microphone" in wanted:
        wanted.remove("microphone")  # desktop includes it
    if wanted:
        names = ",".join(wanted)
        install = extra_command(names)
        findings.append(advice(Area.INSTALLATION, "extras-missing", extras=names, install=install))
    if optional := [extra for extra in missing if frozen or extra in _OPTIONAL]:
        findings.append(ok(Area.INSTALLATION, "extras-optional", extras=",".join(optional)))
    return findings
