"""Texts of takes in the history."""

from dataclasses import replace
from uuid import UUID

from app.core.notes import Note
from app.core.states import State
from app.history.index import IndexRow
from app.history.view import HistoryList, HistoryNote
from app.journal.take import TakeState
from app.ui.history import wording
from app.ui.strings.texts import Texts

ROW = IndexRow(UUID(int=1), 1_700_000_000.0, 65.0, 1, TakeState.HELD, "kia ora " * 100, "mi", "whisper")


def test_each_take_state_maps_to_app_state(texts: Texts) -> None:
    rows = [replace(ROW, state=state) for state in TakeState]
    assert {wording.state_of(row) for row in rows} <= set(State)
    assert texts("state.failed") in wording.caption(texts, replace(ROW, state=TakeState.INTERRUPTED))


def test_caption_lists_all_known_facts(texts: Texts) -> None:
    parts = wording.caption(texts, replace(ROW, edited=True)).split(" · ")
    assert parts[1:] == ["1:05", "whisper", texts("state.held"), texts("history.edited")]
    assert len(wording.caption(texts, replace(ROW, model="")).split(" · ")) == 3
    silent = wording.caption(texts, replace(ROW, state=TakeState.EMPTY, text="", model=""))
    assert silent.endswith(texts("state.done")), "an empty recording is done"
    cancelled = replace(ROW, state=TakeState.INTERRUPTED, cancelled=True)
    assert wording.caption(texts, cancelled).endswith(texts("state.cancelled"))
    partly = wording.caption(texts, replace(cancelled, partly=True))
    assert partly.endswith(f"{texts('state.cancelled')} · {texts('take.partly')}")


def test_take_without_text_says_why(texts: Texts) -> None:
    for state, key in {
        TakeState.DONE: "take.no-text",
        TakeState.INTERRUPTED: "take.failed",
        TakeState.DAMAGED: "take.damaged",
        TakeState.LIVE: "state.waiting",
    }.items():
        assert wording.take_text(texts, replace(ROW, text="", state=state)) == texts(key)


def test_screen_reader_text_is_short(texts: Texts) -> None:
    assert wording.described(texts, ROW).startswith("kia ora") and len(wording.described(texts, ROW)) < 300
    assert wording.described(texts, None) == texts("history.loading")


def test_history_list_texts_tell_its_state(texts: Texts) -> None:
    assert wording.list_text(texts, HistoryList()) == texts("history.empty")
    assert "xyz" in wording.list_text(texts, HistoryList(query=" xyz "))
    assert wording.percent_text(texts, HistoryList()) == ""
    assert "50" in wording.percent_text(texts, HistoryList(done=1, total=2))
    assert "full" in wording.told_text(texts, Note(HistoryNote.NOT_DONE, {"reason": "full"}))
    assert wording.told_text(texts, Note("not known")) == ""
