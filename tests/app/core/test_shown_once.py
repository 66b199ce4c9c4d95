from pathlib import Path

from app.core.shown_once import ShownOnce


def test_once_is_remembered_after_tell(tmp_path: Path) -> None:
    once = ShownOnce(tmp_path / "data" / "told")
    before = once.done
    once.tell()
    once.tell()
    assert (before, once.done, ShownOnce(tmp_path / "data" / "told").done) == (False, True, True)


def test_once_is_told_again_when_file_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    once = ShownOnce(tmp_path / "file" / "told")
    once.tell()
    assert once.done and not ShownOnce(tmp_path / "file" / "told").done
