"""How this program was installed, and the command that updates it. Pure but for ``read_facts``."""

import os
import platform
import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from msgspec import json

from app.core.identity import APP_ID
from runtime.installing import command_text
from runtime.programs import is_bundled

PROGRAM: Final = "kikipounamu"
_DEBIAN_LIST: Final = Path(f"/var/lib/dpkg/info/{PROGRAM}.list")
_DEBIAN_FOLDER: Final = Path(f"/usr/lib/{PROGRAM}")
_NAME: Final = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[([a-z0-9,-]*)\])?")
_ONLY_EXTRA: Final = re.compile(r"""extra\s*==\s*['"]([a-z0-9-]+)['"]""")
_DEBIAN_SOURCES: Final = Path("/etc/apt/sources.list.d")
_DEBIAN_NAMES: Final = {"x86_64": "amd64", "aarch64": "arm64"}
_OWN_ENVIRONMENT: Final = ".venv-run"
"""The environment of `make run` in a checkout."""
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


_FROM_FILES: Final = frozenset({InstallKind.PIP, InstallKind.PIPX, InstallKind.UV_TOOL, InstallKind.DEBIAN})


@dataclass(frozen=True)
class Facts:
    """Facts about the running program.

    ``source``: the folder that pip installed it from, if it was one. ``from_file``: it came from neither an index
    nor a repository. ``files``: names in the environment's folder.
    """

    version: str
    executable: str = sys.executable
    prefix: str = sys.prefix
    platform: str = sys.platform
    frozen: bool = False
    debian: bool = False
    flatpak: bool = False
    source: str = ""
    from_file: bool = False
    machine: str = ""
    files: frozenset[str] = frozenset()
    extras: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Installation:
    """A way of installation, with the command that updates it; empty: by the download page.

    ``needs_file``: the command needs the file of the new version in the current folder.
    """

    kind: InstallKind
    command: str = ""
    needs_file: bool = False


def read_facts() -> Facts:
    """Return the facts about the running program. Blocks."""
    executable = Path(sys.executable).resolve()
    debian = _DEBIAN_FOLDER in executable.parents and _DEBIAN_LIST.exists()
    origin = _origin()
    return Facts(
        version=installed_version(),
        frozen=is_bundled(),
        debian=debian,
        flatpak=_FLATPAK.exists(),
        source=_folder(origin),
        from_file=not _has_repository() if debian else bool(origin) and not _folder(origin),
        machine=platform.machine(),
        files=frozenset(os.listdir(sys.prefix)) if os.path.isdir(sys.prefix) else frozenset(),
        extras=installed_extras(),
        environment=dict(os.environ),
    )


def installed_version() -> str:
    """Return the version of the installed package."""
    from importlib import metadata  # late: the window opens before it is needed

    return metadata.version(PROGRAM)


def installation_of(facts: Facts, version: str = "") -> Installation:
    """Return how the program was installed, and the command for its update to ``version``, if that is known."""
    kind = _kind(facts)
    if facts.from_file and kind in _FROM_FILES:
        return Installation(kind, _command_for_file(kind, facts, version or "VERSION"), needs_file=True)
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
        return command_text([facts.executable, "-m", "pip", "install", "--upgrade", wanted], facts.platform)
    if kind is InstallKind.CHECKOUT:
        pull = command_text(["git", "-C", facts.source, "pull", "--ff-only"], facts.platform)
        if Path(facts.prefix) != Path(facts.source, _OWN_ENVIRONMENT):
            return pull
        run = command_text(["make", "-C", facts.source, "run"], facts.platform)  # installs what is new, and starts
        return f"{pull} && {run}"
    return {
        InstallKind.PIPX: f"pipx upgrade {PROGRAM}",
        InstallKind.UV_TOOL: f"uv tool upgrade {PROGRAM}",
        InstallKind.DEBIAN: f"sudo apt-get update && sudo apt-get install --only-upgrade {PROGRAM}",
        InstallKind.FLATPAK: f"flatpak update {APP_ID}",
    }.get(kind, "")


def _command_for_file(kind: InstallKind, facts: Facts, version: str) -> str:
    if kind is InstallKind.DEBIAN:
        architecture = _DEBIAN_NAMES.get(facts.machine, facts.machine)
        return f"sudo apt-get install ./{PROGRAM}_{version}-1_{architecture}.deb"
    extras = f"[{','.join(facts.extras)}]" if facts.extras else ""
    words = {
        InstallKind.PIPX: ["pipx", "install", "--force"],
        InstallKind.UV_TOOL: ["uv", "tool", "install", "--force"],
        InstallKind.PIP: [facts.executable, "-m", "pip", "install", "--upgrade"],
    }[kind]
    return command_text([*words, f"./{PROGRAM}-{version}-py3-none-any.whl{extras}"], facts.platform)


def _origin() -> Mapping[str, Any]:
    """Return where pip got the program from, as PEP 610 records it; empty: from an index."""
    from importlib import metadata  # late: the window opens before it is needed

    found = metadata.distribution(PROGRAM).read_text("direct_url.json") or "{}"
    return json.decode(found.encode(), type=dict[str, Any])


def _folder(origin: Mapping[str, Any]) -> str:
    """Return the folder of a checkout that is installed in place; empty for any other origin."""
    if not origin.get("dir_info", {}).get("editable"):
        return ""
    from urllib.parse import unquote, urlsplit  # late: rarely needed

    return unquote(urlsplit(str(origin.get("url", ""))).path)


def _has_repository() -> bool:
    """Return whether apt knows a repository of this program, by the names of its source files."""
    return any(_DEBIAN_SOURCES.glob(f"*{PROGRAM}*"))


def installed_extras() -> tuple[str, ...]:
    """Return the extras whose packages are all installed, without those that another of them contains."""
    from importlib import metadata  # late: the window opens before it is needed

    packages = extra_packages(metadata.requires(PROGRAM) or ())
    there = {
        extra: names for extra, names in packages.items() if extra != "dev" and all(map(_is_installed, names))
    }
    return tuple(extra for extra, names in there.items() if not any(names < others for others in there.values()))


def extra_packages(requirements: Iterable[str]) -> dict[str, frozenset[str]]:
    """Return the packages of each extra, without those for certain platforms only."""
    direct: dict[str, set[str]] = {}
    named_extras: dict[str, set[str]] = {}  # apart from packages, because one may have the name of an extra: mcp
    for requirement in requirements:
        wanted, _, marker = requirement.partition(";")
        if (extra := _ONLY_EXTRA.fullmatch(marker.strip())) and (named := _NAME.match(wanted)):
            packages = direct.setdefault(extra[1], set())
            if _normalised(named[1]) == PROGRAM:
                named_extras.setdefault(extra[1], set()).update((named[2] or "").split(","))
            else:
                packages.add(_normalised(named[1]))
    for _ in direct:  # an extra may name other ones, and these again
        for extra_name, others in named_extras.items():
            for other in others & direct.keys():
                direct[extra_name] |= direct[other]
    return {extra: frozenset(names) for extra, names in direct.items()}


def _normalised(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name.strip()).lower()


def _is_installed(name: str) -> bool:
    from importlib import metadata  # late: the window opens before it is needed

    try:
        metadata.distribution(name)
    except metadata.PackageNotFoundError:
        return False
    return True
