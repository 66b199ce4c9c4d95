"""Recordings in dropped files and folders."""

import errno
import os
from functools import partial
from pathlib import Path
from typing import Never

import pytest

from app.core.errors import UsageMistake
from app.files.file_search import KINDS, _recordings, find, named_recordings


def made(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


def names(folder: Path, *paths: Path, most: int = 100) -> list[str]:
    return [str(Path(path).relative_to(folder)) for path in find(map(str, paths), most).paths]


def test_find_accepts_any_named_file_once(tmp_path: Path) -> None:
    made(tmp_path, "a.mp3", "notes.txt")
    missing = tmp_path / "none.wav"
    found = names(tmp_path, tmp_path / "notes.txt", missing, tmp_path / "a.mp3", tmp_path / "x" / ".." / "a.mp3")
    assert found == ["notes.txt", "none.wav", "a.mp3"]


def test_path_that_the_disk_refuses_hides_no_other_file(tmp_path: Path) -> None:
    made(tmp_path, "a.mp3")
    refused = tmp_path / f"{'long ' * 60}.wav"
    assert names(tmp_path, refused, tmp_path / "a.mp3") == [refused.name, "a.mp3"]
    assert named_recordings([refused]) == [refused]


def test_find_sorts_recordings_of_folder(tmp_path: Path) -> None:
    made(tmp_path, "b/2.MP4", "b/1.wav", "b/c/3.opus", "b/notes.txt", "b/.hidden.wav", "b/.cache/4.wav", "b/wav")
    assert names(tmp_path, tmp_path / "b") == ["b/1.wav", "b/2.MP4", "b/c/3.opus"]
    numbered = [f"{number:02}.wav" for number in range(12)]
    for folder, order in ((tmp_path / "up", numbered), (tmp_path / "down", numbered[::-1])):
        made(folder, *order)
        assert names(folder, folder) == numbered


@pytest.mark.parametrize("kind", ["au", "mka"])
def test_find_takes_rarer_kinds_that_can_be_read(tmp_path: Path, kind: str) -> None:
    made(tmp_path, f"a/talk.{kind}")
    assert names(tmp_path, tmp_path / "a") == [f"a/talk.{kind}"]


def test_find_gives_up_a_folder_with_too_many_entries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.files.file_search._recordings", partial(_recordings, most=3))
    made(tmp_path, "few/notes.txt", "few/c/1.wav", "many/1.txt", "many/2.txt", "many/3.txt", "many/c/1.wav")
    assert names(tmp_path, tmp_path / "few", tmp_path / "many") == ["few/c/1.wav"]


def test_find_follows_no_links_to_folders(tmp_path: Path) -> None:
    made(tmp_path, "a/1.wav")
    os.symlink(tmp_path / "a", tmp_path / "a" / "again")
    assert names(tmp_path, tmp_path / "a") == ["a/1.wav"]


def test_find_counts_recordings_over_the_limit(tmp_path: Path) -> None:
    made(tmp_path, *(f"{number:02}.wav" for number in range(12)))
    found = find([str(tmp_path)], 10)
    assert (len(found.paths), found.left_out) == (10, 2)


def test_find_returns_nothing_for_empty_folder(tmp_path: Path) -> None:
    assert find([str(tmp_path)], 10) == ((), 0)


def test_named_folders_are_replaced_by_their_recordings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made(tmp_path, "b/2.MP4", "b/1.wav", "b/c/3.opus", "b/notes.txt", "b/.hidden.wav", "a.txt")
    monkeypatch.chdir(tmp_path)
    named = [Path("a.txt"), Path("b/2.MP4"), Path("none.wav"), Path("b"), Path("a.txt")]
    found = ["a.txt", "b/2.MP4", "none.wav", "b/1.wav", "b/c/3.opus", "a.txt"]
    assert named_recordings(named) == [Path(name) for name in found]


def test_named_folder_without_recordings_is_refused(tmp_path: Path) -> None:
    made(tmp_path, "b/notes.txt", "b/.hidden.wav", "1.wav")
    with pytest.raises(UsageMistake, match="b has no audio or video files: name recordings"):
        named_recordings([tmp_path / "1.wav", tmp_path / "b"])


def test_named_folder_that_cannot_be_read_is_refused_with_its_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path) -> Never:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(UsageMistake, match=r"cannot be read \(Permission denied\)"):
        named_recordings([tmp_path])


def test_extensions_are_unique_and_lower_case() -> None:
    assert len(set(KINDS)) == len(KINDS)
    assert all(kind == kind.lower() and "." not in kind for kind in KINDS)
