"""Each setting by its dotted name: its type, what it may be, and its value in ``Settings``. Pure."""

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
        if self.row is not None:
            return "list of tables"
        return _allowed(self.type)

    @property
    def row(self) -> Any:
        """What one of a list of tables is; ``None``: it is something else."""
        kind = next(iter(get_args(self.type)), None)
        return kind if is_dataclass(kind) else None

    def value(self, written: object) -> Any:
        """What ``written``, a value of TOML, means. Raises ``BadSetting``."""
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
        """Of a list of tables those that can be, and what is wrong with the others."""
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
                settings, problems = _read(settings, setting, table[setting.key])
                bad += problems
    return settings, tuple(bad)


def as_written(value: Any) -> Any:
    """As TOML has it: what ``Setting.value`` reads. Of a row only what is not as usual anyway."""
    if isinstance(value, tuple):
        return [as_written(one) for one in value]
    if is_dataclass(value):
        return {
            one.name: as_written(given)
            for one in fields(value)
            if (given := getattr(value, one.name)) != one.default or one.name in _ALWAYS
        }
    return str(value) if isinstance(value, str) else value  # an enumeration's value


def _read(settings: Settings, setting: Setting, written: object) -> tuple[Settings, Sequence[BadSetting]]:
    """With one of them as it is written; where that cannot be, as before. Of rows the others count."""
    if setting.row is None:
        try:
            return changed(settings, setting.name, written), ()
        except BadSetting as error:
            return settings, (error,)
    rows, bad = setting.rows(written)
    section = replace(getattr(settings, setting.section), **{setting.key: rows})
    return replace(settings, **{setting.section: section}), bad


def unknown_names(document: Mapping[str, object]) -> tuple[str, ...]:
    """What a file says that no setting is: a mistake in writing, or of another version."""
    sections = {section.name for section in fields(Settings)}
    names = [name for name in document if name not in sections]
    for name in sections & set(document):
        table = document[name]
        names += [f"{name}.{key}" for key in (table if isinstance(table, Mapping) else ())]
    return tuple(name for name in names if name not in all_settings())


def _row(kind: Any, table: object) -> Any:
    """One of a list of tables, or what is wrong with it. What it says beside that passes."""
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
