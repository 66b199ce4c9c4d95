"""Tests of pasting the rest of a recording that the user has edited."""

from pathlib import Path
from uuid import UUID

import numpy as np
import pytest

from app.dictation.edited_text import edited_text
from app.journal.library import Library, TakeSnapshot
from protocol.recognition import Options
from protocol.session import Final, SegmentDetails

ONE = UUID(int=1)
SAID = ("This is one.", "This is two.", "This is three.")
EDITED = "This was one. This was two. This was three!"


def take(folder: Path, edit: str, *inserted: int, span: str = "") -> TakeSnapshot:
    """Return a take with these texts and this edit; a ``span`` replaces the last two texts."""
    library = Library(folder)
    with library.create(ONE, Options(), 0) as journal:
        journal.set_wanted(inserted=True)
        journal.append(np.zeros(100 * len(SAID), np.int16))
        for number, text in enumerate(SAID):
            journal.begin(number, 100 * number)
            journal.end(number, 100)
            journal.settle(number, Final(number, text))
        if span:
            journal.begin(3, 100, SegmentDetails(replaces=(1, 2)))
            journal.end(3, 200)
            journal.settle(3, Final(3, span))
            journal.choose(3, accepted=True)
        for number in inserted:
            journal.record_inserted(number)
        journal.finish()
        if edit:
            journal.edit(edit)
    return library.find(ONE)


def test_text_without_edit_is_pasted_as_recognised(tmp_path: Path) -> None:
    assert edited_text(take(tmp_path, "", 0), {1: SAID[1]}) is None


def test_edit_of_take_without_inserted_part_is_pasted_whole(tmp_path: Path) -> None:
    assert edited_text(take(tmp_path, EDITED), dict(enumerate(SAID))) == EDITED


@pytest.mark.parametrize(
    ("inserted", "rest"), [((0,), "This was two. This was three!"), ((0, 1), "This was three!"), ((1,), None)]
)
def test_rest_is_pasted_as_edited(inserted: tuple[int, ...], rest: str | None, tmp_path: Path) -> None:
    held = {number: f" {text}" for number, text in enumerate(SAID) if number not in inserted}
    expected = "This was one. This was three!" if rest is None else rest
    assert edited_text(take(tmp_path, EDITED, *inserted), held) == expected


def test_rest_that_the_user_deleted_is_empty(tmp_path: Path) -> None:
    assert edited_text(take(tmp_path, "This is one.", 0), {1: SAID[1], 2: SAID[2]}) == ""


def test_rest_of_one_text_is_not_searched_in_the_edit(tmp_path: Path) -> None:
    assert edited_text(take(tmp_path, EDITED, 0), {1: "is two.", 2: SAID[2]}) is None


def test_edit_of_a_partly_inserted_text_is_not_pasted_again(tmp_path: Path) -> None:
    found = take(tmp_path, EDITED)
    found.take.segments[0].rest = "is one."
    assert edited_text(found, {**dict(enumerate(SAID)), 0: "is one."}) is None


def test_rest_of_partly_inserted_edit_is_not_edited_again(tmp_path: Path) -> None:
    """Only the first two words of "To begin: This is one." were inserted."""
    found = take(tmp_path, "To begin: This is one. This is two. This is three.", 1, 2)
    found.take.segments[0].rest = SAID[0]
    assert edited_text(found, {0: SAID[0]}) is None


def test_span_is_edited_under_the_number_of_its_first_text(tmp_path: Path) -> None:
    found = take(tmp_path, "This is one. These were two and three.", 0, span="These are two and three.")
    assert edited_text(found, {1: "These are two and three."}) == "These were two and three."
