"""How this program was installed, and the command that updates it. Pure but for ``look``."""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from importlib import metadata
from pathlib import Path
from typing import Final

from msgspec import DecodeError, json

from app.core.identity import APP_ID

PROGRAM: Final = "kikipounamu"
_DEBIAN_LIST: Final = Path(f"/var/lib/dpkg/info/{PROGRAM}.list")
_DEBIAN_FOLDER: Final = Path(f"/usr/lib/{PROGRAM}")
_NAME: Final = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[([a-z0-9,-]*)\])?")
_ONLY_EXTRA: Final = re.compile(r"""extra\s*==\s*['"]([a-z0-9-]+)['"]""")
_FLATPAK: Final = Path("/.flatpak-info")


class InstallKind(StrEnum):
    """Ways to install this program."""

    CHECKOUT = "checkout"
    PIP = "pip"
    PIPX = "pipx"
    UV_TOOL = "uv-tool"
    DEBIAN = "debian"
    FLATPAK = "flatpak"
    APPIMAGE = "appimage"
    FOLDER = "folder"
    INSTALLER = "installer"


@dataclass(frozen=True)
class Facts:
    """Facts about the running program.

    ``source``: the folder that pip installed it from, if it was one. ``files``: names in the environment's folder.
    """

    version: str
    executable: str = sys.executable
    prefix: str = sys.prefix
    platform: str = sys.platform
    frozen: bool = False
    debian: bool = False
    flatpak: bool = False
    source: str = ""
    files: frozenset[str] = frozenset()
    extras: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Installation:
    """A way of installation, with the command that updates it; empty: by the download page."""

    kind: InstallKind
    command: str = ""


def look() -> Facts:
    """Look at the running program. Blocks."""
    executable = Path(sys.executable).resolve()
    return Facts(
        version=installed_version(),
        frozen=bool(getattr(sys, "frozen", False)),
        debian=_DEBIAN_FOLDER in executable.parents and _DEBIAN_LIST.exists(),
        flatpak=_FLATPAK.exists(),
        source=_source(),
        files=frozenset(os.listdir(sys.prefix)) if os.path.isdir(sys.prefix) else frozenset(),
        extras=installed_extras(),
        environment=dict(os.environ),
    )


def installed_version() -> str:
    """Return the version of the installed package."""
    return metadata.version(PROGRAM)


def installation_of(facts: Facts) -> Installation:
    """Return how the program was installed, and the command for its update."""
    kind = _kind(facts)
    return Installation(kind, _command(kind, facts))


def _kind(facts: Facts) -> InstallKind:
    if facts.flatpak:
        return InstallKind.FLATPAK
    if facts.debian:
        return InstallKind.DEBIAN
    if facts.frozen:
        if facts.environment.get("APPIMAGE"):
            return InstallKind.APPIMAGE
        return InstallKind.FOLDER if facts.platform == "linux" else InstallKind.INSTALLER
    if "pipx_metadata.json" in facts.files:
        return InstallKind.PIPX
    if "uv-receipt.toml" in facts.files:
        return InstallKind.UV_TOOL
    return InstallKind.CHECKOUT if facts.source else InstallKind.PIP


def _command(kind: InstallKind, facts: Facts) -> str:
    wanted = f"{PROGRAM}[{','.join(facts.extras)}]" if facts.extras else PROGRAM
    if kind is InstallKind.PIP:
        return _line([facts.executable, "-m", "pip", "install", "--upgrade", wanted], facts.platform)
    if kind is InstallKind.CHECKOUT:
        return _line(["git", "-C", facts.source, "pull", "--ff-only"], facts.platform)
    return {
        InstallKind.PIPX: f"pipx upgrade {PROGRAM}",
        InstallKind.UV_TOOL: f"uv tool upgrade {PROGRAM}",
        InstallKind.DEBIAN: f"sudo apt-get update && sudo apt-get install --only-upgrade {PROGRAM}",
        InstallKind.FLATPAK: f"flatpak update {APP_ID}",
    }.get(kind, "")


def _line(words: list[str], platform: str) -> str:
    return subprocess.list2cmdline(words) if platform == "win32" else shlex.join(words)


def _source() -> str:
    """Return the folder of a checkout that is installed in place, as PEP 610 records it."""
    found = metadata.distribution(PROGRAM).read_text("direct_url.json") or "{}"
    try:
        told = json.decode(found.encode())
    except DecodeError:
        return ""
    if not isinstance(told, dict) or not told.get("dir_info", {}).get("editable"):
        return ""
    from urllib.parse import unquote, urlsplit  # late: rarely needed

    return unquote(urlsplit(str(told.get("url", ""))).path)


def installed_extras() -> tuple[str, ...]:
    """Return the extras whose packages are all installed, but for those that another one of them contains."""
    packages = extra_packages(metadata.requires(PROGRAM) or ())
    there = {extra: names for extra, names in packages.items() if extra != "dev" and all(map(_installed, names))}
    return tuple(extra for extra, names in there.items() if not any(names < others for others in there.values()))


def extra_packages(requirements: Iterable[str]) -> dict[str, frozenset[str]]:
    """Return the packages of each extra, without those for certain platforms only."""
    direct: dict[str, set[str]] = {}
    for requirement in requirements:
        wanted, _, marker = requirement.partition(";")
        if (extra := _ONLY_EXTRA.fullmatch(marker.strip())) and (named := _NAME.match(wanted)):
            own = _plain(named[1]) == PROGRAM
            direct.setdefault(extra[1], set()).update((named[2] or "").split(",") if own else {_plain(named[1])})
    for _ in direct:  # an extra may name other ones, and these again
        for names in direct.values():
            for contained in names & direct.keys():
                names |= direct[contained] - {contained}
    return {extra: frozenset(names - direct.keys()) for extra, names in direct.items()}


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name.strip()).lower()


def _installed(name: str) -> bool:
    try:
        metadata.distribution(name)
    except metadata.PackageNotFoundError:
        return False
    return True
