from functools import partial

import pytest
from pytestqt.qtbot import QtBot

from app.core.errors import Note
from app.messages.kinds import Action
from app.onboarding.steps import MicrophoneActivity, MicrophoneTrial, TryMicrophone
from app.settings.sections import ChangeSetting
from app.ui.onboarding.welcome_step import MicrophonePart
from app.ui.settings.choices import Choices
from app.ui.strings.texts import Texts, note_text
from app.ui.theme.theme import Theme
from tests.app.ui.steady import on_a_page, places

HEARING = MicrophoneTrial(MicrophoneActivity.HEARING, "USB", -80.0)
QUIET = MicrophoneTrial(MicrophoneActivity.HEARING, "USB", -90.0, quiet=True)
DENIED = Note("microphone-refused", {"device": "USB"})


@pytest.fixture
def part(theme: Theme, texts: Texts, asked: list[Action], qtbot: QtBot) -> MicrophonePart:
    made = MicrophonePart(theme, texts, asked.append)
    qtbot.addWidget(made)
    made.refresh()
    made.show()
    made.begin()
    return made


def test_microphone_list_follows_connected_devices(part: MicrophonePart, asked: list[Action]) -> None:
    part.show_choices(Choices((("USB", "USB"),)))
    part.show_choices(Choices((("USB", "USB"), ("Headset", "Headset"))))
    assert [part.microphone.itemText(row) for row in range(1, part.microphone.count())] == ["USB", "Headset"]
    part.microphone.setCurrentIndex(2)
    part.microphone.activated.emit(2)
    assert asked[-1] == ChangeSetting("audio.microphone", "Headset")


def test_microphone_part_reports_speech_and_silence(part: MicrophonePart, texts: Texts) -> None:
    assert part.state.text() == texts("onboarding.opening")
    part.show_trial(HEARING)
    assert part.state.text() == texts("onboarding.speak") and not part.note.isVisible()
    part.show_trial(QUIET)
    assert [part.note.text(), part.works] == [texts("onboarding.quiet"), False]
    part.show_trial(MicrophoneTrial(MicrophoneActivity.HEARING, "USB", -20.0, heard=True))
    assert [part.state.text(), part.works] == [texts("onboarding.heard", device="USB"), True]
    assert part.meter.level_dbfs == -20.0


def test_status_lines_move_no_control(part: MicrophonePart) -> None:
    opening = MicrophoneTrial(MicrophoneActivity.OPENING, note=DENIED)
    with on_a_page(part):
        seen = places(
            (part.microphone, part.meter), (partial(part.show_trial, one) for one in (opening, HEARING, QUIET))
        )
    assert [len(found) for found in seen] == [1, 1]


@pytest.mark.parametrize("note", [DENIED, Note("no-microphone")])
def test_microphone_problem_is_shown(part: MicrophonePart, texts: Texts, note: Note) -> None:
    part.show_trial(MicrophoneTrial(MicrophoneActivity.OPENING, note=note))
    assert part.note.text() == note_text(texts, note) and part.note.property("role") == "warning"
    assert [part.state.text(), part.works] == ["", False]
    part.show_trial(HEARING)
    assert [part.note.isVisible(), part.works] == [False, True]


def test_closed_microphone_can_be_opened_again(part: MicrophonePart, asked: list[Action], texts: Texts) -> None:
    part.show_trial(MicrophoneTrial())
    assert part.listen.isVisible() and part.state.text() == texts("onboarding.closed")
    part.listen.click()
    assert asked == [TryMicrophone(True), TryMicrophone(True)]
    assert part.state.text() == texts("onboarding.opening") and not part.listen.isVisible()
    part.end()
    assert asked[-1] == TryMicrophone(False)
