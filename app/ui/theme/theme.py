"""Design tokens other than colours, and the theme that follows the system while the app runs."""

from collections.abc import Iterator
from dataclasses import astuple, dataclass
from string import ascii_lowercase
from typing import Any, Final

from PySide6.QtCore import QObject, Qt, Signal, SignalInstance
from PySide6.QtGui import QColor, QFont, QFontInfo, QFontMetrics, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication

from app.core.states import State
from app.ui.theme.colours import COLOURS, Colours, Scheme, state_colour, stylesheet

HAN: Final = ("Noto Sans CJK SC", "Microsoft YaHei UI", "PingFang SC")
"""Fallback fonts for Han characters, because some systems would draw Chinese with Japanese glyphs."""


@dataclass(frozen=True)
class Spacing:
    """Distances in pixels, in steps of four."""

    hair: int = 4
    small: int = 8
    medium: int = 12
    large: int = 16
    wide: int = 24
    huge: int = 32


@dataclass(frozen=True)
class Radii:
    """Corner radii in pixels."""

    small: int = 6
    medium: int = 10
    large: int = 20


@dataclass(frozen=True)
class Scale:
    """Font sizes relative to the application's font."""

    caption: float = 0.88
    body: float = 1.0
    heading: float = 1.15
    display: float = 1.6


@dataclass(frozen=True)
class Motion:
    """Durations of animations in milliseconds; ``reduced`` switches animations off."""

    quick: int = 120
    reduced: bool = False


CONTENT_WIDTH: Final = 760
"""Maximum width of a page's content in pixels, because longer lines are hard to read."""
SCHEMES: Final = {"system": None, "light": Scheme.LIGHT, "dark": Scheme.DARK}
"""Colour schemes by the value of the setting ``general.theme``."""
TEXT_SIZES: Final = {"normal": 1.0, "large": 1.15, "larger": 1.35, "largest": 1.6}
"""Text sizes that the user can choose, relative to the system's."""
SCALE_PROPERTY: Final = "scale"
"""Dynamic property of labels with their font size on the type scale."""
SPACING: Final = Spacing()
RADII: Final = Radii()
SCALE: Final = Scale()
STILL: Final = Motion(0, reduced=True)


class Theme(QObject):
    """Colours and animation settings for drawing; ``changed`` is emitted when the system's preferences change.

    A given ``scheme`` or ``motion`` overrides the system.
    """

    changed = Signal()

    def __init__(self, scheme: Scheme | None = None, motion: Motion | None = None) -> None:
        super().__init__()
        self._scheme, self._motion = scheme, motion
        self.text_size, self._base = "normal", QFont()
        self._system = System()
        for signal in self._system.signals():
            signal.connect(self.changed)

    @property
    def scheme(self) -> Scheme:
        """Colour scheme in effect."""
        return self._scheme or self._system.scheme

    @property
    def colours(self) -> Colours:
        """Colours of the scheme in effect."""
        return COLOURS[self.scheme]

    @property
    def motion(self) -> Motion:
        """Durations of animations in effect."""
        return self._motion or self._system.motion

    def colour(self, name: str) -> QColor:
        """Return a colour by the name of its token."""
        return QColor(getattr(self.colours, name))

    def state_colour(self, state: State) -> QColor:
        """Return the colour of a state's icon."""
        return self.colour(state_colour(state))

    @property
    def mark_colours(self) -> tuple[QColor, QColor]:
        """Ground and ink of marked words."""
        contrast = self.scheme is Scheme.HIGH_CONTRAST
        ground, ink = ("accent", "on_accent") if contrast else ("accent_soft", "accent_strong")
        return self.colour(ground), self.colour(ink)

    def choose(self, scheme: Scheme | None) -> None:
        """Set the scheme; ``None`` follows the system again."""
        before, self._scheme = self.scheme, scheme
        if self.scheme is not before:  # styling every window again takes long
            self.changed.emit()

    def choose_text_size(self, size: str) -> None:
        """Set the text size of all windows, one of ``TEXT_SIZES``."""
        if size != self.text_size:
            self.text_size = size
            self.changed.emit()

    def dress(self, application: QApplication) -> None:
        """Apply style, font and colours to the application, now and at each change."""
        application.setStyle("Fusion")
        self._base = QFont(application.font())
        self._apply(application)
        self.changed.connect(lambda: self._apply(application))

    def _apply(self, application: QApplication) -> None:
        usual = _sized(QFont(self._base), TEXT_SIZES[self.text_size])
        application.setFont(usual)
        application.setPalette(palette(self.colours))
        application.setStyleSheet(stylesheet(self.colours, RADII.small, SPACING.small) + _scale_rules(usual))


