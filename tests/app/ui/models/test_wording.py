"""Texts for models: sizes, states, remaining time and problems."""

from dataclasses import replace

import pytest

from app.core.errors import Note
from app.core.sentences import LANGUAGES, entries
from app.models.engines import KINDS
from app.models.view import LocalModelView, ModelFacts, ModelState, ModelsView, Purpose
from app.ui.models.wording import (
    about_text,
    facts_text,
    how_text,
    note_role,
    note_text,
    reason_text,
    remedy,
    room_text,
    size_text,
    too_large_text,
    whole_size_text,
)
from app.ui.strings.texts import Texts, model_name
from runtime.installing import extra_command
from speech.models.recommendation import ChoiceReason, Recommendation

EN = Texts("en")
MODEL = LocalModelView(ModelFacts("whisper-base", size=148_000_000, sources=("modelscope", "wheels")))
FETCHING = replace(
    MODEL, state=ModelState.FETCHING, done=74_000_000, speed=2.5e6, left_s=30.0, source="ModelScope (a.b, c/d)"
)


@pytest.mark.parametrize(
    ("number", "text"),
    [(8_040, "8 kB"), (3_460_000, "3.5 MB"), (148_000_000, "148 MB"), (3e9, "3.0 GB"), (41.2e9, "41 GB")],
)
def test_sizes_are_rounded_to_significant_figures(number: float, text: str) -> None:
    assert size_text(EN, number) == text


def test_size_reported_by_hub_is_an_upper_limit() -> None:
    assert whole_size_text(EN, ModelFacts("a", size=10**9)) == "1.0 GB"
    assert whole_size_text(EN, ModelFacts("a", size=10**9, at_most=True)) == "at most 1.0 GB"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_catalogue_model_has_purpose_text(language: str) -> None:
    result = entries(language)
    assert {key.removeprefix("models.about.") for key in result if key.startswith("models.about.")} == set(KINDS)
    assert about_text(Texts(language), ModelFacts("other", Purpose.VAD)) == result["models.purpose.vad"]


def test_download_text_shows_progress_speed_and_source() -> None:
    assert how_text(EN, FETCHING) == (
        "Downloading · 50 % · 74 MB of 148 MB · 2.5 MB per second · less than a minute left · from ModelScope"
    )
    assert how_text(EN, replace(FETCHING, speed=None, left_s=None, source="", stopping=True)) == (
        "Downloading · Stopping · 50 % · 74 MB of 148 MB"
    )


def test_failed_download_shows_its_next_attempt() -> None:
    failed = replace(MODEL, state=ModelState.FAILED, retry_s=40)
    assert how_text(EN, failed) == "Installation failed · next attempt in 40 s"


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("package index", "from the package index"),
        ("folder /a/b", "from /a/b"),
        ("installed copy", "installed copy"),
    ],
)
def test_generic_sources_are_translated(source: str, said: str) -> None:
    assert said in how_text(EN, replace(FETCHING, source=source))
    assert source not in how_text(Texts("zh"), replace(FETCHING, source=source))


def test_notes_show_sizes_and_urgency() -> None:
    note = Note("models.note.no-room", {"needed": "968000000", "free": "512000000"})
    failed = replace(MODEL, state=ModelState.FAILED, note=note)
    assert note_text(EN, failed) == "The model needs 968 MB; 512 MB are free. Free some space, then try again."
    assert note_role(failed) == "warning"
    assert note_role(replace(MODEL, note=Note("models.note.used-by-app"))) == "warning"
    assert note_role(replace(MODEL, note=Note("models.note.whole"))) == "muted"
    assert extra_command("funasr") in note_text(EN, replace(MODEL, lacks="funasr"))
    assert (note_text(EN, MODEL), note_role(MODEL)) == ("", "muted")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("key", [key for key in entries("en") if key.startswith("models.note.")])
def test_every_note_is_worded(language: str, key: str) -> None:
    values = {"needed": "1", "free": "1", "folder": "/f", "file": "a.bin", "error": "E"}
    assert note_text(Texts(language), replace(MODEL, note=Note(key, values)))


def test_free_space_and_missing_space_are_shown_before_download() -> None:
    assert room_text(EN, ModelsView(folder="/m", free=2 * 10**9)) == "2.0 GB free in /m"
    assert room_text(EN, ModelsView(folder="/m")) == "Stored in /m"
    assert too_large_text(EN, MODEL, 10**6) == "Needs 148 MB; 1.0 MB are free. Free some space first."
    assert too_large_text(EN, MODEL, 10**9) == too_large_text(EN, MODEL, None) == ""
    assert too_large_text(EN, replace(MODEL, state=ModelState.INSTALLED), 10**6) == ""


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_catalogue_model_has_a_name_for_people(language: str) -> None:
    names = [model_name(Texts(language), name) for name in KINDS]
    assert len(set(names)) == len(KINDS) and not set(names) & set(KINDS)
    assert model_name(EN, "of-a-later-version") == "of-a-later-version"


def test_model_without_engine_says_it_is_for_later() -> None:
    assert about_text(EN, ModelFacts("Fun-ASR-Nano", later=True)) == EN("models.later")


def test_languages_and_size_stand_in_one_line_with_those_of_the_user_first() -> None:
    facts = ModelFacts("a", size=148_000_000, languages=("en", "ja", "zh"))
    assert facts_text(EN, facts, ("ja",)) == "Japanese, Chinese and English · 148 MB"
    assert facts_text(EN, ModelFacts("a", size=10**9, at_most=True), ()) == "at most 1.0 GB"


def test_download_to_be_used_says_so() -> None:
    assert how_text(EN, replace(MODEL, state=ModelState.QUEUED, next=True)) == "Queued · used when downloaded"


@pytest.mark.parametrize("reason", [ChoiceReason.ACCURATE, ChoiceReason.FASTEST, ChoiceReason.FITS])
def test_recommendation_says_its_reason_on_its_own_card_only(reason: ChoiceReason) -> None:
    view = ModelsView(recommended=Recommendation(MODEL.name, reason), languages=("zh", "en"))
    assert reason_text(EN, view, MODEL) and reason_text(Texts("zh"), view, MODEL)
    assert reason_text(EN, view, replace(MODEL, about=ModelFacts("other"))) == ""
    assert reason_text(EN, ModelsView(), MODEL) == ""


def test_recommendation_names_the_languages_of_the_user() -> None:
    view = ModelsView(recommended=Recommendation(MODEL.name, ChoiceReason.ACCURATE), languages=("zh", "en"))
    assert reason_text(EN, view, MODEL) == "Best for Chinese and English on this computer"
    assert reason_text(EN, replace(view, languages=()), MODEL) == "Best for any language on this computer"


def test_model_that_needs_a_command_names_it() -> None:
    exported = LocalModelView(ModelFacts("a", exported_from="b"))
    assert remedy(exported) == "kikipounamu models export b" and remedy(exported) in note_text(EN, exported)
    assert remedy(replace(exported, state=ModelState.INSTALLED)) == remedy(MODEL) == ""
