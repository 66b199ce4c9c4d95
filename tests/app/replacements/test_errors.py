"""Errors of files with rules say what to do, and windows have their texts."""

from app.core.errors import AppError, Note
from app.replacements.errors import SheetTooLarge, SheetUnreadable


def test_errors_of_sheets_name_the_file_and_the_remedy() -> None:
    large, unreadable = SheetTooLarge("words.csv", 4), SheetUnreadable("words.csv")
    assert isinstance(large, AppError)
    assert str(large) == "words.csv has more than 4 MiB: split it, and import the parts"
    assert large.note == Note("sheet-too-large", {"most": "4"})
    assert str(unreadable) == "words.csv is not readable text: save it as CSV in UTF-8"
    assert unreadable.note == Note("sheet-unreadable")
