import tarfile
import zipfile
from pathlib import Path

import pytest

from scripts.release import wheels
from scripts.release.source import version_of

ROOT = Path(__file__).resolve().parents[3]
COMMITTED_S = 1_700_000_000


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    dist = tmp_path_factory.mktemp("dist")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOURCE_DATE_EPOCH", str(COMMITTED_S))
        wheel, sdist = wheels.build(ROOT, dist, version_of((ROOT / "pyproject.toml").read_text()))
    return wheel, sdist


def test_wheel_contains_what_works_without_a_checkout(built: tuple[Path, Path]) -> None:
    names = set(zipfile.ZipFile(built[0]).namelist())
    tops = {name.partition("/")[0] for name in names if ".dist-info/" not in name}
    assert tops == {"app", "backend", "client", "loadtest", "protocol", "runtime", "speech", "worker"}
    for kind in ("toml", "lua", "flac", "svg", "html"):
        here = {str(path.relative_to(ROOT)) for top in tops for path in (ROOT / top).rglob(f"*.{kind}")}
        assert here and here - names == set()


def test_sdist_builds_without_tests_and_caches(built: tuple[Path, Path]) -> None:
    with tarfile.open(built[1]) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"pyproject.toml", "LICENSE", "CHANGELOG.md", "constraints.txt", "app/cli/entry.py"} <= names
    assert not {name for name in names if name.startswith(("tests", ".venv", ".cache", "build"))}


def test_sdist_is_the_same_for_each_builder_and_date(built: tuple[Path, Path], tmp_path: Path) -> None:
    with tarfile.open(built[1]) as archive:
        members = archive.getmembers()
        archive.extractall(tmp_path / "copy")
    assert {member.mtime for member in members} == {COMMITTED_S}
    assert {(member.uid, member.uname, member.mode & 0o022) for member in members} == {(0, "", 0)}
    (tmp_path / "copy" / members[0].name).chmod(0o775)
    with tarfile.open(tmp_path / "again.tar.gz", "w:gz") as again:
        for path in reversed(sorted((tmp_path / "copy").rglob("*"))):
            again.add(path, str(path.relative_to(tmp_path / "copy")), recursive=False)
    wheels.settle(tmp_path / "again.tar.gz", COMMITTED_S)
    assert (tmp_path / "again.tar.gz").read_bytes() == built[1].read_bytes()
