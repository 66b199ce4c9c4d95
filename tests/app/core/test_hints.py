from pathlib import Path

from app.core.hints import FirstTimes


def test_hint_is_over_when_an_empty_file_remembers_it(tmp_path: Path) -> None:
    (tmp_path / "told").touch()
    assert FirstTimes(tmp_path / "told", 1).left == 0


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
