"""Choice of the spoken languages, a part of the first step."""

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QWidget

from app.core.sentences import entries
from app.messages.actions import Action
from app.settings.actions import ChangeSetting
from app.settings.languages import own_languages, spoken_languages
from app.settings.sections import Settings
from app.ui.files.file_widgets import TickButton
from app.ui.strings.language_names import by_name, language_name
from app.ui.strings.texts import Texts
from app.ui.theme.theme import Theme
from app.ui.widgets.basic import DropDown
from app.ui.widgets.flow_layout import FlowRow
from app.ui.widgets.labels import worded
from app.ui.widgets.layouts import vertical

LANGUAGES: Final = "recognition.languages"
_SINGLE: Final = "recognition.language"
_ANY: Final = ""
_COMMON: Final = ("en", "zh")
_NAMES: Final = "spoken."


class LanguageTick(TickButton):
    """Tick of a language, which is never narrower than its text."""

    def minimumSizeHint(self) -> QSize:
        """Return the size that cuts nothing off."""
        return self.sizeHint()


class SpokenPart(QWidget):
    """Ticks for the languages of this computer and the most common ones, and a list of all others."""

    def __init__(self, theme: Theme, texts: Texts, ask: Callable[[Action], None]) -> None:
        super().__init__()
        self._theme, self._texts, self._ask = theme, texts, ask
        self._single, self.spoken = "auto", tuple[str, ...]()
        self.ticks: dict[str, LanguageTick] = {}
        self._row: FlowRow | None = None
        self.other = worded(texts, DropDown(theme), accessibleName="onboarding.other-language")
        self.other.activated.connect(self._add)
        self._column = vertical(within=self)
        self._offer(())

    def show_settings(self, settings: Settings) -> None:
        """Tick the languages in effect."""
        own = own_languages(settings.general)
        self._single = settings.recognition.language
        self.spoken = spoken_languages(settings.recognition, own)
        self._offer((*filter(None, own), *_COMMON, *self.spoken))

    def refresh(self) -> None:
        """Update all texts to the current language."""
        texts = self._texts
        for code, tick in self.ticks.items():
            tick.setText(language_name(texts, code) if code else texts("onboarding.any-language"))
            tick.setAccessibleName(tick.text())
            tick.setChecked(code in self.spoken if code else not self.spoken)
            tick.updateGeometry()
        if self._row is not None:
            self._row.arrange()
        all_codes = (key.removeprefix(_NAMES) for key in entries(texts.language) if key.startswith(_NAMES))
        others = by_name(texts, (code for code in all_codes if code not in self.ticks))
        self.other.show_entries([(_ANY, texts("onboarding.other-language")), *others], _ANY)

    def _offer(self, codes: tuple[str, ...]) -> None:
        """Offer these languages too; those offered before stay, so that no tick moves under the pointer."""
        wanted = tuple(dict.fromkeys((_ANY, *self.ticks, *codes)))
        if wanted != tuple(self.ticks):
            for code in wanted:
                if code not in self.ticks:
                    tick = self.ticks[code] = LanguageTick(self._theme)
                    tick.clicked.connect(lambda _, code=code: self._toggle(code))
            before, focused = self._row, self.other.hasFocus()
            self._row = FlowRow((*self.ticks.values(), self.other))
            self._column.addWidget(self._row)
            if before is not None:
                before.hide()
                before.deleteLater()
            if focused:
                self.other.setFocus()
        self.refresh()

    def _add(self, _: int) -> None:
        if code := self.other.currentData():
            self._choose((*self.spoken, code))

    def _toggle(self, code: str) -> None:
        if code == self._single:
            self._ask(ChangeSetting(_SINGLE, "auto"))
        if not code:
            self._choose(())
        elif code in self.spoken:
            self._choose(tuple(one for one in self.spoken if one != code))
        else:
            self._choose((*self.spoken, code))
        self.refresh()  # the ticks follow the settings in effect

    def _choose(self, codes: tuple[str, ...]) -> None:
        self._ask(ChangeSetting(LANGUAGES, "\n".join(codes)))
