from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from app.onboarding.steps import Step
from app.ui.onboarding.widgets import StepPage
from app.ui.strings.texts import Texts


class Some(StepPage):
    step = Step.KEY

    def __init__(self, texts: Texts) -> None:
        super().__init__(texts)
        self.told: list[bool] = []

    @property
    def first(self) -> QWidget:
        return self

    @property
    def complete(self) -> bool:
        return False

    def begin(self) -> None:
        self.told.append(True)

    def end(self) -> None:
        self.told.append(False)


def test_step_page_is_named_and_begins_and_ends_once(texts: Texts, qtbot: QtBot) -> None:
    page = Some(texts)
    qtbot.addWidget(page)
    page.refresh()
    assert page.accessibleName() == page.heading.text() == texts("onboarding.heading.hotkey")
    assert page.description.text() == texts("onboarding.says.hotkey") and page.result == ""
    for seen in (False, True, True, False, False):
        page.show_seen(seen)
    assert page.told == [True, False]
