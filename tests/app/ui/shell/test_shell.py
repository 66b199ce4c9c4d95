"""Pages beside the sidebar: mouse, keyboard, and closing the window."""

from collections.abc import Callable
from itertools import pairwise

import pytest
from PySide6.QtCore import QPoint, QSize, Qt
from PySide6.QtGui import QFont
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QHBoxLayout, QLabel, QLineEdit, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from app.dictation.actions import Verb
from app.messages.kinds import Action
from app.ui.settings.choices import Choices
from app.ui.shell import shell as module
from app.ui.shell.popover import StatusBoard
from app.ui.shell.shell import MonitorWindow, Shell, usual_size
from app.ui.strings.texts import Texts
from app.ui.theme.theme import CONTENT_WIDTH, SPACING, Theme
from app.ui.widgets.panels import follow_visibility, scrolling
from app.ui.widgets.parts import stretched, vertical
from tests.app.ui.languages import in_each_language
from tests.helpers.legibility import cut, unnamed

Make = Callable[..., Shell]


@pytest.fixture
def make(theme: Theme, asked: list[Action], qtbot: QtBot) -> Make:
    def made(texts: Texts) -> Shell:
        shell = Shell(theme, texts, asked.append)
        qtbot.addWidget(shell)
        for name in ("home", "files", "settings"):
            shell.add(name, QLabel(name))
        return shell

    return made


def test_first_page_is_in_front_and_sidebar_changes_it(make: Make, texts: Texts) -> None:
    shell = make(texts)
    seen: list[str] = []
    shell.page_shown.connect(seen.append)
    shell.appear()
    assert (shell.page, shell.entries["home"].isChecked(), seen[-1]) == ("home", True, "home")
    QTest.mouseClick(shell.entries["files"], Qt.MouseButton.LeftButton)
    assert (shell.page, shell.entries["home"].isChecked(), seen[-1]) == ("files", False, "files")
    shell.appear("settings")
    assert (shell.page, shell.entries["settings"].isChecked(), seen[-1]) == ("settings", True, "settings")
    shell.close()
    assert seen[-1] == ""


def test_click_in_sidebar_focuses_page_and_arrow_key_keeps_sidebar(make: Make, qtbot: QtBot) -> None:
    shell = make(Texts("en"))
    field = QLineEdit()
    shell.pages["files"].setFocusProxy(field)
    QHBoxLayout(shell.pages["files"]).addWidget(field)
    shell.appear()
    qtbot.waitUntil(shell.isActiveWindow)
    QTest.mouseClick(shell.entries["files"], Qt.MouseButton.LeftButton)
    assert field.hasFocus()
    shell.entries["files"].setFocus()
    QTest.keyClick(shell.entries["files"], Qt.Key.Key_Down)
    assert shell.page == "settings" and shell.entries["settings"].hasFocus()


def test_menu_and_key_quit(make: Make, asked: list[Action], qtbot: QtBot) -> None:
    shell = make(Texts("en"))
    shell.appear()
    shell.activateWindow()
    qtbot.waitUntil(shell.isActiveWindow)
    assert shell.quit in shell.sidebar.menu.actions() and shell.quit.text() == "Quit"
    shell.quit.trigger()
    QTest.keyClick(shell, Qt.Key.Key_Q, Qt.KeyboardModifier.ControlModifier)
    assert asked == [Verb.QUIT, Verb.QUIT]


@pytest.mark.parametrize(("high", "maximised"), [(700, False), (790, True), (900, True)])
def test_window_has_its_usual_size_or_the_whole_screen_at_first(
    make: Make, texts: Texts, monkeypatch: pytest.MonkeyPatch, high: int, maximised: bool
) -> None:
    """Qt limits the first size of a window to two thirds of the screen."""
    monkeypatch.setattr(module, "usual_size", lambda: QSize(700, high))
    shell = make(texts)
    shell.appear()
    assert shell.isMaximized() is maximised
    assert maximised or shell.size() == QSize(700, 700)


