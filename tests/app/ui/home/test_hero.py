"""Head of the page: how to dictate, and the recording that goes on, in both languages and font sizes."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QBoxLayout
from pytestqt.qtbot import QtBot

from app.core.errors import Note
from app.core.live_text import TextSpan
from app.core.sentences import LANGUAGES
from app.core.states import State
from app.dictation.actions import Verb
from app.dictation.gestures import TalkMode
from app.dictation.view import View
from app.local_services.worker_view import LocalWorkerState, SwitchWorker, WorkerView
from app.messages.kinds import Action
from app.ui.home.hero import Hero, LiveTextView, remarks
from app.ui.settings.choices import Choices
from app.ui.strings.texts import Texts
from app.ui.theme.theme import STILL, Theme
from tests.app.ui.showing import displayed, enlarge
from tests.helpers.legibility import cut

CHOICES = Choices(keys={"dictate": "right_ctrl", "paste-held": "ctrl+alt+v"})
SPEAKING = View(
    State.LISTENING,
    12.0,
    -20.0,
    (TextSpan("kia ora ", True), TextSpan("koutou", False)),
    3.0,
    "desktop-gpu",
    waiting=1,
)
Make = Callable[[Texts], Hero]


@pytest.fixture
def make(theme: Theme, asked: list[Action], qtbot: QtBot) -> Make:
    def made(texts: Texts) -> Hero:
        hero = Hero(theme, texts, asked.append)
        qtbot.addWidget(hero)
        hero.show_choices(CHOICES)
        hero.resize(760, 240)
        hero.show()
        return hero

    return made


@pytest.mark.parametrize("mode", list(TalkMode))
def test_idle_hero_says_how_to_dictate_in_each_mode(make: Make, texts: Texts, mode: TalkMode) -> None:
    hero = make(texts)
    hero.show_choices(replace(CHOICES, mode=mode))
    assert "Ctrl" in hero.hint.text() and hero.then.text() == texts(f"home.then.{mode.value}")
    assert hero.caps.isVisible() and hero.wave.isHidden() and hero.state.isHidden() and hero.live.isHidden()
    assert hero.start.text() == texts("home.start") and hero.start.property("role") == ""


def test_hero_names_no_key_when_no_key_works(make: Make, texts: Texts) -> None:
    hero = make(texts)
    for choices in (Choices(), replace(CHOICES, heard=False)):
        hero.show_choices(choices)
        assert hero.hint.text() == texts("home.press.without-key") and hero.start.property("role") == "primary"
    hero.show_problem(texts("note.hotkeys-wayland"))
    assert hero.note.text() == texts("note.hotkeys-wayland")


def test_hero_says_nothing_of_keys_until_they_are_known(theme: Theme, texts: Texts, qtbot: QtBot) -> None:
    """Not "Click Start" first, and then the name of a key."""
    hero = Hero(theme, texts, lambda action: None)
    qtbot.addWidget(hero)
    assert (hero.hint.text(), hero.then.text(), hero.start.property("role")) == ("", "", "")
    hero.show_choices(CHOICES)
    assert "Ctrl" in hero.hint.text() and hero.then.text()


def test_hero_shows_level_words_and_remarks_while_listening(make: Make, texts: Texts, qtbot: QtBot) -> None:
    hero = make(texts)
    hero.show_view(SPEAKING)
    assert hero.wave.isVisible() and hero.live.isVisible() and hero.caps.isHidden() and not hero.hint.isVisible()
    assert (hero.state.text(), hero.elapsed.text()) == (texts("state.listening"), "0:12")
    assert hero.live.accessibleDescription() == "kia ora koutou"
    assert "desktop-gpu" in hero.remarks.text() and texts("overlay.unsent", seconds=3) in hero.remarks.text()
    assert hero.start.text() == texts("home.stop")
    qtbot.waitUntil(lambda: bool(hero.wave.levels))
    assert hero.wave.levels[-1] == SPEAKING.level_dbfs
    hero.show_view(replace(SPEAKING, state=State.SENDING))
    assert hero.wave.isHidden() and not hero.wave.levels and hero.start.text() == texts("home.start")


def test_remarks_leave_out_what_goes_without_saying(texts: Texts) -> None:
    assert remarks(texts, View(seconds=3.0, unsent_s=0.4)) == ""
    said = remarks(texts, SPEAKING).split(" · ")
    assert said[1:] == [texts("overlay.unsent", seconds=3), texts("overlay.waiting", count=1)]


def test_final_words_stay_for_a_while(make: Make, texts: Texts) -> None:
    hero = make(texts)
    done = View(State.DONE, 12.0, spans=(TextSpan("kia ora", True),))
    hero.show_view(replace(done, state=State.WAITING))
    hero.show_view(done)
    hero.show_view(View())
    assert hero.live.isVisible() and hero.state.text() == texts("state.done")
    hero._final_timer.timeout.emit()
    hero._final_timer.stop()
    hero.show_view(View())
    assert hero.live.isHidden() and hero.caps.isVisible()
    hero.show_view(done)
    hero.show_view(SPEAKING)
    hero.show_view(View())
    assert hero.caps.isVisible(), "a new recording replaces the old words"


def test_text_to_paste_is_left_to_the_bar_below(make: Make, texts: Texts) -> None:
    """The card shrank six seconds after the bar appeared, so the bar's buttons moved."""
    hero = make(texts)
    held = View(State.HELD, 12.0, spans=(TextSpan("kia ora", True),), held=1, note=Note("focus-moved"))
    hero.show_view(replace(held, state=State.WAITING))
    hero.show_view(held)
    QApplication.processEvents()
    height = hero.heightForWidth(hero.width())
    hero._final_timer.timeout.emit()
    QApplication.processEvents()
    assert hero.live.isHidden() and hero.caps.isVisible() and not hero._final_timer.isActive()
    assert hero.heightForWidth(hero.width()) == height


