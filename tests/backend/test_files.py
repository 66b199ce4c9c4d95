import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import pytest

from backend.files import made_once, replace_file


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_what_is_made_once_stays(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "secret"
    assert made_once(file, lambda: b"first") == made_once(file, lambda: b"second") == b"first"
    assert (mode(file), mode(file.parent)) == (0o600, 0o700)


def test_several_who_make_it_at_once_get_the_same(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    with ThreadPoolExecutor(8) as several:
        made = set(several.map(lambda _: made_once(file, lambda: uuid4().bytes), range(64)))
    assert len(made) == 1
    assert list(tmp_path.iterdir()) == [file]


def test_a_file_is_replaced_as_a_whole(tmp_path: Path) -> None:
    file = tmp_path / "list"
    replace_file(file, b"a" * 100)
    replace_file(file, b"b")
    assert (file.read_bytes(), mode(file)) == (b"b", 0o600)
    assert list(tmp_path.iterdir()) == [file]


def test_what_cannot_be_replaced_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "list").mkdir()
    with pytest.raises(OSError):
        replace_file(tmp_path / "list", b"a")
    assert [path.name for path in tmp_path.iterdir()] == ["list"]


def test_what_cannot_be_made_leaves_nothing_behind(tmp_path: Path) -> None:
    def fail() -> bytes:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        made_once(tmp_path / "secret", fail)
    assert list(tmp_path.iterdir()) == []
