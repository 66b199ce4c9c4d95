"""Build the Debian package around the self-contained folder, and check it with lintian.

The definitions are in ``packaging/debian`` and ``packaging/systemd``. One package serves Debian 12 and 13 and
Ubuntu: it depends on names that all of them have.
"""

import gzip
import hashlib
import os
import re
import tempfile
import time
from collections.abc import Iterator, Mapping
from email.utils import formatdate
from pathlib import Path
from typing import Final

from app.core.identity import APP_ID
from scripts.release.commands import run
from scripts.release.errors import Refusal, ReleaseRefused
from scripts.release.man_pages import PROGRAMS, man_page
from scripts.release.menu_files import check_menu
from scripts.release.menu_icons import draw_icons

NAME: Final = "kikipounamu"
HOME: Final = Path("usr", "lib", NAME)
_SHARED: Final = ". maintenance.sh\n"
_SCRIPTS: Final = ("postinst", "prerm", "postrm")
_PRE_RELEASE: Final = re.compile(r"\.?(dev|rc|a|b)(?=\d)")
_UNIT_PLACES: Final = re.compile(r"%h/\.local/bin/|/opt/kikipounamu/bin/")
LINTIAN: Final = ("lintian", "--fail-on", "error,warning", "--tag-display-limit", "0", "--allow-root")


def build(checkout: Path, dist: Path, version: str) -> list[Path]:
    """Build the package from the folder in ``dist``, and check it. Raises ``ReleaseRefused``."""
    check_menu(checkout / "app" / "system" / "menu")
    package = assemble(checkout, folder_in(dist, version), dist, version)
    run(*LINTIAN, package, kind=Refusal.CHECK_FAILED)
    return [package]


def assemble(checkout: Path, folder: Path, dist: Path, version: str) -> Path:
    """Write the package of a folder, which is an archive, into ``dist``, and return its path."""
    architecture = run("dpkg", "--print-architecture").strip()
    package = dist / f"{NAME}_{debian_version(version)}_{architecture}.deb"
    with tempfile.TemporaryDirectory() as staging:
        root = Path(staging, "root")
        unpack(folder, root / HOME)
        furnish(checkout, root, version)
        values = {"VERSION": debian_version(version), "ARCHITECTURE": architecture}
        _control(checkout, root, values)
        run("dpkg-deb", "--root-owner-group", "-Zxz", "--build", root, package)
    return package


def debian_version(version: str) -> str:
    """Return the version as dpkg sorts it: a pre-release is older than its release."""
    return _PRE_RELEASE.sub(r"~\1", version) + "-1"


def folder_in(dist: Path, version: str) -> Path:
    """Return the archive of the self-contained folder in ``dist``. Raises ``ReleaseRefused``."""
    found = sorted(dist.glob(f"{NAME}-{version}-linux-*.tar.zst"), key=lambda path: len(path.name))
    if not found:
        text = f"{dist} has no self-contained folder of {version}: build it first, with --only folder"
        raise ReleaseRefused(Refusal.BUILD_FAILED, text)
    return found[0]


def unpack(archive: Path, folder: Path) -> None:
    """Unpack an archive without its top folder, with the file modes that Debian packages have."""
    folder.mkdir(parents=True)
    run("tar", "--extract", "--zstd", "--strip-components=1", "--no-same-owner", "--file", archive, cwd=folder)
    for path in folder.rglob("*"):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or _is_program(path) else 0o644)


def _is_program(path: Path) -> bool:
    """Return whether a file is a program: wheels mark other files and libraries as executable, too."""
    if ".so" in path.name or not path.stat().st_mode & 0o100:
        return False
    with path.open("rb") as file:
        return file.read(4).startswith((b"\x7fELF", b"#!"))