@pytest.mark.parametrize("state", [state for state in State if state is not State.HELD])
def test_every_state_has_word_and_icon(make: Make, texts: Texts, state: State) -> None:
    hero = make(texts)
    hero.show_view(View(state))
    assert hero.state.text() == hero.shape.accessibleName() == texts(f"state.{state.value}")
    assert hero.shape.state is state and hero.shape.isVisible() is (state is not State.IDLE)


def test_start_button_starts_and_stops_take(make: Make, asked: list[Action]) -> None:
    hero = make(Texts("en"))
    hero.show_view(SPEAKING)
    QTest.keyClick(hero.start, Qt.Key.Key_Space)
    hero.show_view(View())
    QTest.keyClick(hero.start, Qt.Key.Key_Space)
    assert asked == [Verb.STOP, Verb.START]


def test_note_comes_before_problem_and_failure(make: Make, texts: Texts) -> None:
    hero = make(texts)
    hero.show_worker(WorkerView(LocalWorkerState.FAILED, reason=Note("models-disk-full")))
    assert texts("note.models-disk-full") in hero.note.text()
    hero.show_problem("a problem and its remedy")
    assert hero.note.text() == "a problem and its remedy"
    hero.show_view(View(State.HELD, held=1, note=Note("focus-moved")))
    assert hero.note.text() == texts("note.focus-moved-key", key="Ctrl+Alt+V")
    hero.show_problem("")
    hero.show_worker(WorkerView())
    hero._final_timer.stop()
    hero.show_view(View())
    assert hero.note.isHidden()


def test_failure_here_is_not_reported_when_speech_goes_elsewhere(make: Make) -> None:
    hero = make(Texts("en"))
    hero.show_worker(WorkerView(LocalWorkerState.FAILED, reason=Note("models-disk-full")))
    hero.show_view(View(destination="desktop-gpu"))
    assert hero.note.isHidden() and hero.again.isHidden()


def test_failed_recognition_is_tried_again_where_the_failure_is_shown(
    make: Make, texts: Texts, asked: list[Action]
) -> None:
    hero = make(texts)
    assert hero.again.isHidden()
    failed = Note("model-unavailable", {"model": "whisper-base"})
    hero.show_worker(WorkerView(LocalWorkerState.FAILED, reason=failed))
    hero.show_view(View(State.WAITING, 5.0, note=Note("gateway-away")))
    assert hero.again.isVisible(), "whatever else the line says"
    hero.again.click()
    assert asked == [SwitchWorker(True)]
    hero.show_worker(WorkerView(LocalWorkerState.STARTING))
    assert hero.again.isHidden()


