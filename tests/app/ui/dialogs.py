"""Dialogs of the system in which everything is chosen at once."""

from collections.abc import Sequence

from PySide6.QtWidgets import QWidget

from app.ui.widgets.dialogs import Dialogs


class FakeDialogs(Dialogs):
    """Dialogs that return ``chosen``, and record what they are asked; without a choice they are cancelled."""

    def __init__(self) -> None:
        self.chosen: list[str] = []
        self.titles: list[str] = []
        self.kinds: Sequence[str] = ()
        self.suggested: list[str] = []
        self.shown: list[str] = []

    def files(self, parent: QWidget, title: str, kinds: Sequence[str]) -> list[str]:
        self.kinds = kinds
        return self.chosen

    def folder(self, parent: QWidget, title: str) -> str:
        self.titles.append(title)
        return next(iter(self.chosen), "")

    def place(self, parent: QWidget, title: str, suggested: str) -> str:
        self.suggested.append(suggested)
        return next(iter(self.chosen), "")

    def show(self, path: str) -> None:
        self.shown.append(path)
