"""Card of one model: its purpose, figures and state, a button for the next step, and a menu."""

from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from typing import Final

from PySide6.QtCore import QPoint, QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QPushButton, QWidget

from app.messages.kinds import Action
from app.models.view import (
    UNDER_WAY,
    CancelModel,
    FetchModel,
    ImportModel,
    LocalModelView,
    ModelFacts,
    ModelState,
    ModelsView,
    PauseModel,
    Purpose,
    RemoveModel,
    VerifyModel,
)
from app.settings.sections import ChangeSetting
from app.ui.models.model_widgets import (
    SHAPES,
    Badge,
    FigureRows,
    accuracy_bars,
    compared_languages,
    has_figures,
    speed_bar,
)
from app.ui.models.wording import (
    ICONS,
    CardAction,
    about_text,
    can_be_done,
    facts_text,
    how_text,
    main_action,
    menu_actions,
    note_role,
    note_text,
    reason_text,
    remedy,
    size_text,
    too_large_text,
)
from app.ui.strings.texts import Texts, languages_by_name, list_text, model_name, names_text
from app.ui.theme.theme import SCALE, Theme, font
from app.ui.widgets.basic import (
    Card,
    FileProgressBar,
    ThemedIcon,
    action_button,
    control_height,
    on_escape,
    reveal,
    show_icon,
)
from app.ui.widgets.dialogs import Dialogs
from app.ui.widgets.menus import Menu
from app.ui.widgets.panels import FlowRow
from app.ui.widgets.parts import (
    CARD,
    horizontal,
    label,
    remark,
    set_caption,
    set_role,
    show_text,
    stretched,
    tool_tip,
    vertical,
    worded,
)

_SHOWN: Final = 16  # digits of a SHA-256
_FEW: Final = 5
CHOSEN: Final = "worker.model"
"""Name of the setting for the model that this computer's worker runs."""
_MEASURE: Final = "kikipounamu models measure {name}"


class Details:
    """Technical details of one model: engine, sources, files and hashes.

    ``fold`` opens and closes ``lines``; the card places both.
    """

    def __init__(self, theme: Theme, texts: Texts) -> None:
        self._theme, self._texts = theme, texts
        self._model, self._view = LocalModelView(ModelFacts("")), ModelsView()
        self.fold = worded(texts, action_button(self._show, "quiet"), "models.details")
        self.fold.setCheckable(True)
        self.lines = remark(selectable=True)
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
        show_text(self.lines, "\n".join(detail_lines(self._texts, self._model, self._view)) if opened else "")
        self.lines.setToolTip("\n".join(file.sha256 for file in self._model.about.files) if opened else "")


def detail_lines(texts: Texts, model: LocalModelView, view: ModelsView) -> Iterator[str]:
    """Yield the technical details of a model, line by line."""
    about = model.about

    def line(name: str, value: str) -> str:
        return texts("models.detail.line", name=texts(f"models.detail.{name}"), value=value)

    yield line("called", about.name)
    if about.engine:
        yield line("engine", about.engine)
    yield line("sources", sources_text(texts, about))
    if len(about.languages) > _FEW:
        yield line("languages", list_text(texts, [name for _, name in languages_by_name(texts, about.languages)]))
    if model.state is ModelState.INSTALLED and model.installed_s is not None:
        yield line("since", datetime.fromtimestamp(model.installed_s).date().isoformat())
    if view.default is not None and view.default.model == model.name and model.chosen:
        yield line("used", texts(f"models.default.{view.default.reason}"))
    if about.purpose is Purpose.RECOGNISER and model.can_be_chosen:
        yield line("measure", _MEASURE.format(name=about.name))
    for link in dict.fromkeys(stated.link for stated in about.errors):
        yield line("figures", link or texts("models.stated.measured"))
    if not about.files:
        yield line("files", texts("models.detail.unlisted"))
    for file in about.files:
        size = size_text(texts, file.size)
        yield texts("models.detail.file", path=file.path, size=size, hash=file.sha256[:_SHOWN])


def sources_text(texts: Texts, about: ModelFacts) -> str:
    """Return the sources from which a model can be downloaded."""
    names = [texts(f"models.source.{kind}") for kind in about.sources or ("folder",)]
    return names_text(texts, names)


_BARS: Final = UNDER_WAY | {ModelState.PAUSED, ModelState.QUEUED}
_AT_REST: Final = frozenset({ModelState.MISSING, ModelState.INSTALLED})
_STRONG: Final = frozenset(
    {CardAction.FETCH_USE, CardAction.FETCH, CardAction.REPAIR, CardAction.RESUME, CardAction.USE}
)


