"""Errors of replacement rules in files."""

from app.core.errors import AppError, Note


class SheetError(AppError):
    """The base class of errors of a file with rules. Nothing of the file is imported."""


class SheetUnreadable(SheetError):
    """The file cannot be read, or is no text."""

    def __init__(self, place: str) -> None:
        super().__init__(f"{place} is not readable text: save it as CSV in UTF-8")
        self.note = Note("sheet-unreadable")


class SheetTooLarge(SheetError):
    """The file has more than ``most_mib`` MiB."""

    def __init__(self, place: str, most_mib: int) -> None:
        super().__init__(f"{place} has more than {most_mib} MiB: split it, and import the parts")
        self.note = Note("sheet-too-large", {"most": str(most_mib)})
