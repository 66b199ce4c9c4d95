from pathlib import Path

from app.core.hints import FirstTimes, ShownOnce


def test_once_is_remembered_after_report(tmp_path: Path) -> None:
    once = ShownOnce(tmp_path / "data" / "told")
    before = once.done
    once.mark_shown()
    once.mark_shown()
    assert (before, once.done, ShownOnce(tmp_path / "data" / "told").done) == (False, True, True)


def test_once_is_reported_again_when_file_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    once = ShownOnce(tmp_path / "file" / "told")
    once.mark_shown()
    assert once.done and not ShownOnce(tmp_path / "file" / "told").done


def test_hint_is_shown_the_first_times_only(tmp_path: Path) -> None:
    place = tmp_path / "data" / "told"
    left = []
    for _ in range(4):  # one start of the app each
        hint = FirstTimes(place, most=3)
        left.append(hint.left)
        hint.count()
    assert left == [3, 2, 1, 0]
    assert place.stat().st_size == 3, "the file does not grow for ever"


def test_hint_begins_anew_when_file_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    hint = FirstTimes(tmp_path / "file" / "told", most=2)
    hint.count()
    assert hint.left == 1 and FirstTimes(tmp_path / "file" / "told", most=2).left == 2
