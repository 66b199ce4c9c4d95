import subprocess
from pathlib import Path

import pytest

from scripts.release.errors import Refusal, ReleaseRefused
from scripts.release.source import check_clean, check_version, commit_time, export, version_of

AUTHOR = ("-c", "user.name=A", "-c", "user.email=a@localhost")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    folder = tmp_path / "checkout"
    (folder / "package").mkdir(parents=True)
    (folder / "package" / "module.py").write_text("x = 1\n")
    (folder / ".gitignore").write_text("build/\n")
    for command in (["init", "-q"], ["add", "."], [*AUTHOR, "commit", "-qm", "Begin"]):
        subprocess.run(["git", *command], cwd=folder, check=True)
    return folder


def test_version_of_reads_the_project() -> None:
    assert version_of('[project]\nname = "a"\nversion = "1.2.3"\n') == "1.2.3"


@pytest.mark.parametrize("version", ["0.1.0", "1.20.3", "1.0.0rc1"])
def test_check_version_accepts_a_version_with_its_section(version: str) -> None:
    check_version(version, f"# Changelog\n\n## Unreleased\n\n## {version} - 2026-11-29\n")


@pytest.mark.parametrize(
    ("version", "changelog"),
    [
        ("0.1.0.dev0", "## 0.1.0.dev0 - 2026-11-29\n"),
        ("0.1", "## 0.1 - 2026-11-29\n"),
        ("0.1.0", "## Unreleased\n"),
        ("0.1.0", "## 0.1.0\n"),
        ("0.1.0", "## 0.1.0rc1 - 2026-11-29\n"),
        ("0.1.0", "## 0x1.0 - 2026-11-29\n"),
    ],
)
def test_check_version_refuses(version: str, changelog: str) -> None:
    with pytest.raises(ReleaseRefused) as refused:
        check_version(version, changelog)
    assert refused.value.kind is Refusal.VERSION_NOT_RELEASED


def test_check_clean_accepts_what_git_ignores(checkout: Path) -> None:
    (checkout / "build").mkdir()
    (checkout / "build" / "made").touch()
    check_clean(checkout)


@pytest.mark.parametrize("name", ["package/module.py", "new.py"])
def test_check_clean_names_a_change(checkout: Path, name: str) -> None:
    (checkout / name).write_text("changed\n")
    with pytest.raises(ReleaseRefused, match=f"1 changes, beginning with {name}") as refused:
        check_clean(checkout)
    assert refused.value.kind is Refusal.TREE_NOT_CLEAN


def test_commit_time_is_in_seconds(checkout: Path) -> None:
    assert int(commit_time(checkout)) > 1_600_000_000


def test_export_copies_new_files_but_not_ignored_or_deleted_ones(checkout: Path, tmp_path: Path) -> None:
    (checkout / "build").mkdir()
    (checkout / "build" / "made").touch()
    (checkout / "new.py").touch()
    (checkout / ".gitignore").unlink()
    (checkout / ".git" / "info" / "exclude").write_text("build/\n")
    export(checkout, tmp_path / "copy")
    copied = [path for path in (tmp_path / "copy").rglob("*") if path.is_file()]
    assert {str(path.relative_to(tmp_path / "copy")) for path in copied} == {"package/module.py", "new.py"}
