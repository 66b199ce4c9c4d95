import tarfile
import zipfile
from pathlib import Path

import pytest

from scripts.release import wheels
from scripts.release.source import version_of

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    dist = tmp_path_factory.mktemp("dist")
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
