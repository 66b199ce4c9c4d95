import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from app.replacements.rules import Replacement
from app.settings.checks import RULE_FAULTS
from app.ui.replacements.rules_model import PROBLEM, QUIET, Column, FoundRules, RulesModel
from app.ui.strings.texts import Texts
from tests.app.ui.languages import in_each_language

Role = Qt.ItemDataRole
RULES = (Replacement("git hub", "GitHub"), Replacement("um"), Replacement("new line", "\n", False, True))


@pytest.fixture
def model(texts: Texts) -> RulesModel:
    made = RulesModel(texts)
    made.show_rules(RULES)
    return made


def shown(model: RulesModel, row: int) -> list[object]:
    return [model.index(row, column).data() for column in (Column.HEARS, Column.WRITES, Column.TAKES)]


def test_rules_are_shown_with_number_of_changed_takes(model: RulesModel, texts: Texts) -> None:
    model.show_takes({0: 14, 2: 0})
    assert [shown(model, row) for row in range(3)] == [
        ["git hub", "GitHub", "14"],
        ["um", "", None],
        ["new line", "↵", "0"],
    ]
    assert model.index(2, Column.WHOLE).data(Role.CheckStateRole) == Qt.CheckState.Unchecked
    assert model.index(1, Column.WRITES).data(QUIET) == texts("words.left-out")
    assert model.index(0, Column.WRITES).data(QUIET) is None


def test_edited_cells_change_rules_and_emit_signal(model: RulesModel, qtbot: QtBot) -> None:
    with qtbot.waitSignals([model.edited] * 4):
        model.setData(model.index(0, Column.HEARS), "  gitlab ")
        model.setData(model.index(0, Column.WRITES), "Git↵Lab")
        model.setData(model.index(0, Column.WHOLE), Qt.CheckState.Unchecked, Role.CheckStateRole)
        model.setData(model.index(0, Column.CASE), Qt.CheckState.Checked, Role.CheckStateRole)
    assert model.draft.rules[0] == Replacement("gitlab", "Git\nLab", whole_word=False, match_case=True)
    with qtbot.assertNotEmitted(model.edited):
        model.setData(model.index(0, Column.HEARS), "gitlab")
        assert not model.setData(model.index(0, Column.TAKES), "3")


@in_each_language
def test_invalid_row_shows_reason_to_eyes_and_screen_readers(model: RulesModel, texts: Texts) -> None:
    model.setData(model.index(1, Column.HEARS), "GIT HUB")
    why = texts("words.wrong.twice")
    assert model.index(1, Column.TAKES).data(PROBLEM) == why
    assert model.index(1, Column.HEARS).data(Role.ToolTipRole) == why
    said = model.index(1, Column.HEARS).data(Role.AccessibleTextRole)
    assert said == f"{texts('words.hears-hint')}: GIT HUB: {why}"
    assert model.index(0, Column.WHOLE).data(Role.AccessibleTextRole).endswith(texts("words.on"))


def test_every_rule_problem_has_a_text(texts: Texts) -> None:
    assert all(texts(f"words.wrong.{why}") for why in RULE_FAULTS)


def test_new_row_counts_once_its_replacement_is_entered(model: RulesModel, qtbot: QtBot) -> None:
    row = model.add()
    model.setData(model.index(row, Column.HEARS), "hmm")
    assert len(model.draft.counting) == 3
    with qtbot.waitSignal(model.edited):
        model.setData(model.index(row, Column.WRITES), "")
    assert list(model.draft.counting)[3] == Replacement("hmm")
    model.add()
    model.finish()
    assert model.rowCount() == 4, "nothing was entered"


def test_rows_are_removed_and_merged(model: RulesModel, qtbot: QtBot) -> None:
    with qtbot.waitSignals([model.edited] * 2):
        model.remove([0, 2])
        model.merge([Replacement("UM", "x"), Replacement("b")])
    assert model.draft.rules == [Replacement("UM", "x"), Replacement("b")]


def test_search_matches_both_texts_and_keeps_new_row(model: RulesModel) -> None:
    found = FoundRules(model)
    found.search(" GITHUB ")
    assert found.rowCount() == 1
    model.add()
    assert found.rowCount() == 2
    found.search("")
    assert found.rowCount() == 4


def test_headers_have_text_and_tool_tip(model: RulesModel, texts: Texts) -> None:
    across = Qt.Orientation.Horizontal
    for column in Column:
        assert model.headerData(column, across) and model.headerData(column, across, Role.ToolTipRole)
    assert model.headerData(0, Qt.Orientation.Vertical) is None
