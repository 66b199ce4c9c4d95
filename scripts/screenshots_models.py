"""Draw the models of this computer in each of their states, for ``scripts.screenshots``."""

import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Final
from unittest.mock import patch

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtWidgets import QScrollArea, QVBoxLayout, QWidget

from app.core.notes import Note
from app.models.disk import about
from app.models.view import LocalModelView, ModelNote, ModelState, ModelsView, ModelUse
from app.ui.models.panel import ModelsPanel
from app.ui.shell.shell import usual_size
from app.ui.strings.texts import Texts
from app.ui.theme.theme import SPACING, Theme
from scripts.screenshots import Look, column, dressed, grabbed, ground
from speech.models.catalogue import load_catalogue
from speech.models.recommendation import Computer, local_speed, recommend

_FOLDER: Final = "/home/ana/.local/share/kikipounamu/models"
_PYTHON: Final = "/home/ana/kikipounamu/.venv-run/bin/python"
_FREE: Final = 41_200_000_000
_SINCE: Final = 1_755_000_000.0
_SPOKEN: Final = ("zh", "en")
_MEGABYTE: Final = 1_000_000
_HUB: Final = "ModelScope (www.modelscope.cn, iic/SenseVoiceSmall)"


def new() -> list[LocalModelView]:
    """Return all models, none of them installed."""
    return [LocalModelView(about(model)) for model in load_catalogue().models]


def usual() -> ModelsView:
    """Return the view of a user who dictates and downloads another model."""
    vad, base, sense, para, punc, streaming, nano, *more = new()
    vad = replace(vad, state=ModelState.INSTALLED, done=vad.about.size, installed_s=_SINCE, use=ModelUse.APP)
    base = replace(
        base,
        state=ModelState.INSTALLED,
        done=base.about.size,
        installed_s=_SINCE,
        use=ModelUse.WORKER,
        chosen=True,
        note=Note(ModelNote.WHOLE),
    )
    sense = replace(
        sense,
        state=ModelState.FETCHING,
        done=392 * _MEGABYTE,
        speed=8.3e6,
        left_s=65.0,
        source=_HUB,
    )
    para = replace(para, state=ModelState.QUEUED)
    punc = replace(punc, state=ModelState.PAUSED, done=118 * _MEGABYTE)
    return _advised(ModelsView((vad, base, sense, para, punc, streaming, nano, *more), _FOLDER, _FREE))


def _advised(view: ModelsView) -> ModelsView:
    """Return the view with the advice for someone who speaks Chinese and English."""
    models = load_catalogue().models
    computer = Computer(16 << 30, False, {"whisper-base": 18.4})
    found = {model.name: local_speed(model, models, computer) for model in models}
    speeds = {name: speed for name, speed in found.items() if speed is not None}
    best = recommend(models, _SPOKEN, computer, lambda name: True)
    return replace(view, speeds=speeds, recommended=best, languages=_SPOKEN)


def trouble() -> ModelsView:
    """Return a view with every kind of problem."""
    vad, base, sense, para, punc, streaming, *_ = new()
    vad = replace(
        vad, state=ModelState.DAMAGED, done=vad.about.size, use=ModelUse.APP, note=Note(ModelNote.DAMAGED)
    )
    base = replace(base, state=ModelState.BUSY, done=61 * _MEGABYTE)
    note = Note(ModelNote.NO_ROOM, {"needed": "968000000", "free": "512000000"})
    sense = replace(sense, state=ModelState.FAILED, note=note)
    para = replace(para, state=ModelState.INSTALLED, done=para.about.size, installed_s=_SINCE, lacks="funasr")
    punc = replace(punc, state=ModelState.VERIFYING, done=204 * _MEGABYTE)
    streaming = replace(streaming, state=ModelState.FAILED, done=3 * _MEGABYTE, note=Note(ModelNote.UNAVAILABLE))
    return _advised(ModelsView((vad, base, sense, para, punc, streaming), _FOLDER, 512_000_000))


def panel(look: Look, view: ModelsView, do: Callable[[ModelsPanel], None] = lambda made: None) -> QImage:
    """Draw the panel at the width that the settings give it."""

    def draw(theme: Theme, texts: Texts) -> QImage:
        page, inside = QScrollArea(), QWidget()
        inside.setObjectName("list")
        around = QVBoxLayout(inside)
        around.setContentsMargins(SPACING.wide, SPACING.wide, SPACING.wide, SPACING.wide)
        made = ModelsPanel(theme, texts, lambda action: None, lambda action: None)
        around.addWidget(made)
        around.addStretch(1)
        made.show_models(view)
        page.setWidget(inside)
        page.setWidgetResizable(True)
        page.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        width = max(round(usual_size().width() * 0.72), inside.minimumSizeHint().width())
        page.resize(width, 10)
        page.show()
        page.setFocus()
        QGuiApplication.processEvents()
        do(made)
        QGuiApplication.processEvents()  # lays out its changes
        page.resize(width, around.totalHeightForWidth(width))
        return grabbed(page)

    return dressed(look, draw)


def _asks_to_delete(made: ModelsPanel) -> None:
    card = made.cards["paraformer-zh"]
    card.confirm(True)
    card.details.fold.click()


def states(look: Look) -> QImage:
    """Draw all states, one below the other."""
    with patch.object(sys, "executable", _PYTHON):  # not this machine's interpreter
        made = [panel(look, ModelsView()), panel(look, usual()), panel(look, trouble(), _asks_to_delete)]
    return column(made, ground(look))
