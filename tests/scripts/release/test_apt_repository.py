"""Test the apt repository with apt itself, which needs no root rights for its own folders."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from scripts.release.apt_repository import KEY, build, sources_entry
from scripts.release.errors import ReleaseRefused
from tests.helpers.packages import require

pytestmark = pytest.mark.skipif(shutil.which("apt-get") is None, reason="needs Linux with apt")

_CONTROL = """Package: kikipounamu
Version: {version}
Architecture: amd64
Maintainer: nobody <nobody@localhost>
Description: stand-in
"""
_FOLDERS = ("etc/apt/apt.conf.d", "etc/apt/preferences.d", "etc/apt/sources.list.d", "lists/partial", "cache")


@pytest.fixture
def dist(tmp_path: Path) -> Path:
    require(("apt-utils", "gpg"))
    made = tmp_path / "dist"
    made.mkdir()
    for version in ("1.2.2-1", "1.2.3~rc1-1"):
        root = tmp_path / version
        (root / "DEBIAN").mkdir(parents=True)
        (root / "DEBIAN" / "control").write_text(_CONTROL.format(version=version))
        (root / "usr").mkdir()
        package = made / f"kikipounamu_{version}_amd64.deb"
        subprocess.run(["dpkg-deb", "--build", root, package], check=True, capture_output=True, timeout=60)
    return made


class Apt:
    """The apt of a system in a folder, which knows one repository."""

    def __init__(self, folder: Path, repository: Path, entry: str) -> None:
        self.folder = folder
        for name in _FOLDERS:
            (folder / name).mkdir(parents=True)
        (folder / "status").touch()
        sources = folder / "etc" / "apt" / "sources.list.d" / "kikipounamu.sources"
        sources.write_text(entry.replace("https://PLACE/apt", f"file:{repository}"))
        (folder / "apt.conf").write_text(
            f'Dir::Etc "{folder}/etc/apt";\nDir::State "{folder}";\nDir::State::Lists "{folder}/lists";\n'
            f'Dir::State::Status "{folder}/status";\nDir::Cache "{folder}/cache";\nDir::Log "{folder}";\n'
            'APT::Architecture "amd64";\nAPT::Architectures "amd64";\nAPT::Sandbox::User "root";\n'
            'Acquire::Languages "none";\n'
        )

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        environment = os.environ | {"APT_CONFIG": str(self.folder / "apt.conf"), "LC_ALL": "C"}
        return subprocess.run(words, env=environment, capture_output=True, text=True, timeout=60)


def test_apt_takes_unsigned_repository_only_if_its_entry_says_trusted(dist: Path, tmp_path: Path) -> None:
    build(tmp_path, dist, "1.2.3rc1")
    entry = (dist / "apt" / "kikipounamu.sources").read_text()
    trusting = Apt(tmp_path / "trusting", dist / "apt", entry)
    assert trusting.run("apt-get", "update").returncode == 0
    assert "Candidate: 1.2.3~rc1-1" in trusting.run("apt-cache", "policy", "kikipounamu").stdout
    careful = Apt(tmp_path / "careful", dist / "apt", entry.replace("Trusted: yes\n", ""))
    assert "is not signed" in careful.run("apt-get", "update").stderr


def test_apt_takes_repository_signed_with_the_key_and_refuses_a_changed_index(
    dist: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "gpg"
    home.mkdir(mode=0o700)
    monkeypatch.setenv("GNUPGHOME", str(home))
    gpg = ["gpg", "--batch", "--passphrase", ""]
    subprocess.run([*gpg, "--quick-generate-key", "test", "ed25519", "sign"], check=True, timeout=60)
    try:
        monkeypatch.setenv(KEY, "test")
        build(tmp_path, dist, "1.2.3rc1")
    finally:
        subprocess.run(["gpgconf", "--kill", "all"], check=True, timeout=60)
    repository = dist / "apt"
    ring = repository / "kikipounamu-archive-keyring.gpg"
    entry = (repository / "kikipounamu.sources").read_text()
    assert "Trusted" not in entry
    entry = entry.replace("/etc/apt/keyrings/kikipounamu-archive-keyring.gpg", str(ring))
    apt = Apt(tmp_path / "apt", repository, entry)
    assert apt.run("apt-get", "update").returncode == 0
    assert "Candidate: 1.2.3~rc1-1" in apt.run("apt-cache", "policy", "kikipounamu").stdout
    index = repository / "dists" / "stable" / "InRelease"
    index.write_text(index.read_text().replace("Origin: kikipounamu", "Origin: somebody"))
    other = Apt(tmp_path / "other", repository, entry)
    assert "signature" in other.run("apt-get", "update").stderr.lower()


def test_repository_without_package_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ReleaseRefused, match="--only debian"):
        build(tmp_path, tmp_path, "1.2.3")


def test_entry_says_what_apt_is_to_trust() -> None:
    assert "Signed-By: /etc/apt/keyrings/kikipounamu-archive-keyring.gpg\n" in sources_entry("amd64", signed=True)
    assert "Trusted: yes\n" in sources_entry("amd64", signed=False)
