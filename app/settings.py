"""Settings: what there is, what it may be, and what it is when nobody says. Pure; ``docs/settings.md`` lists them.

SettingsError           base (an ``AppError``)
├── BadSetting          there is no such setting, or it cannot have this value
├── SettingsUnreadable  the file is no TOML, or cannot be read
└── SettingsNotKept     the file cannot be written
"""

from collections.abc import Callable, Mapping
from dataclasses import Field, dataclass, field, fields, replace
from enum import StrEnum
from functools import cache
from math import inf
from typing import Any, Final, Literal, get_args, get_origin, get_type_hints
from urllib.parse import urlsplit

from app.capture.retention import DAY_S, DAYS, SIZE, RetentionLimits
from app.dictation_events import CANCEL, DICTATE, PASTE_HELD
from app.errors import AppError
from app.gestures import TalkMode
from app.hotkeys import binding
from app.hotkeys.errors import HotkeyUnknown
from app.insertion.plan import Newline, Strategy
from protocol.recognition import Options

MOST_HOTWORDS: Final = 512
_LONGEST_HOTWORD: Final = 64
_LONGEST_TEXT: Final = 1_000
_MEGABYTE: Final = 1_000_000


class SettingsError(AppError):
    """Base. The text says what to do about it."""


class BadSetting(SettingsError):
    """There is no such setting, or it cannot have this value.

    ``line``: of the file, where it is known. ``allowed``: the values that there are, where they can be counted.
    """

    def __init__(self, name: str, text: str, line: int | None = None, allowed: str = "") -> None:
        place = f" (line {line})" if line else ""
        super().__init__(f"{name}{place}: {text}")
        self.name = name
        self.says = text
        self.line = line
        self.allowed = allowed


class SettingsUnreadable(SettingsError):
    """The file is no TOML, or cannot be read."""

    def __init__(self, text: str, line: int | None = None) -> None:
        super().__init__(text)
        self.line = line


class SettingsNotKept(SettingsError):
    """The file cannot be written."""


def _setting(default: Any, says: str, check: Callable[[Any], str] = lambda value: "") -> Any:
    """``check``: what a value may be, for one that it may not be; otherwise empty."""
    return field(default=default, metadata={"says": says, "check": check})


def _key(text: str) -> str:
    try:
        if text:
            binding.parse(text)
    except HotkeyUnknown as error:
        return str(error)
    return ""


def _language(text: str) -> str:
    known = text == "auto" or (text.isascii() and text.isalpha() and text.islower() and len(text) in (2, 3))
    return "" if known else "auto, or a code of ISO 639 such as en or zh"


def _model(text: str) -> str:
    plain = all(character.isascii() and (character.isalnum() or character in "._-") for character in text)
    return "" if plain and len(text) <= 64 else "a name as `kikipounamu models list` prints it, or empty for any"


def _words(words: tuple[str, ...]) -> str:
    short = all(0 < len(word) <= _LONGEST_HOTWORD for word in words)
    allowed = f"at most {MOST_HOTWORDS} words of 1 to {_LONGEST_HOTWORD} characters"
    return "" if short and len(words) <= MOST_HOTWORDS else allowed


def _up_to(most: int) -> Callable[[int], str]:
    return lambda number: "" if 0 <= number <= most else f"a number from 0 to {most}"


def _url(text: str) -> str:
    try:
        parts = urlsplit(text)
        good = not text or (parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0)
    except ValueError:
        good = False
    return "" if good else "http(s)://HOST:PORT, or empty for this computer"


@dataclass(frozen=True)
class General:
    """What fits nowhere else."""

    language: Literal["system", "en", "zh"] = _setting("system", "Language of windows, tray and overlay.")
    sounds: bool = _setting(True, "A sound when recording starts and stops, and when text is held.")
    announce: bool = _setting(
        False,
        "Have a screen reader say what happens, also where none is noticed. One that is noticed says it anyway.",
    )
    keep_microphone_open: bool = _setting(
        False,
        "Keep the microphone open between dictations: what was said up to 500 ms before the key is recorded too. "
        "The system shows all the time that the microphone is in use, and Bluetooth headsets sound worse.",
    )


@dataclass(frozen=True)
class Audio:
    """Sound."""

    microphone: str = _setting("", "(Part of) the microphone's name; empty for the system's default.")


