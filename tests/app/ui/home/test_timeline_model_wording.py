"""Texts of takes in the timeline."""

from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

from app.core.errors import Note
from app.core.states import State
from app.history.index import IndexRow
from app.history.view import HistoryList
from app.journal.take import TakeState
from app.ui.home import timeline_model as model
from app.ui.strings.texts import Texts, note_text, today
from tests.app.ui.languages import in_each_language

ROW = IndexRow(UUID(int=1), 1_700_000_000.0, 65.0, 1, TakeState.HELD, "kia ora " * 100, "mi", "whisper")


@in_each_language
def test_each_take_state_maps_to_app_state(texts: Texts) -> None:
    rows = [replace(ROW, state=state) for state in TakeState]
    assert {model.state_of(row) for row in rows} <= set(State)
    assert texts("state.failed") in model.caption_text(texts, replace(ROW, state=TakeState.INTERRUPTED))


@in_each_language
def test_caption_lists_all_known_facts(texts: Texts) -> None:
    parts = model.caption_text(texts, replace(ROW, edited=True, program="some-editor")).split(" · ")
    assert parts[1:] == ["1:05", "Some Editor", "whisper", texts("state.held"), texts("history.edited")]
    assert len(model.caption_text(texts, replace(ROW, model="")).split(" · ")) == 3
    cancelled = replace(ROW, state=TakeState.INTERRUPTED, cancelled=True)
    assert model.caption_text(texts, cancelled).endswith(texts("state.cancelled"))
    partly = model.caption_text(texts, replace(cancelled, partly=True))
    assert partly.endswith(f"{texts('state.cancelled')} · {texts('take.partly')}")


@in_each_language
def test_only_unusual_states_have_a_chip(texts: Texts) -> None:
    chips = {state: model.state_chip_text(texts, replace(ROW, state=state)) for state in TakeState}
    assert {state for state, chip in chips.items() if not chip} == {TakeState.DONE, TakeState.EMPTY}
    live = replace(ROW, state=TakeState.LIVE)
    assert model.state_chip_text(texts, replace(live, text="")) == "", "the word stands for the text"
    speaking = replace(live, text="", speaking=True)
    assert model.state_chip_text(texts, speaking) == "" and model.take_text(texts, speaking) == texts(
        "state.listening"
    )
    assert model.state_chip_text(texts, replace(live, speaking=True)) == texts("state.listening")


@in_each_language
def test_screen_reader_hears_every_state(texts: Texts) -> None:
    for state in TakeState:
        row = replace(ROW, state=state)
        assert texts(model.state_of(row).key) in model.spoken_text(texts, row)


@in_each_language
def test_days_are_named_as_people_do(texts: Texts) -> None:
    now = today()
    assert model.day_text(texts, now) == texts("home.today")
    assert model.day_text(texts, now - timedelta(days=1)) == texts("home.yesterday")
    older = model.day_text(texts, date(2024, 3, 5))
    assert "2024" in older and ("March" in older or "3月" in older)
    recent = model.day_text(texts, now.replace(month=1, day=3) if now.month > 1 else now.replace(month=12))
    assert str(now.year) not in recent


@in_each_language
def test_details_show_length_and_program(texts: Texts) -> None:
    assert model.details_text(texts, ROW) == "1:05"
    assert model.details_text(texts, replace(ROW, program="Notes.exe")) == "1:05 · Notes"
    assert model.details_text(texts, replace(ROW, program="kikipounamu")) == "1:05 · kikipounamu"
    speaking = replace(ROW, program="Notes.exe", speaking=True)
    assert model.details_text(texts, speaking) == "Notes", "the length in the list lags behind"


@in_each_language
def test_take_without_text_says_why(texts: Texts) -> None:
    for state, key in {
        TakeState.DONE: "take.no-text",
        TakeState.INTERRUPTED: "take.failed",
        TakeState.DAMAGED: "take.damaged",
        TakeState.LIVE: "state.waiting",
    }.items():
        assert model.take_text(texts, replace(ROW, text="", state=state)) == texts(key)


@in_each_language
def test_screen_reader_text_is_short(texts: Texts) -> None:
    assert model.spoken_text(texts, ROW).startswith("kia ora") and len(model.spoken_text(texts, ROW)) < 300
    assert model.spoken_text(texts, None) == texts("history.loading")


@in_each_language
def test_history_list_texts_report_its_state(texts: Texts) -> None:
    assert model.percent_text(texts, HistoryList()) == ""
    assert "50" in model.percent_text(texts, HistoryList(done=1, total=2))
    assert "full" in note_text(texts, Note("history.note.not-done", {"reason": "full"}))
    assert note_text(texts, Note("not known")) == ""
