from functools import partial

import pytest
from pytestqt.qtbot import QtBot

from app.core.notes import Note
from app.messages.actions import Action
from app.onboarding.actions import PlaySample, RecordSample, TryMicrophone
from app.onboarding.view import MicrophoneActivity, MicrophoneTrial
from app.settings.actions import ChangeSetting
from app.ui.onboarding.microphone_step import MicrophoneStep
from app.ui.settings.choices import Choices
from app.ui.strings.texts import Texts
from app.ui.strings.wording import note_text
from app.ui.theme.theme import Theme
from tests.app.ui.steady import on_a_page, places

QUIET = MicrophoneTrial(MicrophoneActivity.HEARING, "USB", -80.0)
DENIED = Note("microphone-refused", {"device": "USB"})


@pytest.fixture
def asked() -> list[Action]:
    return []


@pytest.fixture
def page(theme: Theme, texts: Texts, asked: list[Action], qtbot: QtBot) -> MicrophoneStep:
    made = MicrophoneStep(theme, texts, asked.append)
    qtbot.addWidget(made)
    made.show()
    made.show_seen(True)
    return made


def test_microphone_is_open_only_while_step_is_visible(page: MicrophoneStep, asked: list[Action]) -> None:
    page.show_seen(False)
    assert asked == [TryMicrophone(True), TryMicrophone(False)]


def test_microphone_list_follows_connected_devices(page: MicrophoneStep, asked: list[Action]) -> None:
    page.show_choices(Choices((("USB", "USB"),)))
    page.show_choices(Choices((("USB", "USB"), ("Headset", "Headset"))))
    assert [page.microphone.itemText(row) for row in range(1, page.microphone.count())] == ["USB", "Headset"]
    page.microphone.setCurrentIndex(2)
    page.microphone.activated.emit(2)
    assert asked[-1] == ChangeSetting("audio.microphone", "Headset")


def test_microphone_step_reports_speech_and_silence(page: MicrophoneStep, texts: Texts) -> None:
    page.show_trial(MicrophoneTrial(MicrophoneActivity.OPENING))
    assert page.state.text() == texts("onboarding.opening")
    page.show_trial(QUIET)
    assert page.state.text() == texts("onboarding.speak") and not page.note.isVisible()
    page.show_trial(MicrophoneTrial(MicrophoneActivity.HEARING, "USB", -80.0, quiet=True))
    assert page.note.text() == texts("onboarding.quiet")
    page.show_trial(MicrophoneTrial(MicrophoneActivity.HEARING, "USB", -80.0, heard=True))
    assert page.state.text() == texts("onboarding.heard", device="USB")
    page.show_trial(MicrophoneTrial(MicrophoneActivity.HEARING, "USB", -90.0, quiet=True))
    assert page.state.text() == texts("onboarding.speak"), "not both that somebody is heard and that nothing is"


def test_status_lines_move_no_button(page: MicrophoneStep) -> None:
    trials = [
        MicrophoneTrial(),
        MicrophoneTrial(MicrophoneActivity.OPENING),
        QUIET,
        MicrophoneTrial(MicrophoneActivity.HEARING, "USB", -80.0, quiet=True),
        MicrophoneTrial(MicrophoneActivity.RECORDING, "USB", -20.0, left_s=1.2),
        MicrophoneTrial(MicrophoneActivity.HEARING, "USB", -20.0, heard=True, sample=True, note=DENIED),
    ]
    with on_a_page(page):
        seen = places((page.record, page.play, page.listen), (partial(page.show_trial, one) for one in trials))
    assert [len(found) for found in seen] == [1, 1, 1]


def test_sample_is_recorded_and_played(page: MicrophoneStep, asked: list[Action], texts: Texts) -> None:
    page.show_trial(QUIET)
    assert not page.play.isVisible()
    page.record.click()
    page.show_trial(MicrophoneTrial(MicrophoneActivity.RECORDING, "USB", -20.0, left_s=1.2))
    assert page.state.text() == texts("onboarding.recording", seconds=2)
    page.show_trial(MicrophoneTrial(MicrophoneActivity.PLAYING, "USB", -20.0, sample=True))
    assert page.state.text() == texts("onboarding.playing")
    page.show_trial(MicrophoneTrial(MicrophoneActivity.HEARING, "USB", -20.0, sample=True))
    page.play.click()
    assert asked[1:] == [RecordSample(), PlaySample()]


def test_microphone_problem_is_shown(page: MicrophoneStep, texts: Texts) -> None:
    page.show_trial(MicrophoneTrial(MicrophoneActivity.OPENING, note=DENIED))
    assert page.note.text() == note_text(texts, DENIED) and page.note.property("role") == "warning"
    page.show_trial(MicrophoneTrial(MicrophoneActivity.OPENING, note=Note("no-microphone")))
    assert page.note.text() == note_text(texts, Note("no-microphone"))
    page.show_trial(QUIET)
    assert not page.note.isVisible()


def test_closed_microphone_can_be_opened_again(page: MicrophoneStep, asked: list[Action]) -> None:
    page.show_trial(MicrophoneTrial())
    assert page.listen.isVisible() and not page.record.isVisible()
    page.listen.click()
    assert asked[1:] == [TryMicrophone(True)]


def test_reopened_step_forgets_closed_microphone(page: MicrophoneStep, texts: Texts) -> None:
    assert page.state.text() == texts("onboarding.opening") and not page.listen.isVisible()
    page.show_trial(MicrophoneTrial())
    page.show_seen(False)
    page.show_seen(True)
    assert page.state.text() == texts("onboarding.opening")
