"""Examination panel: runs on demand, shows progress, and lists the most severe findings first."""

import pytest
from pytestqt.qtbot import QtBot

from app.diagnostics.checks.finding import Topic, advice, ok, wrong
from app.diagnostics.report.view import ExaminationView, Examine, HelpAction
from app.ui.help.panels import ExaminationPanel
from app.ui.strings.texts import Texts
from app.ui.theme.theme import Theme
from tests.app.ui.showing import displayed

WELL = ok(Topic.TRAY, "tray-there")
HINT = advice(Topic.TRAY, "tray-none")
BAD = wrong(Topic.MODELS, "model-damaged", model="fsmn-vad")


@pytest.fixture
def texts() -> Texts:
    return Texts("en")


@pytest.fixture
def panel(theme: Theme, texts: Texts, asked: list[HelpAction], qtbot: QtBot) -> ExaminationPanel:
    return displayed(qtbot, ExaminationPanel(theme, texts, asked.append), 700, 500)


def rows(panel: ExaminationPanel) -> list[str]:
    return [str(panel.model.data(panel.model.index(row))) for row in range(panel.model.rowCount())]


def test_examination_starts_on_request(panel: ExaminationPanel, asked: list[HelpAction]) -> None:
    assert not panel.list.isVisible() and not panel.text.isVisible() and not panel.state.text()
    panel.examine.click()
    assert asked == [Examine()]
    panel.show_examination(ExaminationView((WELL,), Topic.MODELS))
    assert not panel.examine.isEnabled() and panel.state.text() == "Checking: Models"
    panel.show_examination(ExaminationView((WELL, BAD)))
    assert panel.examine.isEnabled() and panel.examine.text() == "Check again"


def test_most_severe_finding_is_first_with_remedy_below(panel: ExaminationPanel) -> None:
    panel.show_examination(ExaminationView((WELL, HINT, BAD)))
    assert [row.split(",")[0] for row in rows(panel)] == ["Problem", "Advice", "OK"]
    assert panel.state.text() == "1 problem"
    assert "Do this: Run kikipounamu models get fsmn-vad" in panel.text.toPlainText()
    assert "AppIndicator" in panel.text.toPlainText()
    panel.list.setCurrentIndex(panel.model.index(2))
    assert panel.text.toPlainText() == "Tray: The tray is available."


def test_examination_without_problems_says_so(panel: ExaminationPanel) -> None:
    panel.show_examination(ExaminationView((WELL,)))
    assert panel.state.text() == "All checks passed." and not panel.text.isVisible()


def test_examination_follows_window_language(panel: ExaminationPanel, texts: Texts) -> None:
    panel.show_examination(ExaminationView((BAD,)))
    texts.choose("zh")
    assert rows(panel)[0].startswith("问题, 模型, fsmn-vad 已损坏。")
    assert panel.state.text() == "1 个问题" and list(panel.words())
