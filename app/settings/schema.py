"""Each setting by its dotted name: its type, what it may be, and its value in ``Settings``. Pure."""

from collections.abc import Mapping
from dataclasses import Field, dataclass, fields, replace
from enum import StrEnum
from functools import cache
from typing import Any, Final, Literal, get_args, get_origin, get_type_hints

from app.settings.checks import Check
from app.settings.errors import BadSetting
from app.settings.sections import Settings

_LONGEST_TEXT: Final = 1_000


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
    def choices(self) -> tuple[str, ...]:
        """The values that there are, where they can be counted; of a switch none."""
        return _choices(self.type)

    @property
    def check(self) -> Check:
        """What its values keep to."""
        check: Check = self.of.metadata["check"]
        return check

    @property
    def allowed(self) -> str:
        """For people."""
        if choices := self.choices:
            return ", ".join(choices)
        return {bool: "true, false", int: "whole number", str: "text"}.get(self.type, "list of texts")

    def value(self, written: object) -> Any:
        """What ``written``, a value of TOML, means. Raises ``BadSetting``."""
        value, fits = _typed(self.type, written)
        refused = f"it may be {self.allowed}" if not fits else self.check(value)
        if refused:
            counted = self.allowed if self.choices or self.type is bool else ""
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
