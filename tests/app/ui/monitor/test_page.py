"""Monitor page in each of its states: visible values, actions and keyboard access."""

from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from app.core.errors import Note
from app.core.states import State
from app.local_services.worker_view import LocalWorkerState, SwitchWorker, WorkerView
from app.messages.kinds import Action
from app.monitoring.model import MonitorModel
from app.monitoring.view import Link, MonitorView
from app.ui.monitor.page import MonitorPage
from app.ui.monitor.timeline import TimelineRow
from app.ui.strings.texts import Texts
from app.ui.theme.colours import Scheme
from app.ui.theme.theme import Theme
from app.ui.widgets.panels import scrolling
from scripts.example_fleet import MACHINES, ExampleFleet
from tests.app.ui.languages import in_each_language
from tests.app.ui.showing import displayed, enlarge
from tests.helpers.legibility import cut


def busy() -> MonitorView:
    """Return the monitor view after a minute of work."""
    model = MonitorModel()
    ExampleFleet(model).run(60)
    return model.view(60.0)


def seen(page: QWidget, widget: QWidget) -> bool:
    """Return True if the whole widget is inside the page."""
    return page.rect().contains(QRect(widget.mapTo(page, QPoint(0, 0)), widget.size()))


@pytest.fixture
def page(theme: Theme, texts: Texts, asked: list[Action], qtbot: QtBot) -> MonitorPage:
    return displayed(qtbot, MonitorPage(theme, texts, asked.append), 900, 700)


def test_monitor_says_connecting_before_first_values(page: MonitorPage, texts: Texts) -> None:
    assert page.link.text() == page.trouble_name.text() == texts("monitor.connecting")
    assert page.trouble.isVisible() and not page.figures.isVisible()
    assert page.help.text() == texts("monitor.connecting-help")


def test_monitor_shows_figures_workers_stages_and_utterances(page: MonitorPage, texts: Texts) -> None:
    view = busy()
    page.show_monitor(view)
    assert page.figures.isVisible() and not page.trouble.isVisible()
    assert (page.link.text(), page.shape.state) == (texts("monitor.live"), State.LISTENING)
    assert page.queued.value.text() == f"{view.queued.now:.0f}"
    assert [card.host.text() for card in page.cards] == sorted(machine.host for machine in MACHINES)
    assert all(card.isVisible() for card in page.cards)
    assert len(page.timeline.rows) == len(view.utterances) > 10
    assert page.timeline.isVisible() and not page.no_utterances.isVisible() and not page.nobody.isVisible()
    assert len([line for line in page.stages.lines.values() if line.name.isVisible()]) == len(view.stages)


@in_each_language
def test_failed_utterance_is_found_after_hundreds_of_others(page: MonitorPage, texts: Texts) -> None:
    view = busy()
    done = replace(view.utterances[0], state=State.DONE, reason="")
    lost, late = (
        replace(done, session="lost", state=State.FAILED),
        replace(done, session="late", state=State.WAITING),
    )
    many = replace(view, utterances=(*(replace(done, segment=number) for number in range(198)), late, lost))
    page.show_monitor(many)
    everything, in_progress, failed = page.filter.buttons
    for button, found in ((failed, [lost]), (in_progress, [late])):
        button.click()
        page.show_monitor(many)
        assert [row.row for row in page.timeline.rows] == found and button.isChecked()
        assert page.timeline.isVisible() and not page.no_utterances.isVisible()
    page.show_monitor(replace(many, utterances=many.utterances[:-2]))
    assert page.no_utterances.text() == texts("monitor.none.in-progress")
    assert not page.timeline.isVisible() and page.filter.isVisible()
    everything.click()
    assert len(page.timeline.rows) > 10 and page.timeline.isVisible() and cut(page) == []


def test_unreachable_gateway_is_shown_with_remedy(page: MonitorPage, texts: Texts) -> None:
    page.show_monitor(MonitorView(Link.LOST))
    assert not page.figures.isVisible() and page.trouble.isVisible() and not page.reason.isVisible()
    assert (page.link.text(), page.shape.state) == (texts("monitor.not-connected"), State.FAILED)
    assert page.help.text() == texts("monitor.lost-help")
    for said in (texts("monitor.lost"), texts("monitor.lost-help")):
        assert said in page.trouble.accessibleName()


@in_each_language
def test_refusal_is_explained_in_the_language_of_the_window(page: MonitorPage, texts: Texts) -> None:
    page.show_monitor(MonitorView(Link.REFUSED, refusal=Note("gateway-unauthorised")))
    assert page.reason.text() == texts("note.gateway-unauthorised")
    assert page.reason.text() in page.trouble.accessibleName()


def test_last_values_stay_visible_when_gateway_is_lost(page: MonitorPage, texts: Texts) -> None:
    page.show_monitor(replace(busy(), link=Link.LOST))
    assert page.figures.isVisible() and page.trouble.isVisible()
    assert page.trouble_name.text() == texts("monitor.lost-old")