@dataclass(frozen=True)
class Hotkeys:
    """Keys that work in every program. Empty: none."""

    dictate: str = _setting("right_ctrl", "Starts and stops dictation, in the way that `mode` says.", _key)
    cancel: str = _setting("esc", "Gives up what is being recorded; it works only during that.", _key)
    paste_held: str = _setting("ctrl+alt+v", "Inserts text that was recognised but not inserted.", _key)
    mode: TalkMode = _setting(
        TalkMode.HYBRID,
        "hold: talk while the key is down. toggle: press to start, press to stop. hybrid: a tap toggles, holding "
        "talks. hands-free: as toggle, and pauses begin and end what is sent.",
    )

    @property
    def bindings(self) -> dict[str, str]:
        """For ``app.hotkeys``: by action."""
        return {DICTATE: self.dictate, CANCEL: self.cancel, PASTE_HELD: self.paste_held}


@dataclass(frozen=True)
class Recognition:
    """What speech becomes."""

    language: str = _setting("auto", "What is spoken: auto, or a code of ISO 639 such as en or zh.", _language)
    script: Literal["simplified", "traditional", "as-is"] = _setting(
        "simplified", "How Chinese is written; as-is: as the model writes it."
    )
    hotwords: tuple[str, ...] = _setting((), "Names and terms to listen for, where the model can.", _words)
    itn: bool = _setting(True, "Write numbers, dates and units in figures, where the model can.")
    punctuation: bool = _setting(True, "Punctuate, where the model can choose.")
    model: str = _setting("", "Model to recognise with; empty for any that a worker has loaded.", _model)
    partials: bool = _setting(True, "Show text that may still change while you speak.")

    @property
    def options(self) -> Options:
        """For the gateway."""
        return Options(
            language=self.language,
            hotwords=self.hotwords,
            itn=self.itn,
            punctuation=self.punctuation,
            partials=self.partials,
            model=self.model,
            script="" if self.script == "as-is" else self.script,
        )


@dataclass(frozen=True)
class Insertion:
    """How text gets into the program that has the focus."""

    strategy: Strategy = _setting(
        Strategy.AUTOMATIC, "automatic: paste, and type where that cannot be. paste, type: only that."
    )
    newline: Newline = _setting(
        Newline.SHIFT_RETURN,
        "What a line break becomes where text is typed: Return sends a message in most chats.",
    )


@dataclass(frozen=True)
class History:
    """How long recordings and their texts are kept. What is not recognised yet always stays."""

    days: int = _setting(DAYS, "Older recordings are deleted. 0: however old they are, they stay.", _up_to(36_500))
    megabytes: int = _setting(
        SIZE // _MEGABYTE,
        "While all of them together are larger, the oldest are deleted. 0: they may be as large as the disk.",
        _up_to(100_000_000),
    )
    keep: int = _setting(0, "So many of the newest stay, however old and large they are.", _up_to(1_000_000))

    @property
    def limits(self) -> RetentionLimits:
        """For ``app.capture.library``."""
        return RetentionLimits(self.days * DAY_S or inf, self.megabytes * _MEGABYTE or inf, self.keep)


@dataclass(frozen=True)
class Worker:
    """The recogniser of this computer."""

    on: bool = _setting(True, "Recognise on this computer too.")


@dataclass(frozen=True)
class Gateway:
    """Where speech is sent."""

    url: str = _setting("", "http(s)://HOST:PORT; empty for this computer.", _url)


@dataclass(frozen=True)
class Advanced:
    """For looking into problems."""

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = _setting("INFO", "How much the log tells.")


@dataclass(frozen=True)
class Settings:
    """Everything, by section."""

    general: General = General()
    audio: Audio = Audio()
    hotkeys: Hotkeys = Hotkeys()
    recognition: Recognition = Recognition()
    insertion: Insertion = Insertion()
    history: History = History()
    worker: Worker = Worker()
    gateway: Gateway = Gateway()
    advanced: Advanced = Advanced()


