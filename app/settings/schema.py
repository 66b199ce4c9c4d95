"""All settings by dotted name: type, allowed values, and value in ``Settings``. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import MISSING, Field, dataclass, fields, is_dataclass, replace
from enum import StrEnum
from functools import cache
from typing import Any, Final, Literal, get_args, get_origin, get_type_hints

from app.settings.checks import Check, RowsCheck
from app.settings.errors import BadSetting
from app.settings.sections import Settings

_LONGEST_TEXT: Final = 1_000
_ALWAYS: Final = frozenset({"writes"})


@dataclass(frozen=True)
class Setting:
    """The definition of one setting. ``name``: with its section, as users write it; ``key``: its last part."""

    section: str
    key: str
    type: Any
    of: Field[Any]

    @property
    def name(self) -> str:
        """The dotted name, as in ``ChangeSetting``."""
        return f"{self.section}.{self.key}"

    @property
    def default(self) -> Any:
        """The value if the file has none."""
        return self.of.default

    @property
    def says(self) -> str:
        """The description for users."""
        return str(self.of.metadata["says"])

    @property
    def choices(self) -> tuple[str, ...]:
        """The possible values, if they can be listed; empty for a switch."""
        return _choices(self.type)

    @property
    def check(self) -> Check:
        """The check that values must pass."""
        check: Check = self.of.metadata["check"]
        return check

    @property
    def allowed(self) -> str:
        """The allowed values, described for users."""
        if self.row is not None:
            return "list of tables"
        return _allowed(self.type)

    @property
    def row(self) -> Any:
        """The class of a row, for a list of tables; otherwise ``None``."""
        kind = next(iter(get_args(self.type)), None)
        return kind if is_dataclass(kind) else None

    def value(self, written: object) -> Any:
        """Convert ``written``, a value from TOML. Raises ``BadSetting``."""
        if self.row is not None:
            rows, bad = self.rows(written)
            if bad:
                raise bad[0]
            return rows
        value, fits = _typed(self.type, written)
        refused = f"it may be {self.allowed}" if not fits else self.check(value)
        if refused:
            counted = self.allowed if self.choices or self.type is bool else ""
            raise BadSetting(self.name, f"{_shown(written)} cannot be: {refused}", allowed=counted)
        return value

    def rows(self, written: object) -> tuple[tuple[Any, ...], tuple[BadSetting, ...]]:
        """Return the valid rows of a list of tables, and the problems of the others."""
        if not isinstance(written, list | tuple):
            return (), (BadSetting(self.name, f"{_shown(written)} cannot be: it may be {self.allowed}"),)
        read, bad = dict[int, Any](), dict[int, str]()
        for place, table in enumerate(written):
            row = _row(self.row, table)
            if isinstance(row, str):
                bad[place] = row
            else:
                read[place] = row
        check: RowsCheck = self.of.metadata["rows"]
        places = tuple(read)
        bad |= {places[number]: says for number, says in check(tuple(read.values())).items()}
        good = tuple(row for place, row in read.items() if place not in bad)
        return good, tuple(BadSetting(self.name, bad[place], row=place + 1) for place in sorted(bad))

    def of_settings(self, settings: Settings) -> Any:
        """Return the value of this setting in ``settings``."""
        return getattr(getattr(settings, self.section), self.key)


@cache
def all_settings() -> Mapping[str, Setting]:
    """Return all settings by dotted name, in the order of the documentation."""
    found = [
        Setting(section.name, one.name, hints[one.name], one)
        for section in fields(Settings)
        for hints in [get_type_hints(type(section.default))]
        for one in fields(type(section.default))  # type: ignore[arg-type]  # a section is a dataclass
    ]
    return {setting.name: setting for setting in found}


def changed(settings: Settings, name: str, written: object) -> Settings:
    """Return ``settings`` with one setting changed. Raises ``BadSetting``."""
    setting = all_settings().get(name)
    if setting is None:
        raise BadSetting(name, f"there is no such setting; there are {', '.join(all_settings())}")
    section = replace(getattr(settings, setting.section), **{setting.key: setting.value(written)})
    return replace(settings, **{setting.section: section})


def from_mapping(document: Mapping[str, object]) -> tuple[Settings, tuple[BadSetting, ...]]:
    """Return the settings of a document, and its invalid ones, whose defaults apply. Unknown names are ignored."""
    settings, bad = Settings(), list[BadSetting]()
    for section in fields(Settings):
        table = document.get(section.name, {})
        if not isinstance(table, Mapping):
            bad.append(BadSetting(section.name, f"it has settings: write [{section.name}] above them"))
            continue
        for setting in all_settings().values():
            if setting.section == section.name and setting.key in table:
                settings, problems = _read(settings, setting, table[setting.key])
                bad += problems
    return settings, tuple(bad)


def as_written(value: Any) -> Any:
    """Return the TOML form of a value, which ``Setting.value`` reads. A row omits its default values."""
    if isinstance(value, tuple):
        return [as_written(one) for one in value]
    if is_dataclass(value):
        return {
            one.name: as_written(given)
            for one in fields(value)
            if (given := getattr(value, one.name)) != one.default or one.name in _ALWAYS
        }
    return str(value) if isinstance(value, str) else value  # the value of an enumeration


def _read(settings: Settings, setting: Setting, written: object) -> tuple[Settings, Sequence[BadSetting]]:
    """Return settings with one written value applied, and its problems.

    An invalid value changes nothing; invalid rows are left out.
    """
    if setting.row is None:
        try:
            return changed(settings, setting.name, written), ()
        except BadSetting as error:
            return settings, (error,)
    rows, bad = setting.rows(written)
    section = replace(getattr(settings, setting.section), **{setting.key: rows})
    return replace(settings, **{setting.section: section}), bad


def unknown_names(document: Mapping[str, object]) -> tuple[str, ...]:
    """Return the names that match no setting: typing errors, or settings of another version."""
    sections = {section.name for section in fields(Settings)}
    names = [name for name in document if name not in sections]
    for name in sections & set(document):
        table = document[name]
        names += [f"{name}.{key}" for key in (table if isinstance(table, Mapping) else ())]
    return tuple(name for name in names if name not in all_settings())


def _row(kind: Any, table: object) -> Any:
    """Convert one row of a list of tables, or return its problem as text. Unknown keys are ignored."""
    if not isinstance(table, Mapping):
        return f"{_shown(table)} cannot be: it may be a table"
    hints, given = get_type_hints(kind), dict[str, Any]()
    for one in fields(kind):
        if one.name in table:
            value, fits = _typed(hints[one.name], table[one.name])
            if not fits:
                return f"`{one.name}` cannot be {_shown(table[one.name])}: it may be {_allowed(hints[one.name])}"
            given[one.name] = value
        elif one.default is MISSING:
            return f"it has no `{one.name}`"
    return kind(**given)


def _allowed(kind: Any) -> str:
    if choices := _choices(kind):
        return ", ".join(choices)
    return {bool: "true, false", int: "whole number", str: "text"}.get(kind, "list of texts")


def _choices(kind: Any) -> tuple[str, ...]:
    if get_origin(kind) is Literal:
        return get_args(kind)
    return tuple(kind) if isinstance(kind, type) and issubclass(kind, StrEnum) else ()


def _typed(kind: Any, written: object) -> tuple[Any, bool]:
    """Return the converted value, and whether its type matches. A list may be a text with one item per line."""
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
