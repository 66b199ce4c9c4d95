from pathlib import Path

from app.once import Once


def test_told_once_is_remembered(tmp_path: Path) -> None:
    once = Once(tmp_path / "data" / "told")
    before = once.done
    once.tell()
    once.tell()
    assert (before, once.done, Once(tmp_path / "data" / "told").done) == (False, True, True)


def test_disk_that_takes_nothing_has_it_told_again(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    once = Once(tmp_path / "file" / "told")
    once.tell()
    assert once.done and not Once(tmp_path / "file" / "told").done