@dataclass(frozen=True)
class Setting:
    """One of them. ``name``: as people write it, with its section; ``key``: its last part."""

    section: str
    key: str
    type: Any
    of: Field[Any]

    @property
    def name(self) -> str:
        """Dotted, as in ``ChangeSetting``."""
        return f"{self.section}.{self.key}"

    @property
    def default(self) -> Any:
        """When nobody says."""
        return self.of.default

    @property
    def says(self) -> str:
        """For people."""
        return str(self.of.metadata["says"])

    @property
    def allowed(self) -> str:
        """For people."""
        if choices := _choices(self.type):
            return ", ".join(choices)
        return {bool: "true, false", int: "whole number", str: "text"}.get(self.type, "list of texts")

    def value(self, written: object) -> Any:
        """What ``written``, a value of TOML, means. Raises ``BadSetting``."""
        value, fits = _typed(self.type, written)
        refused = f"it may be {self.allowed}" if not fits else str(self.of.metadata["check"](value))
        if refused:
            counted = self.allowed if _choices(self.type) or self.type is bool else ""
            raise BadSetting(self.name, f"{_shown(written)} cannot be: {refused}", allowed=counted)
        return value

    def of_settings(self, settings: Settings) -> Any:
        """Its value there."""
        return getattr(getattr(settings, self.section), self.key)


@cache
def all_settings() -> Mapping[str, Setting]:
    """By dotted name, in the order of the documentation."""
    found = [
        Setting(section.name, one.name, hints[one.name], one)
        for section in fields(Settings)
        for hints in [get_type_hints(type(section.default))]
        for one in fields(type(section.default))  # type: ignore[arg-type]  # a section is a dataclass
    ]
    return {setting.name: setting for setting in found}


def changed(settings: Settings, name: str, written: object) -> Settings:
    """With one of them changed. Raises ``BadSetting``."""
    setting = all_settings().get(name)
    if setting is None:
        raise BadSetting(name, f"there is no such setting; there are {', '.join(all_settings())}")
    section = replace(getattr(settings, setting.section), **{setting.key: setting.value(written)})
    return replace(settings, **{setting.section: section})


def from_mapping(document: Mapping[str, object]) -> tuple[Settings, tuple[BadSetting, ...]]:
    """What a file says, and what of it cannot be: there, defaults are in force. Unknown names pass."""
    settings, bad = Settings(), list[BadSetting]()
    for section in fields(Settings):
        table = document.get(section.name, {})
        if not isinstance(table, Mapping):
            bad.append(BadSetting(section.name, f"it has settings: write [{section.name}] above them"))
            continue
        for setting in all_settings().values():
            if setting.section == section.name and setting.key in table:
                try:
                    settings = changed(settings, setting.name, table[setting.key])
                except BadSetting as error:
                    bad.append(error)
    return settings, tuple(bad)


def unknown_names(document: Mapping[str, object]) -> tuple[str, ...]:
    """What a file says that no setting is: a mistake in writing, or of another version."""
    sections = {section.name for section in fields(Settings)}
    names = [name for name in document if name not in sections]
    for name in sections & set(document):
        table = document[name]
        names += [f"{name}.{key}" for key in (table if isinstance(table, Mapping) else ())]
    return tuple(name for name in names if name not in all_settings())


def _choices(kind: Any) -> tuple[str, ...]:
    if get_origin(kind) is Literal:
        return get_args(kind)
    return tuple(kind) if isinstance(kind, type) and issubclass(kind, StrEnum) else ()


def _typed(kind: Any, written: object) -> tuple[Any, bool]:
    """The value, and whether it is of this type. A list may be one text with a line for each."""
    if choices := _choices(kind):
        fits = isinstance(written, str) and written in choices
        return (kind(written) if fits and isinstance(kind, type) else written), fits
    if kind is bool:
        return written, isinstance(written, bool)
    if kind is int:
        return written, isinstance(written, int) and not isinstance(written, bool)
    if kind is str:
        return written, isinstance(written, str) and len(written) <= _LONGEST_TEXT
    listed = (
        [line.strip() for line in written.splitlines() if line.strip()] if isinstance(written, str) else written
    )
    fits = isinstance(listed, list) and all(isinstance(item, str) for item in listed)
    return (tuple(map(str, listed)) if fits and isinstance(listed, list) else written), fits


def _shown(written: object) -> str:
    text = repr(str(written) if isinstance(written, str) else written)
    return text if len(text) <= 60 else f"{text[:57]}..."
