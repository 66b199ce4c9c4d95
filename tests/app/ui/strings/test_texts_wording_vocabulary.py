"""Common vocabulary: all views use the same word for a state, in each language."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from uuid import UUID

import pytest
from pytestqt.qtbot import QtBot
from typer.testing import CliRunner

from app.cli import control_command, takes_command
from app.core.sentences import Sentences
from app.core.states import ENDS, State
from app.dictation.view import STATES, View
from app.history.index import IndexRow
from app.journal.journal import Journal
from app.journal.take import TakeState
from app.monitoring.view import UtteranceRow
from app.ui.dictation.announcer import Announcer
from app.ui.dictation.pill import Pill
from app.ui.home import timeline_model
from app.ui.home.hero import Hero
from app.ui.monitor import wording as monitor_wording
from app.ui.onboarding.try_step import TryStep
from app.ui.shell.sidebar import Status
from app.ui.shell.tray import Tray
from app.ui.strings.texts import Texts
from app.ui.theme.theme import Theme
from protocol.errors import ErrorCode
from protocol.recognition import Options
from protocol.session import Failed, Final

SESSION = UUID(int=1)
Shown = tuple[Theme, Texts, QtBot]


def view_of(state: State) -> View:
    return View(state, held=1 if state is State.HELD else 0)


def row_of(state: State) -> IndexRow:
    cancelled = state is State.CANCELLED
    stored = TakeState.INTERRUPTED if cancelled else next(one for one, shown in STATES.items() if shown is state)
    return IndexRow(SESSION, 1_700_000_000.0, 5.0, 1, stored, cancelled=cancelled)


def window(state: State, shown: Shown) -> str:
    made = Hero(shown[0], shown[1], lambda action: None)
    shown[2].addWidget(made)
    made.show_view(view_of(state))
    assert made.shape.accessibleName() == made.state.text()
    return made.state.text()


def overlay(state: State, shown: Shown) -> str:
    pill = Pill(shown[0], shown[1])
    pill.paste_key = "Ctrl+Alt+V"
    return pill.drawing(view_of(state)).pieces[0].text


def tray(state: State, shown: Shown) -> str:
    made = Tray(shown[0], shown[1], lambda action: None)
    made.show_status(Status(view_of(state)))
    return made.tip


def first_steps(state: State, shown: Shown) -> str:
    step = TryStep(shown[0], shown[1], lambda action: None)
    shown[2].addWidget(step)
    step.show()
    step.show_view(view_of(state))
    step.refresh()
    return step.state.text()


def announcement(state: State, shown: Shown) -> str:
    said: list[str] = []
    announcer = Announcer(shown[1], said.append, lambda: True)
    announcer.show_view(View(State.LISTENING if state is not State.LISTENING else State.ARMING))
    said.clear()
    announcer.show_view(View(state))
    return " ".join(said)


def history(state: State, shown: Shown) -> str:
    return timeline_model.spoken_text(shown[1], row_of(state))


def monitor(state: State, shown: Shown) -> str:
    return monitor_wording.row_text(shown[1], UtteranceRow("s", 0, True, state, 1.0, 1.0, (), "", "", ""))


APP: list[State] = list(State)
RECORDING: list[State] = [state for state in State if state is not State.IDLE]
STORED: list[State] = [state for state in State if state in {State.WAITING, *ENDS}]
SAID: list[State] = [State.LISTENING, *(state for state in State if state in ENDS and state is not State.HELD)]
VIEWS: dict[str, tuple[Callable[[State, Shown], str], list[State]]] = {
    "window": (window, [state for state in State if state is not State.HELD]),  # shown by the bar below the card
    "overlay": (overlay, [state for state in State if state not in {State.ARMING, State.LISTENING}]),
    "tray": (tray, APP),
    "first steps": (first_steps, APP),
    "announcement": (announcement, SAID),
    "history": (history, STORED),
    "monitor": (monitor, RECORDING),
}


@pytest.mark.parametrize(
    ("view", "state"), [(name, state) for name, (_, states) in VIEWS.items() for state in states]
)
def test_view_uses_only_the_common_word_for_state(
    view: str, state: State, theme: Theme, texts: Texts, qtbot: QtBot
) -> None:
    said = VIEWS[view][0](state, (theme, texts, qtbot))
    assert texts(state.key) in said
    others = {texts(other.key) for other in State if other is not state} - {texts("state.waiting")}
    assert not any(other in said.replace(texts(state.key), "") for other in others)


@pytest.mark.parametrize("state", APP)
def test_status_command_uses_common_word(state: State) -> None:
    line = control_command.line(asdict(view_of(state)), Sentences())
    assert line.split(" · ")[0] == f"{line[0]} {Sentences()(state.key)}"


@contextmanager
def recording(home: Path) -> Iterator[Journal]:
    with Journal.create(home / "data" / "takes", SESSION, Options(), 1_700_000_000.0) as journal:
        journal.set_wanted(inserted=True)
        journal.begin(0, 0)
        journal.end(0, 0)
        yield journal


def become(state: State, journal: Journal) -> None:
    """Bring the recording to this final state."""
    match state:
        case State.FAILED:
            journal.settle(0, Failed(0, ErrorCode.ENGINE_DIED, "it died"))
        case _:
            journal.settle(0, Final(0, "kia ora"))
    journal.finish()
    if state is State.CANCELLED:
        journal.cancel()
    if state is State.DONE:
        journal.record_inserted(0)


@pytest.mark.parametrize("state", [state for state in STORED if state is not State.DAMAGED])
def test_takes_command_uses_common_word(state: State, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KIKIPOUNAMU_HOME", str(tmp_path))
    said = []

    def say() -> None:
        for words in (["list"], ["show", str(SESSION)], ["list", "--json"]):
            said.append(CliRunner().invoke(takes_command.app, words).stdout)

    with recording(tmp_path) as journal:
        if state is State.WAITING:
            say()
        else:
            become(state, journal)
    if not said:
        say()
    listed, shown, as_json = said
    word = Sentences()(state.key)
    assert f"  {word}" in listed and f": {word}, " in shown
    assert f'"state": "{state.value}"' in as_json