def folded(shell: Shell) -> bool:
    return shell.sidebar.folded


def test_sidebar_shows_only_icons_in_narrow_window(make: Make, texts: Texts) -> None:
    shell = make(texts)
    shell.resize(usual_size())
    shell.show()
    assert not folded(shell)
    whole = shell.sidebar.width()
    shell.resize(whole * 2, 400)
    assert folded(shell) and shell.sidebar.width() < whole / 2
    shell.resize(usual_size())
    assert not folded(shell) and shell.sidebar.width() == whole


@in_each_language
def test_sidebar_grows_with_text_and_folds_before_page_is_too_narrow(
    make: Make, theme: Theme, texts: Texts
) -> None:
    shell = make(texts)
    shell.resize(1920, 1080)
    shell.show()
    before = shell.sidebar.width()
    theme.choose_text_size("largest")
    assert shell.sidebar.width() > 1.4 * before and not folded(shell)
    shell.resize(1024, 600)
    assert folded(shell)


@in_each_language
@pytest.mark.parametrize("size", ["normal", "largest"])
@pytest.mark.parametrize("across", [910, 1920])
def test_sidebar_is_legible_at_each_size(theme: Theme, texts: Texts, qtbot: QtBot, size: str, across: int) -> None:
    shell = Shell(theme, texts, lambda action: None)
    qtbot.addWidget(shell)
    for name in ("home", "files", "dictionary", "settings"):
        shell.add(name, QLabel(name))
    board = StatusBoard(theme, texts, lambda action: None, shell)
    board.show_choices(Choices(default_microphone="Built-in Audio Analogue Stereo"))
    theme.choose_text_size(size)
    shell.resize(across, 560)
    shell.show()
    for _ in range(3):
        QApplication.processEvents()
        shell.grab()
    assert shell.height() == 560
    assert (unnamed(shell.sidebar), cut(shell.sidebar)) == ([], [])


def test_tab_order_is_sidebar_then_page(theme: Theme, texts: Texts, qtbot: QtBot) -> None:
    shell = Shell(theme, texts, lambda action: None)
    qtbot.addWidget(shell)
    for name in ("home", "files", "settings"):
        shell.add(name, QPushButton(name))
    shell.appear("files")
    qtbot.waitUntil(shell.isActiveWindow)
    entry, more, page = shell.entries["files"], shell.sidebar.more, shell.pages["files"]
    entry.setFocus()
    for expected in (more, page, entry):
        focused = shell.focusWidget()
        assert focused is not None
        QTest.keyClick(focused, Qt.Key.Key_Tab)
        assert shell.focusWidget() is expected


@in_each_language
def test_page_is_one_column_of_limited_width(make: Make, texts: Texts) -> None:
    shell = make(texts)
    for size in (QSize(1024, 600), QSize(3840, 2160)):
        shell.resize(size)
        shell.show()
        QApplication.processEvents()
        page = shell.pages["home"]
        assert 0 < page.width() <= CONTENT_WIDTH
        left = page.mapTo(shell, QPoint(0, 0)).x() - shell.sidebar.width()
        right = shell.width() - shell.sidebar.width() - left - page.width()
        assert abs(left - right) <= SPACING.wide, "it is in the middle"


def test_widget_can_cover_all_pages(make: Make, qtbot: QtBot) -> None:
    shell, front = make(Texts("en")), QLabel("front")
    shell.appear()
    seen: list[str] = []
    shell.page_shown.connect(seen.append)
    shell.cover(front)
    assert (front.isVisible(), shell.entries["home"].isVisible(), shell.page, seen[-1]) == (True, False, "", "")
    shell.uncover()
    shell.uncover()
    assert (front.isVisible(), shell.page, seen[-1]) == (False, "home", "home")
    assert shell.focusWidget() is shell.pages["home"]


def test_closing_hides_window(make: Make, asked: list[Action]) -> None:
    shell = make(Texts("en"))
    shell.appear()
    shell.close()
    assert (shell.isVisible(), asked) == (False, [])