def furnish(checkout: Path, root: Path, version: str) -> None:
    """Add to the package the files outside its folder."""
    share = root / "usr" / "share"
    for program in PROGRAMS:
        link = root / "usr" / "bin" / program
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(Path("..", "lib", NAME, program))
        date = time.strftime("%Y-%m-%d", time.gmtime(_epoch()))
        _compressed(share / "man" / "man1" / f"{program}.1.gz", man_page(program, version, date))
    menu = checkout / "app" / "system" / "menu"
    _write(share / "applications" / f"{APP_ID}.desktop", (menu / f"{APP_ID}.desktop").read_text())
    _write(share / "metainfo" / f"{APP_ID}.metainfo.xml", (menu / f"{APP_ID}.metainfo.xml").read_text())
    draw_icons(checkout, share)
    for unit in sorted((checkout / "packaging" / "systemd").glob("*/*.service")):
        place = root / "usr" / "lib" / "systemd" / unit.parent.name / unit.name
        _write(place, unit_of_package(unit.read_text()))
    _documents(checkout, share, version)


def unit_of_package(unit: str) -> str:
    """Return a unit with the programs at their place in the package."""
    return _UNIT_PLACES.sub("/usr/bin/", unit).replace(", installed in /opt/kikipounamu", "")


def script_of_package(script: str, shared: str) -> str:
    """Return a script of the package with the shared functions in it, so that it needs no file of the package."""
    return script.replace(_SHARED, f"{shared}\n")


def maintainer(checkout: Path) -> str:
    """Return the maintainer: ``DEBFULLNAME`` and ``DEBEMAIL``, or else the author of the last commit."""
    name, address = run("git", "log", "-1", "--format=%an%n%ae", cwd=checkout).splitlines()
    return f"{os.environ.get('DEBFULLNAME', name)} <{os.environ.get('DEBEMAIL', address)}>"


def _documents(checkout: Path, share: Path, version: str) -> None:
    """Write Debian's documents: changes, licences, and differences of the package."""
    documents = share / "doc" / NAME
    sources = checkout / "packaging" / "debian"
    history = (
        f"{NAME} ({debian_version(version)}) unstable; urgency=medium\n\n"
        f"  * Version {version}. See CHANGELOG.md.gz.\n\n"
        f" -- {maintainer(checkout)}  {formatdate(_epoch())}\n"
    )
    _compressed(documents / "changelog.Debian.gz", history)
    _compressed(documents / "changelog.gz", (checkout / "CHANGELOG.md").read_text())
    licences = (sources / "copyright", checkout / "LICENSE", checkout / "app/ui/theme/icons/LICENSE.txt")
    _write(documents / "copyright", "\n\n".join(text.read_text().strip() for text in licences) + "\n")
    _write(documents / "README.Debian", (sources / "README.Debian").read_text())
    overrides = (sources / "lintian-overrides").read_text()
    _write(share / "lintian" / "overrides" / NAME, overrides)


def _control(checkout: Path, root: Path, values: Mapping[str, str]) -> None:
    sources, control = checkout / "packaging" / "debian", root / "DEBIAN"
    sums = "".join(f"{digest}  {name}\n" for name, digest in _digests(root))
    kibibytes = sum(-(-path.lstat().st_size // 1024) for path in root.rglob("*"))
    known = {**values, "MAINTAINER": maintainer(checkout), "KIBIBYTES": str(kibibytes)}
    text = (sources / "control").read_text()
    _write(control / "control", re.sub(r"@([A-Z]+)@", lambda found: known[found[1]], text))
    _write(control / "md5sums", sums)
    shared = (sources / "maintenance.sh").read_text()
    for name in _SCRIPTS:
        _write(control / name, script_of_package((sources / name).read_text(), shared))
        (control / name).chmod(0o755)


def _digests(root: Path) -> Iterator[tuple[str, str]]:
    """Yield name and MD5 of each file, by which dpkg finds damage, but not forgery."""
    for path in sorted(root.rglob("*")):
        if path.is_file() and not path.is_symlink():
            with path.open("rb") as file:
                yield str(path.relative_to(root)), hashlib.file_digest(file, "md5").hexdigest()


def _write(place: Path, text: str) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(text, encoding="utf-8")
    place.chmod(0o644)


def _compressed(place: Path, text: str) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(gzip.compress(text.encode(), mtime=0))
    place.chmod(0o644)


def _epoch() -> int:
    return int(os.environ.get("SOURCE_DATE_EPOCH") or time.time())