def test_download_is_shown_with_what_works_meanwhile(make: Make, texts: Texts) -> None:
    hero = make(texts)
    hero.show_worker(WorkerView(LocalWorkerState.DOWNLOADING, percent=40))
    assert hero.loading.text() == texts("home.downloading", percent=40) and hero.progress.value() == 40
    hero.show_worker(WorkerView(LocalWorkerState.IDLE))
    assert hero.loading.isHidden() and hero.progress.isHidden()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("scale", [1.0, 2.0])
@pytest.mark.parametrize("state", [State.IDLE, State.LISTENING, State.HELD])
def test_hero_cuts_no_text(
    make: Make, qapp: QApplication, qtbot: QtBot, language: str, scale: float, state: State
) -> None:
    enlarge(scale)
    hero = make(Texts(language))
    hero.show_choices(replace(CHOICES, keys={"dictate": "ctrl+alt+right_shift"}))
    hero.show_view(
        View(state, 3723.0, unsent_s=61.0, destination="desktop-gpu.local", note=Note("target-unknown"))
    )
    size = QSize(700, 700).expandedTo(hero.minimumSizeHint())
    hero.resize(size)
    qtbot.waitUntil(lambda: hero.size() == size)
    qapp.processEvents()
    assert cut(hero) == []


def test_sentence_moves_below_wide_keys(make: Make, qtbot: QtBot) -> None:
    hero = make(Texts("en"))
    assert hero._row.direction() is QBoxLayout.Direction.LeftToRight
    hero.resize(hero.minimumSizeHint().width(), 300)
    qtbot.waitUntil(lambda: hero._row.direction() is QBoxLayout.Direction.TopToBottom)


def test_button_stays_in_place_when_recording_ends_in_a_narrow_window(make: Make, qtbot: QtBot) -> None:
    """Once the level was hidden, the button jumped below the state."""
    hero = make(Texts("en"))
    hero.show_view(SPEAKING)
    hero.resize(hero.minimumSizeHint().width(), 300)
    for state in (State.LISTENING, State.WAITING, State.DONE):
        hero.show_view(replace(SPEAKING, state=state))
        assert hero._row.direction() is QBoxLayout.Direction.LeftToRight


def test_card_keeps_its_height_while_words_arrive(make: Make, texts: Texts) -> None:
    hero = make(texts)
    silent = replace(SPEAKING, spans=())
    stages = (silent, SPEAKING, replace(silent, state=State.SENDING), replace(SPEAKING, state=State.SENDING))
    heights = []
    for view in stages:
        hero.show_view(view)
        QApplication.processEvents()
        heights.append(hero.heightForWidth(hero.width()))
    assert len(set(heights)) == 1


def test_live_text_paints_new_spans(theme: Theme, qtbot: QtBot) -> None:
    live = LiveTextView(theme)
    qtbot.addWidget(live)
    live.resize(300, live.sizeHint().height())
    empty = live.grab().toImage()
    live.show_spans((TextSpan("many words " * 100, True),))
    assert live.grab().toImage() != empty


def test_level_is_a_bar_with_reduced_motion(theme: Theme, qtbot: QtBot) -> None:
    hero = displayed(qtbot, Hero(Theme(theme.scheme, STILL), Texts("en"), lambda action: None), 760, 240)

    def drawn(level_dbfs: float) -> QImage:
        before = len(hero.wave.levels)
        hero.show_view(replace(SPEAKING, level_dbfs=level_dbfs))
        qtbot.waitUntil(lambda: len(hero.wave.levels) > before + 1 and hero.wave.levels[-1] == level_dbfs)
        return hero.wave.grab().toImage()

    loud = drawn(-10.0)
    assert drawn(-60.0) != loud
    assert drawn(-10.0) == loud, "earlier levels do not move through it"


def test_hero_says_how_to_dictate_when_no_speech_was_recognised(make: Make, texts: Texts) -> None:
    hero = make(texts)
    hero.show_view(View(State.DONE, 4.0, note=Note("nothing-understood")))
    assert hero.caps.isVisible() and hero.state.isHidden() and hero.note.text() == texts("note.nothing-understood")