class ModelCard(Card):
    """Card that shows one model and passes actions to ``ask``."""

    def __init__(self, theme: Theme, texts: Texts, ask: Callable[[Action], None], dialogs: Dialogs) -> None:
        super().__init__()
        self._theme, self._texts, self._ask, self._dialogs = theme, texts, ask, dialogs
        self.model, self._view, self._language = LocalModelView(ModelFacts("")), ModelsView(), ""
        self.shape, self.bar = ThemedIcon(theme, SHAPES[ModelState.MISSING]), FileProgressBar(theme)
        self.name = label(bold=True, wraps=True)
        self.badge = worded(texts, Badge(theme, "star"), "models.badge")
        self.in_use = worded(texts, Badge(theme, "done"), "models.in-use")
        self.reason, self.about = remark(""), label(role="muted", wraps=True)
        self.figures, self.facts = FigureRows(theme), remark()
        self.how, self.note = remark(), remark("")
        self.licence = action_button(lambda: QDesktopServices.openUrl(QUrl(self.model.about.link)), "quiet")
        self.main, self.more = action_button(self._take_step), action_button(self._open_menu, "quiet")
        self.menu = Menu(self)
        self.delete_question, self.delete = label(wraps=True), action_button(self._delete, "danger")
        self.keep = action_button(lambda: self.confirm(False))
        self.details = Details(theme, texts)
        self.buttons = FlowRow((self.main, self.more, self.details.fold))
        head = horizontal(self.shape, stretched(self.name), self.badge, self.in_use)
        self.question = QWidget()
        self.answers = FlowRow((self.delete, self.keep))
        vertical(self.delete_question, self.answers, within=self.question)
        self.question.hide()
        on_escape(self, (self.delete, self.keep), lambda: self.confirm(False))
        foot = horizontal(stretched(self.facts), self.licence)
        upper: tuple[QWidget, ...] = (self.reason, self.about, self.figures)
        lower: tuple[QWidget, ...] = (self.bar, self.how, self.note, self.buttons)
        vertical(head, *upper, foot, *lower, self.question, self.details.lines, within=self, margins=CARD)

    def show_model(
        self, model: LocalModelView, view: ModelsView, *, language: str = "", again: bool = False
    ) -> None:
        """Show a model of ``view``; update the widgets only if something changed or ``again`` is set.

        ``language``: the language whose accuracy comes first. ``again``: the language or colours of the windows
        changed.
        """
        shown, now = (_shown_values(self._texts, each, model) for each in (self._view, view))
        if not again and (model, language, now) == (self.model, self._language, shown):
            return
        if model.state is not self.model.state:
            self.confirm(False)
        self.model, self._view, self._language, texts = model, view, language, self._texts
        name, state = model_name(texts, model.name), texts(f"models.state.{model.state.value}")
        self.setAccessibleName(f"{name}: {texts('models.in-use') if model.chosen else state}")
        self.shape.show_icon(SHAPES[model.state], state)
        self.name.setText(name)
        reason = reason_text(texts, view, model)
        self.badge.setVisible(bool(reason))
        show_text(self.reason, reason)
        self.about.setText(about_text(texts, model.about))
        self._show_figures()
        show_text(self.how, "" if model.state in _AT_REST else how_text(texts, model))
        self.bar.show_percent(model.percent, self.accessibleName(), moving=model.state in UNDER_WAY)
        self.bar.setVisible(model.state in _BARS and bool(model.done))
        self._show_note()
        self._show_buttons()
        self.details.show_model(model, view)

    # -- parts ---------------------------------------------------------------------------------------------

    def _show_figures(self) -> None:
        texts, about, view = self._texts, self.model.about, self._view
        self.figures.setVisible(has_figures(about))
        if has_figures(about):
            languages = compared_languages(texts.language, view.languages, self._language)
            bars = accuracy_bars(texts, about, languages)
            titles = [texts("models.accuracy-title"), *[""] * len(bars)]
            speed = (texts("models.speed-title"), speed_bar(texts, view.speeds.get(about.name)))
            self.figures.show_bars([speed, *zip(titles, bars, strict=False)])
        self.facts.setText(facts_text(texts, about, view.languages))
        self.licence.setAccessibleName(texts("models.licence-name", model=self.name.text(), licence=about.licence))
        self.licence.setToolTip(about.link)
        self.licence.setFont(font(SCALE.caption))
        show_text(self.licence, about.licence)

    def _show_note(self) -> None:
        texts, model = self._texts, self.model
        early = too_large_text(texts, model, self._view.free)
        text, role = (early, "warning") if early else (note_text(texts, model), note_role(model))
        show_text(self.note, text, role)
        self.note.setToolTip(tool_tip("\n".join(model.details)))
        self.note.setAccessibleDescription("\n".join(model.details))

    def _show_buttons(self) -> None:
        texts, action = self._texts, main_action(self.model)
        self.in_use.setVisible(self.model.chosen and self.model.state is ModelState.INSTALLED)
        if action is not None:
            set_role(self.main, self._role(action))
            self._name_button(self.main, texts(f"models.{action.value}"), ICONS[action])
            self.main.setEnabled(can_be_done(action, self.model))
        self._name_button(self.delete, texts("models.delete-now"), "delete")
        self._name_button(self.keep, texts("models.keep"), "cancel")
        self.delete_question.setText(texts("models.sure", model=self.name.text()))
        self.more.setAccessibleName(texts("models.more", model=self.name.text()))
        self.more.setToolTip(self.more.accessibleName())
        self.more.setFixedHeight(control_height())
        show_icon(self.more, "more", self._theme.colour("text"))
        reveal(self.more, bool(menu_actions(self.model)), self.details.fold)
        reveal(self.main, action is not None, self.more)
        self.buttons.arrange()

    def _role(self, action: CardAction) -> str:
        """Return the style of the main button; it stands out only on the card of the recommended model."""
        if action not in _STRONG:
            return "quiet"
        return "" if self.badge.isHidden() else "primary"

    def _name_button(self, button: QPushButton, description: str, icon: str) -> None:
        set_caption(
            button, description, self._texts("models.button-name", action=description, model=self.name.text())
        )
        button.setMinimumHeight(control_height())
        colour = {"danger": "danger", "primary": "on_accent"}.get(button.property("role"), "accent")
        show_icon(button, icon, self._theme.colour(colour))

    @property
    def controls(self) -> tuple[QWidget, ...]:
        """Controls in reading order."""
        return self.licence, self.main, self.more, self.details.fold, self.delete, self.keep

    # -- user actions ----------------------------------------------------------------------------------------

    def _take_step(self) -> None:
        if (action := main_action(self.model)) is not None:
            self._run_action(action)

    def _open_menu(self) -> None:
        self.menu.clear()
        for action in menu_actions(self.model):
            entry = self.menu.addAction(self._texts(f"models.{action.value}"), partial(self._run_action, action))
            entry.setEnabled(can_be_done(action, self.model))
        self.menu.popup(self.more.mapToGlobal(QPoint(0, self.more.height())))

    def _run_action(self, action: CardAction) -> None:
        name = self.model.name
        match action:
            case CardAction.FETCH_USE | CardAction.FETCH_ONLY:
                self._ask(FetchModel(name, use=action is CardAction.FETCH_USE))
            case CardAction.FETCH | CardAction.RESUME | CardAction.RETRY | CardAction.REPAIR:
                self._ask(FetchModel(name))
            case CardAction.PAUSE:
                self._ask(PauseModel(name))
            case CardAction.CANCEL | CardAction.DISCARD:
                self._ask(CancelModel(name))
            case CardAction.VERIFY:
                self._ask(VerifyModel(name))
            case CardAction.USE:
                self._ask(ChangeSetting(CHOSEN, name))
            case CardAction.COPY:
                QGuiApplication.clipboard().setText(remedy(self.model))
            case CardAction.IMPORT:
                self._take_in()
            case CardAction.DELETE:
                self.confirm(True)

    def _take_in(self) -> None:
        text = self._texts("models.folder-of", model=self.name.text())
        if folder := self._dialogs.folder(self, text):
            self._ask(ImportModel(self.model.name, folder))

    def _delete(self) -> None:
        self.confirm(False)
        self._ask(RemoveModel(self.model.name))

    def confirm(self, on: bool) -> None:
        """Ask whether to delete the model, or stop asking."""
        had = self.delete.hasFocus() or self.keep.hasFocus()
        self.question.setVisible(on)
        if on:
            self.delete.setFocus()
        elif had:
            self.more.setFocus()


def _shown_values(texts: Texts, view: ModelsView, model: LocalModelView) -> tuple[object, ...]:
    """Return the values of ``view`` on which the card of a model depends.

    The free bytes of the disk change all the time, but the card depends only on the warning of too few.
    """
    best = view.recommended if view.recommended and view.recommended.model == model.name else None
    return too_large_text(texts, model, view.free), view.speeds.get(model.name), view.languages, view.default, best