def font(size: float = SCALE.body, weight: QFont.Weight = QFont.Weight.Normal) -> QFont:
    """Return the system's font at this scale, with Simplified Chinese fonts as fallback."""
    made = QFont(QGuiApplication.font())
    family = QFontInfo(made).family()  # Qt would skip an alias like "Sans Serif" in a list of families
    made.setFamilies(list(dict.fromkeys((family, *HAN))))
    made.setWeight(weight)
    return _sized(made, size)


def letter_width(metrics: QFontMetrics) -> int:
    """Return the width of an average Latin letter; a Chinese font states that of a Chinese character."""
    return min(metrics.averageCharWidth(), metrics.horizontalAdvance(ascii_lowercase) // len(ascii_lowercase))


def _scale_rules(usual: QFont) -> str:
    """Return rules for sizes that depend on the font; a new style sheet discards fonts set on widgets."""
    sizes = {scale: _sized(QFont(usual), scale) for scale in astuple(SCALE)}
    side = QFontMetrics(usual).ascent()
    beside = side + 2 * SPACING.small
    return (
        f"QMenu {{ icon-size: {side}px; }} QMenu::item {{ padding: {SPACING.small}px {beside}px; }}\n"
        f"QPushButton::menu-indicator {{ width: {side}px; }}\n"
    ) + "".join(
        f'QLabel[{SCALE_PROPERTY}="{scale:g}"] {{ font-size: {_size_text(made)}; }}\n'
        for scale, made in sizes.items()
    )


def _size_text(made: QFont) -> str:
    return f"{made.pointSizeF():.2f}pt" if made.pointSizeF() > 0 else f"{made.pixelSize()}px"


def _sized(made: QFont, scale: float) -> QFont:
    """Scale the size of a font, and return the font."""
    if made.pointSizeF() > 0:
        made.setPointSizeF(made.pointSizeF() * scale)
    else:
        made.setPixelSize(round(made.pixelSize() * scale))
    return made


class System:
    """Preferences of the system: contrast needs Qt 6.10, reduced motion a later version.

    References to both objects are held: if the wrapper of one is collected, PySide considers the other deleted.
    """

    def __init__(self) -> None:
        self._hints = QGuiApplication.styleHints()
        self._preferences: Any = self._hints.accessibility() if hasattr(self._hints, "accessibility") else None

    def signals(self) -> Iterator[SignalInstance]:
        """Yield the signals that report changed preferences."""
        yield self._hints.colorSchemeChanged
        for name in ("contrastPreferenceChanged", "motionPreferenceChanged"):
            if hasattr(self._preferences, name):
                yield getattr(self._preferences, name)

    @property
    def scheme(self) -> Scheme:
        """High contrast if the system prefers it, otherwise dark or light."""
        if self._preference("contrastPreference") == Qt.ContrastPreference.HighContrast:
            return Scheme.HIGH_CONTRAST
        return Scheme.DARK if self._hints.colorScheme() == Qt.ColorScheme.Dark else Scheme.LIGHT

    @property
    def motion(self) -> Motion:
        """Durations of animations; none if the system prefers reduced motion."""
        preference = self._preference("motionPreference")  # its enumeration is missing in older versions
        return STILL if getattr(preference, "name", "") == "ReducedMotion" else Motion()

    def _preference(self, name: str) -> object:
        return getattr(self._preferences, name)() if hasattr(self._preferences, name) else None


def palette(colours: Colours) -> QPalette:
    """Return the palette for everything that Qt paints without the style sheet."""
    made = QPalette()
    roles = {
        QPalette.ColorRole.Window: colours.window,
        QPalette.ColorRole.WindowText: colours.text,
        QPalette.ColorRole.Base: colours.surface,
        QPalette.ColorRole.AlternateBase: colours.sunken,
        QPalette.ColorRole.Text: colours.text,
        QPalette.ColorRole.PlaceholderText: colours.muted,
        QPalette.ColorRole.Button: colours.surface,
        QPalette.ColorRole.ButtonText: colours.text,
        QPalette.ColorRole.ToolTipBase: colours.surface,
        QPalette.ColorRole.ToolTipText: colours.text,
        QPalette.ColorRole.Highlight: colours.accent,
        QPalette.ColorRole.HighlightedText: colours.on_accent,
        QPalette.ColorRole.Link: colours.accent,
    }
    for role, colour in roles.items():
        made.setColor(role, QColor(colour))
    for role in (QPalette.ColorRole.WindowText, QPalette.ColorRole.Text, QPalette.ColorRole.ButtonText):
        made.setColor(QPalette.ColorGroup.Disabled, role, QColor(colours.muted))
    return made