def test_own_worker_can_be_started_when_no_worker_runs(
    page: MonitorPage, texts: Texts, asked: list[Action]
) -> None:
    page.show_monitor(replace(busy(), workers=(), utterances=(), stages=()))
    assert page.nobody.isVisible() and page.start.isVisible() and not page.workers.isVisible()
    assert texts("monitor.no-workers") in page.nobody.accessibleName()
    assert page.no_utterances.isVisible() and not page.timeline.isVisible() and not page.filter.isVisible()
    assert page.no_utterances.text() == texts("monitor.none.all")
    QTest.keyClick(page.start, Qt.Key.Key_Space)
    assert asked == [SwitchWorker(True)]
    page.show_worker(WorkerView(LocalWorkerState.DOWNLOADING, percent=40))
    assert not page.start.isVisible() and "40" in page.here.text()
    page.show_worker(WorkerView(LocalWorkerState.FAILED, reason=Note("models-disk-full")))
    assert page.start.isVisible()
    page.show_worker(WorkerView(reason=Note("recognised-elsewhere")))
    assert [page.start.isVisible()] == [False], "it comes back by itself"


def test_gone_workers_do_not_count_as_running(page: MonitorPage) -> None:
    view = busy()
    page.show_monitor(replace(view, workers=tuple(replace(worker, gone=True) for worker in view.workers)))
    assert page.nobody.isVisible() and page.workers.isVisible()


def test_worker_cards_follow_number_of_workers(page: MonitorPage, texts: Texts) -> None:
    view = busy()
    page.show_monitor(view)
    page.show_monitor(replace(view, workers=view.workers[:1], more_workers=5))
    assert [card.isVisible() for card in page.cards] == [True, False, False]
    assert page.more.isVisible() and page.more.text() == texts("monitor.more-workers", count=5)
    page.show_monitor(view)
    assert all(card.isVisible() for card in page.cards) and not page.more.isVisible()


def test_hidden_monitor_only_keeps_values(page: MonitorPage) -> None:
    page.hide()
    page.show_monitor(busy())
    page.show_worker(WorkerView(LocalWorkerState.IDLE))
    assert page.cards == []
    page.show()
    assert len(page.cards) == len(MACHINES)


def test_keyboard_reaches_every_named_part_of_monitor(page: MonitorPage, qtbot: QtBot) -> None:
    page.show_monitor(busy())
    reached: list[QWidget] = []
    page.queued.setFocus()
    qtbot.waitUntil(page.queued.hasFocus)
    widget: QWidget = page.queued
    for _ in range(30):
        reached.append(widget)
        QTest.keyClick(widget, Qt.Key.Key_Tab)
        after = QApplication.focusWidget()
        assert isinstance(after, QWidget)
        widget = after
        if widget is page.queued:
            break
    figures = [page.queued, page.oldest, page.throughput, page.rtf, *page.cards, page.stages]
    wanted: list[QWidget] = [*figures, page.filter.buttons[0]]  # arrow keys reach the other buttons
    assert reached[: len(wanted)] == wanted
    assert isinstance(reached[len(wanted)], TimelineRow)  # one row takes the focus, arrow keys reach the others
    assert len(reached) == len(wanted) + 1
    assert all(widget.accessibleName() for widget in reached)


def test_row_reached_by_arrow_keys_is_scrolled_into_view(page: MonitorPage, qtbot: QtBot) -> None:
    area = scrolling(page)
    area.resize(page.size())
    area.show()
    area.activateWindow()
    page.show_monitor(busy())
    first, last = page.timeline.rows[0], page.timeline.rows[-1]
    first.setFocus()
    qtbot.waitUntil(first.hasFocus)
    qtbot.waitUntil(lambda: not seen(area, last) and page.height() > 2 * area.height())
    QTest.keyClick(first, Qt.Key.Key_End)
    assert last.hasFocus()
    qtbot.waitUntil(lambda: seen(area, last))
    area.takeWidget()


def test_monitor_changes_language_and_colours_while_open(theme: Theme, qtbot: QtBot) -> None:
    texts = Texts("en")
    page = displayed(qtbot, MonitorPage(theme, texts, lambda action: None))
    page.show_monitor(busy())
    before = page.grab().toImage()
    texts.choose("zh")
    assert page.name.text() == "监视器" and page.tiles_name.text() == "最近 10 分钟"
    assert page.cards[0].cpu.name.text() == "处理器"
    theme.choose(Scheme.DARK)
    assert page.grab().toImage() != before


@in_each_language
def test_monitor_cuts_no_text_at_double_font_size(theme: Theme, texts: Texts, qtbot: QtBot) -> None:
    enlarge(2)
    page = displayed(qtbot, MonitorPage(theme, texts, lambda action: None), 900, 700)
    page.show_monitor(busy())
    qtbot.waitUntil(lambda: page.tiles.across < 4)
    qtbot.waitUntil(lambda: cut(page) == [])


@in_each_language
def test_monitor_cuts_no_text_when_text_becomes_larger(theme: Theme, texts: Texts, qtbot: QtBot) -> None:
    page = displayed(qtbot, MonitorPage(theme, texts, lambda action: None), 750, 700)
    page.show_monitor(busy())
    qtbot.waitUntil(lambda: cut(page) == [])
    theme.choose_text_size("largest")
    qtbot.waitUntil(lambda: cut(page) == [])