def test_ctrl_and_number_choose_page(make: Make, texts: Texts, qtbot: QtBot) -> None:
    shell = make(texts)
    shell.appear()
    shell.activateWindow()
    qtbot.waitUntil(shell.isActiveWindow)
    for key, name in ((Qt.Key.Key_3, "settings"), (Qt.Key.Key_1, "home")):
        QTest.keyClick(shell, key, Qt.KeyboardModifier.ControlModifier)
        assert shell.page == name
        assert shell.focusWidget() is shell.pages[name]


def test_window_is_maximised_when_screen_is_too_small(
    make: Make, texts: Texts, qapp: QApplication, qtbot: QtBot
) -> None:
    room = qapp.primaryScreen().availableSize()
    for points, fills in ((4.0, False), (40.0, True)):
        letters = QFont(qapp.font())
        letters.setPointSizeF(points)
        qapp.setFont(letters)
        shell = make(texts)
        shell.appear()
        assert shell.isMaximized() is fills
        assert shell.width() <= room.width() and shell.height() <= room.height()
        shell.showNormal()
        shell.appear()
        assert not shell.isMaximized(), "later it keeps the size that the user chose"


def test_page_is_replaced_in_its_place(make: Make, qtbot: QtBot) -> None:
    shell, page = make(Texts("en")), QLabel("another")
    shell.appear("files")
    shell.replace("files", page)
    assert shell.page == "files" and page.isVisible()
    shell.replace("home", QLabel("a third"), scrolls=True)
    assert shell.page == "files" and page.isVisible()
    shell.choose("home")
    assert shell.pages["home"].isVisible() and not page.isVisible()


@pytest.mark.parametrize(
    ("key", "held"),
    [
        (Qt.Key.Key_Escape, Qt.KeyboardModifier.NoModifier),
        (Qt.Key.Key_W, Qt.KeyboardModifier.ControlModifier),
    ],
)
def test_window_reports_when_it_is_visible(
    theme: Theme, qtbot: QtBot, key: Qt.Key, held: Qt.KeyboardModifier
) -> None:
    looked: list[bool] = []
    window = MonitorWindow(Texts("en"), QLabel("page"))
    qtbot.addWidget(window)
    follow_visibility(window, looked.append)
    window.appear()
    assert looked == [True] and window.windowTitle() == "Monitor · kikipounamu"
    window.appear()
    qtbot.waitUntil(window.isActiveWindow)
    QTest.keyClick(window, key, held)
    assert looked == [True, False] and not window.isVisible()


@pytest.mark.parametrize(("key", "place"), [(Qt.Key.Key_Tab, 0), (Qt.Key.Key_Backtab, -1)])
def test_tab_into_a_page_that_scrolls_shows_the_focus(
    key: Qt.Key, place: int, theme: Theme, asked: list[Action], qtbot: QtBot
) -> None:
    """The first control of the settings was below the edge of a low window."""
    shell = Shell(theme, Texts("en"), asked.append)
    qtbot.addWidget(shell)
    page, before, after = QWidget(), QPushButton("before"), QPushButton("after")
    inside, controls, blanks = QWidget(), [QPushButton("one"), QPushButton("two")], (QWidget(), QWidget())
    for blank in blanks:
        blank.setFixedHeight(2000)
    vertical(blanks[0], *controls, blanks[1], within=inside)
    area = scrolling(inside)
    vertical(before, stretched(area), after, within=page)
    for first, second in pairwise((before, *controls, after)):
        QWidget.setTabOrder(first, second)
    shell.add("home", page)
    shell.appear()
    shell.resize(700, 400)
    qtbot.waitUntil(shell.isActiveWindow)
    start = before if place == 0 else after
    start.setFocus()
    area.verticalScrollBar().setValue(0)
    QTest.keyClick(start, key)
    assert controls[place].hasFocus()
    top = controls[place].mapTo(area.viewport(), QPoint()).y()
    assert 0 <= top <= area.viewport().height() - controls[place].height()
