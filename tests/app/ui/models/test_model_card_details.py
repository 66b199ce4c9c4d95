"""Details of a model: folded at first, then names of files, hashes and the engine."""

from dataclasses import replace

import pytest
from pytestqt.qtbot import QtBot

from app.core.sentences import LANGUAGES
from app.models.disk import about
from app.models.view import LocalModelView, ModelState, ModelsView
from app.ui.models.model_card import Details, detail_lines, sources_text
from app.ui.strings.texts import Texts
from app.ui.theme.theme import Theme
from speech.models.catalogue import load_catalogue
from speech.models.recommendation import ChoiceReason, Recommendation

BASE = LocalModelView(about(load_catalogue().model("whisper-base")))
HERE = replace(BASE, state=ModelState.INSTALLED, installed_s=0.0, chosen=True)
VIEW = ModelsView((HERE,), default=Recommendation("whisper-base", ChoiceReason.INSTALLED))


def test_details_are_folded_until_they_are_opened(theme: Theme, texts: Texts, qtbot: QtBot) -> None:
    details = Details(theme, texts)
    qtbot.addWidget(details.fold)
    qtbot.addWidget(details.lines)
    details.show_model(HERE, VIEW)
    assert details.lines.isHidden() and "Whisper base" in details.fold.accessibleName()
    details.fold.click()
    assert not details.lines.isHidden() and "model.bin" in details.lines.text()
    details.show_model(replace(HERE, chosen=False), VIEW)
    assert not details.lines.isHidden(), "a new state does not fold them"
    details.fold.click()
    assert details.lines.isHidden()


@pytest.mark.parametrize("language", LANGUAGES)
def test_details_name_files_hash_engine_and_reason(language: str) -> None:
    said = "\n".join(detail_lines(Texts(language), HERE, VIEW))
    for part in ("whisper-base", "SHA-256 d01c3014881c9c6f", "models measure whisper-base"):
        assert part in said
    assert (
        Texts(language)("models.default.installed") in said and Texts(language)("models.stated.measured") in said
    )


def test_details_of_a_missing_model_report_less() -> None:
    turbo = LocalModelView(about(load_catalogue().model("whisper-large-v3-turbo")))
    said = "\n".join(detail_lines(Texts("en"), turbo, VIEW))
    assert "Files: listed by its source" in said and "Installed" not in said and "measure" not in said


def test_sources_of_model_are_listed() -> None:
    assert sources_text(Texts("en"), BASE.about).startswith("ModelScope, Hugging Face")
    assert "、" in sources_text(Texts("zh"), BASE.about)
    assert sources_text(Texts("en"), replace(BASE.about, sources=())) == "a folder"
