"""Technical details of a model, folded until the user opens them."""

from collections.abc import Iterator
from datetime import datetime
from functools import reduce
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton

from app.models.view import LocalModelView, ModelFacts, ModelState, ModelsView, Purpose
from app.ui.models.wording import size_text
from app.ui.strings.language_names import by_name, listed
from app.ui.strings.texts import Texts
from app.ui.strings.wording import model_name
from app.ui.theme.theme import Theme
from app.ui.widgets.basic import control_height, show_icon
from app.ui.widgets.labels import remark, worded

_SHOWN: Final = 16  # digits of a SHA-256
_FEW: Final = 5
_MEASURE: Final = "kikipounamu models measure {name}"


class Details:
    """Names of files, hashes, the engine and sources of one model.

    ``fold`` opens and closes ``lines``; the card places both.
    """

    def __init__(self, theme: Theme, texts: Texts) -> None:
        self._theme, self._texts = theme, texts
        self._model, self._view = LocalModelView(ModelFacts("")), ModelsView()
        self.fold = worded(texts, QPushButton(), "models.details")
        self.fold.setProperty("role", "quiet")
        self.fold.setCheckable(True)
        self.fold.setCursor(Qt.CursorShape.PointingHandCursor)
        self.fold.toggled.connect(self._show)
        self.lines = remark()
        self.lines.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.lines.hide()

    def show_model(self, model: LocalModelView, view: ModelsView) -> None:
        """Show the details of a model if the fold is open."""
        self._model, self._view = model, view
        name = model_name(self._texts, model.name)
        self.fold.setAccessibleName(self._texts("models.button-name", action=self.fold.text(), model=name))
        self._show()

    def _show(self) -> None:
        opened = self.fold.isChecked()
        self.fold.setMinimumHeight(control_height())
        show_icon(self.fold, "chevron" if opened else "chevron-right", self._theme.colour("accent"))
        self.lines.setText("\n".join(detail_lines(self._texts, self._model, self._view)) if opened else "")
        self.lines.setToolTip("\n".join(file.sha256 for file in self._model.about.files) if opened else "")
        self.lines.setVisible(opened)


def detail_lines(texts: Texts, model: LocalModelView, view: ModelsView) -> Iterator[str]:
    """Yield what a technician wants to know about a model."""
    about, shown = model.about, texts

    def line(name: str, value: str) -> str:
        return shown("models.detail.line", name=shown(f"models.detail.{name}"), value=value)

    yield line("called", about.name)
    if about.engine:
        yield line("engine", about.engine)
    yield line("sources", sources_text(texts, about))
    if len(about.languages) > _FEW:
        yield line("languages", listed(texts, [name for _, name in by_name(texts, about.languages)]))
    if model.state is ModelState.INSTALLED and model.installed_s is not None:
        yield line("since", datetime.fromtimestamp(model.installed_s).date().isoformat())
    if view.default is not None and view.default.model == model.name and model.chosen:
        yield line("used", texts(f"models.default.{view.default.reason}"))
    if about.purpose is Purpose.RECOGNISER and model.can_be_chosen:
        yield line("measure", _MEASURE.format(name=about.name))
    for link in dict.fromkeys(stated.link for stated in about.errors):
        yield line("figures", link)
    if not about.files:
        yield line("files", texts("models.detail.unlisted"))
    for file in about.files:
        size = size_text(texts, file.size)
        yield texts("models.detail.file", path=file.path, size=size, hash=file.sha256[:_SHOWN])


def sources_text(texts: Texts, about: ModelFacts) -> str:
    """Return the sources from which a model can be downloaded."""
    names = [texts(f"models.source.{kind}") for kind in about.sources or ("folder",)]
    return reduce(lambda first, second: texts("models.list", first=first, second=second), names)
