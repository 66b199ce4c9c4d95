"""Write an apt repository around the Debian packages in ``dist``: a folder that any web server can offer.

With ``KIKIPOUNAMU_APT_KEY``, the fingerprint of a secret gpg key, the index is signed, and the folder has the
public key. Without it the repository is for tests: apt accepts it only if its entry says ``Trusted: yes``.
"""

import gzip
import os
import shutil
from pathlib import Path
from typing import Final

from scripts.release.commands import run
from scripts.release.debian import NAME
from scripts.release.errors import Refusal, ReleaseRefused

KEY: Final = "KIKIPOUNAMU_APT_KEY"
SUITE: Final = "stable"
COMPONENT: Final = "main"
_POOL: Final = Path("pool", COMPONENT, NAME[0], NAME)
_KEYRING: Final = f"{NAME}-archive-keyring.gpg"


def build(checkout: Path, dist: Path, version: str) -> list[Path]:
    """Write the repository into ``dist/apt``, with every package of ``dist``. Raises ``ReleaseRefused``."""
    packages = sorted(dist.glob(f"{NAME}_*.deb"))
    if not packages:
        text = f"{dist} has no Debian package of {version}: build it first, with --only debian"
        raise ReleaseRefused(Refusal.BUILD_FAILED, text)
    root = dist / "apt"
    shutil.rmtree(root, ignore_errors=True)
    (root / _POOL).mkdir(parents=True)
    for package in packages:
        os.link(package, root / _POOL / package.name)
    index = root / "dists" / SUITE
    found = sorted({package.stem.rpartition("_")[2] for package in packages})
    for architecture in found:
        _list_packages(root, index / COMPONENT / f"binary-{architecture}", architecture)
    architectures = " ".join(found)
    _write_release(index, architectures)
    key = os.environ.get(KEY, "")
    if key:
        sign(root, key)
    (root / f"{NAME}.sources").write_text(sources_entry(architectures, signed=bool(key)))
    return sorted(path for path in root.rglob("*") if path.is_file())


def sources_entry(architectures: str, *, signed: bool) -> str:
    """Return the entry for ``/etc/apt/sources.list.d``; replace ``PLACE`` in it with the server's address."""
    trust = f"Signed-By: /etc/apt/keyrings/{_KEYRING}" if signed else "Trusted: yes"
    return (
        f"Types: deb\nURIs: https://PLACE/apt\nSuites: {SUITE}\nComponents: {COMPONENT}\n"
        f"Architectures: {architectures}\n{trust}\n"
    )


def sign(root: Path, key: str) -> None:
    """Sign the index with a gpg key, and export the public key into ``root``."""
    release = root / "dists" / SUITE / "Release"
    gpg = ("gpg", "--batch", "--yes", "--local-user", key, "--output")
    run(*gpg, release.with_name("InRelease"), "--clearsign", release)
    run(*gpg, release.with_name("Release.gpg"), "--armor", "--detach-sign", release)
    run("gpg", "--batch", "--yes", "--output", root / _KEYRING, "--export", key)


def _list_packages(root: Path, folder: Path, architecture: str) -> None:
    folder.mkdir(parents=True)
    listed = run("apt-ftparchive", "--arch", architecture, "packages", "pool", cwd=root)
    (folder / "Packages").write_text(listed)
    (folder / "Packages.gz").write_bytes(gzip.compress(listed.encode(), mtime=0))


def _write_release(index: Path, architectures: str) -> None:
    fields = {
        "Origin": NAME,
        "Label": NAME,
        "Suite": SUITE,
        "Codename": SUITE,
        "Components": COMPONENT,
        "Architectures": architectures,
        "Description": "kikipounamu for Debian and its derivatives",
    }
    options = [f"-oAPT::FTPArchive::Release::{name}={value}" for name, value in fields.items()]
    (index / "Release").write_text(run("apt-ftparchive", *options, "release", index))
