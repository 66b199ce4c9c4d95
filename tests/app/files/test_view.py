"""File views: percentages, remaining times and shortened texts."""

import pytest

from app.files.view import ENDED, MOST_FILES, MOST_TEXT, FileState, FilesView, FileView, left_s, shortened


@pytest.mark.parametrize(
    ("position_s", "duration_s", "state", "percent"),
    [
        (0.0, 100.0, FileState.WORKING, 0),
        (49.9, 100.0, FileState.WORKING, 49),
        (100.0, 100.0, FileState.WORKING, 99),
        (150.0, 100.0, FileState.PAUSED, 99),
        (7.0, None, FileState.WORKING, None),
        (7.0, 0.0, FileState.WORKING, None),
        (7.0, None, FileState.DONE, 100),
    ],
)
def test_percent_follows_position_and_state(
    position_s: float, duration_s: float | None, state: FileState, percent: int | None
) -> None:
    assert FileView(1, "/a", state, position_s, duration_s).percent == percent


def test_name_leaves_out_folder() -> None:
    assert FileView(1, "/some/where/talk.mp3").name == "talk.mp3"


def test_file_is_untouched_until_it_runs_or_has_text() -> None:
    untouched = {state for state in FileState if FileView(1, "/a", state).untouched}
    assert untouched == set(FileState) - ENDED - {FileState.WORKING}
    assert not any(FileView(1, "/a", state, 0.1).untouched for state in FileState)


def test_list_is_full_with_most_files() -> None:
    files = tuple(FileView(number, "/a") for number in range(MOST_FILES))
    assert [FilesView(files[:count]).full for count in (0, MOST_FILES - 1, MOST_FILES)] == [False, False, True]


@pytest.mark.parametrize(
    ("done_s", "elapsed_s", "left"), [(60.0, 6.0, 54.0), (0.0, 60.0, None), (60.0, 1.0, None), (-3.0, 60.0, None)]
)
def test_remaining_time_follows_speed_so_far(done_s: float, elapsed_s: float, left: float | None) -> None:
    assert left_s(done_s, 540.0, elapsed_s) == left


def test_remaining_time_is_zero_after_the_end() -> None:
    assert left_s(600.0, -1.0, 60.0) == 0.0


def test_shortened_keeps_chosen_end() -> None:
    text = "a" * MOST_TEXT + " end"
    assert shortened("short", end=True) == shortened("short", end=False) == "short"
    assert shortened(text, end=False) == "a" * MOST_TEXT + "…"
    assert shortened(text, end=True).endswith("a end")
    assert len(shortened(text, end=True)) == MOST_TEXT + 1
