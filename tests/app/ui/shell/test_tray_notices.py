"""Hint of an app without a tray: told once, or the window opens. Notices of updates and recordings to recover."""

from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from app.core.hints import FirstTimes
from app.core.states import State
from app.dictation.view import TakeView, View
from app.journal.take import TakeState
from app.messages.kinds import FILES, Problem, Takes
from app.ui.shell.sidebar import Status
from app.ui.shell.tray import AbsentTray, RecoveryNotice, UpdateNotice
from app.ui.strings.texts import Texts, note_text
from app.updates.replaced_files import NOTE
from app.updates.view import UpdatesView
from tests.helpers.signed_index import index_of


class World:
    def __init__(self, texts: Texts, place: Path) -> None:
        self.once = FirstTimes(place, 1)
        self.sent = list[tuple[str, str]]()
        self.opened = 0
        self.sending: Future[bool] = Future()
        self.hint = AbsentTray(texts, self.once, self._send, self._open)

    def _send(self, heading: str, text: str) -> "Future[bool]":
        self.sent.append((heading, text))
        return self.sending

    def _open(self) -> None:
        self.opened += 1


@pytest.fixture
def world(texts: Texts, tmp_path: Path, qtbot: QtBot) -> World:
    return World(texts, tmp_path / "told")


def test_hint_names_the_ways_back_once(world: World) -> None:
    world.hint.notify()
    ((_, text),) = world.sent
    assert "kikipounamu show" in text
    world.sending.set_result(True)
    assert not world.once.left and world.opened == 0
    world.hint.notify()
    assert len(world.sent) == 1


def test_window_waits_until_a_dictation_is_over(world: World) -> None:
    world.hint.show_status(Status(View(State.LISTENING)))
    world.hint.notify()
    world.sending.set_result(False)
    for state in (State.WAITING, State.INSERTING):
        world.hint.show_status(Status(View(state)))
    assert world.opened == 0
    for state in (State.DONE, State.IDLE):
        world.hint.show_status(Status(View(state)))
    assert world.opened == 1


@pytest.mark.parametrize("failure", [None, OSError("no bus")])
def test_window_opens_when_no_notification_can_be_shown(world: World, failure: OSError | None) -> None:
    world.hint.notify()
    if failure is None:
        world.sending.set_result(False)
    else:
        world.sending.set_exception(failure)
    assert world.opened == 1 and world.once.left


NEWER = UpdatesView(False, "0.1.0", True, 1.0, index_of("0.2.0").releases[0])


def test_notice_is_sent_only_when_asked_for(texts: Texts) -> None:
    sent = list[tuple[str, str]]()
    notice = UpdateNotice(texts, lambda *said: sent.append(said))
    notice.show_updates(UpdatesView())
    notice.show_updates(NEWER)
    assert not sent
    notice.show_updates(replace(NEWER, announce=True))
    ((heading, says),) = sent
    assert "0.2.0" in heading and "0.1.0" in says


def test_notice_asks_for_a_restart_after_the_files_of_the_program_have_changed(texts: Texts) -> None:
    sent = list[tuple[str, str]]()
    notice = UpdateNotice(texts, lambda *said: sent.append(said))
    notice.show_problem(Problem("gateway", note=NOTE))
    notice.show_problem(Problem(FILES))
    assert not sent
    notice.show_problem(Problem(FILES, note=NOTE))
    ((_, says),) = sent
    assert says == note_text(texts, NOTE)


def takes(*states: TakeState) -> Takes:
    return Takes(tuple(TakeView(str(n), 0.0, 1.0, state) for n, state in enumerate(states)))


@pytest.mark.parametrize(
    ("newest", "open_window", "told"),
    [
        (TakeState.INTERRUPTED, False, True),
        (TakeState.WAITING, False, True),
        (TakeState.INTERRUPTED, True, False),
        (TakeState.DONE, False, False),
    ],
)
def test_hidden_start_tells_of_a_recording_without_text(
    texts: Texts, newest: TakeState, open_window: bool, told: bool
) -> None:
    sent = list[tuple[str, str]]()
    notice = RecoveryNotice(texts, lambda *said: sent.append(said), lambda: open_window)
    notice.show_takes(takes(newest, TakeState.INTERRUPTED))
    assert [texts("action.recover") in says for _, says in sent] == [True] * told
    notice.show_takes(takes(TakeState.INTERRUPTED))
    assert len(sent) == told


def test_start_without_recordings_tells_nothing(texts: Texts) -> None:
    sent = list[tuple[str, str]]()
    notice = RecoveryNotice(texts, lambda *said: sent.append(said), lambda: False)
    notice.show_takes(Takes())
    notice.show_takes(takes(TakeState.WAITING))
    assert not sent
