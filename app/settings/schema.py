"""All settings by dotted name: type, allowed values, and value in ``Settings``. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import MISSING, Field, dataclass, fields, is_dataclass, replace
from enum import StrEnum
from functools import cache
from typing import Annotated, Any, Final, Literal, get_args, get_origin, get_type_hints

from msgspec import Meta, ValidationError, convert

from app.core.errors import Note
from app.settings.checks import Check, RowsCheck, UpTo
from app.settings.errors import BadSetting
from app.settings.sections import Settings

_Text = Annotated[str, Meta(max_length=1_000)]
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
    def description(self) -> str:
        """The description for users."""
        return str(self.of.metadata["description"])

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
        return _allowed_text(self.type)

    @property
    def allowed_note(self) -> Note:
        """The same in the user's language, as the settings file has it."""
        if isinstance(self.check, UpTo):
            return Note("settings.allowed.number", {"most": str(self.check.most)})
        if self.row is not None:
            return Note("settings.allowed.rows", {"name": self.name})
        if self.choices or self.type is bool:
            return Note("settings.allowed.one-of", {"allowed": self.allowed})
        return Note(f"settings.allowed.{getattr(self.check, '__name__', 'text')}")

    @property
    def row(self) -> Any:
        """The class of a row, for a list of tables; otherwise ``None``."""
        kind = next(iter(get_args(self.type)), None)
        return kind if is_dataclass(kind) else None

    def value(self, written: object) -> Any:
        """Convert ``written``, a value from TOML; ``None``: the default. Raises ``BadSetting``."""
        if written is None:
            return self.default
        value, bad = self.read(written)
        if bad:
            raise bad[0]
        return value

    def read(self, written: object) -> tuple[Any, tuple[BadSetting, ...]]:
        """Return the value, and its problems; ``None`` for an invalid one. Invalid rows are left out."""
        if self.row is not None and isinstance(written, list | tuple):
            return self._rows(written)
        try:
            if self.row is not None:
                raise ValidationError
            value = _converted(self.type, written)
            refused = self.check(value)
        except ValidationError:
            value, refused = None, f"expected {self.allowed}"
        if not refused:
            return value, ()
        counted = self.allowed if self.choices or self.type is bool else ""
        return None, (BadSetting(self.name, f"invalid value {_value_text(written)}: {refused}", allowed=counted),)

    def _rows(self, written: Iterable[object]) -> tuple[tuple[Any, ...], tuple[BadSetting, ...]]:
        """Return the valid rows of a list of tables, and the problems of the others."""
        read, bad = dict[int, Any](), dict[int, str]()
        for place, table in enumerate(written):
            try:
                read[place] = _row(self.row, table)
            except ValidationError as error:
                bad[place] = str(error)
        check: RowsCheck = self.of.metadata["rows"]
        places = tuple(read)
        bad |= {places[number]: fault for number, fault in check(tuple(read.values())).items()}
        good = tuple(row for place, row in read.items() if place not in bad)
        return good, tuple(BadSetting(self.name, bad[place], row=place + 1) for place in sorted(bad))

    def of_settings(self, settings: Settings) -> Any:
        """Return the value of this setting in ``settings``."""
        return getattr(getattr(settings, self.section), self.key)

    def put(self, settings: Settings, value: Any) -> Settings:
        """Return ``settings`` with another value of this setting."""
        section = replace(getattr(settings, self.section), **{self.key: value})
        return replace(settings, **{self.section: section})


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


def change_setting(settings: Settings, name: str, written: object) -> Settings:
    """Return ``settings`` with one setting changed. Raises ``BadSetting``."""
    setting = all_settings().get(name)
    if setting is None:
        raise BadSetting(name, f"unknown setting. Allowed: {', '.join(all_settings())}")
    return setting.put(settings, setting.value(written))


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
                value, problems = setting.read(table[setting.key])
                bad += problems
                if value is not None:
                    settings = setting.put(settings, value)
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


def unknown_names(document: Mapping[str, object]) -> tuple[str, ...]:
    """Return the names that match no setting: typing errors, or settings of another version."""
    sections = {section.name for section in fields(Settings)}
    names = [name for name in document if name not in sections]
    for name in sections & set(document):
        table = document[name]
        names += [f"{name}.{key}" for key in (table if isinstance(table, Mapping) else ())]
    return tuple(name for name in names if name not in all_settings())


def _row(kind: Any, table: object) -> Any:
    """Convert one row of a list of tables. Unknown keys are ignored. Raises ``ValidationError``."""
    if not isinstance(table, Mapping):
        raise ValidationError(f"expected a table, not {_value_text(table)}")
    hints, given = get_type_hints(kind), dict[str, Any]()
    for one in fields(kind):
        if one.name in table:
            try:
                given[one.name] = _converted(hints[one.name], table[one.name])
            except ValidationError:
                shown, allowed = _value_text(table[one.name]), _allowed_text(hints[one.name])
                raise ValidationError(f"`{one.name}`: invalid value {shown}: expected {allowed}") from None
        elif one.default is MISSING:
            raise ValidationError(f"it has no `{one.name}`")
    return kind(**given)


def _allowed_text(kind: Any) -> str:
    if choices := _choices(kind):
        return ", ".join(choices)
    return {bool: "true, false", int: "whole number", str: "text"}.get(kind, "list of texts")


def _choices(kind: Any) -> tuple[str, ...]:
    if get_origin(kind) is Literal:
        return get_args(kind)
    return tuple(kind) if isinstance(kind, type) and issubclass(kind, StrEnum) else ()


def _converted(kind: Any, written: object) -> Any:
    """Convert a value from TOML. A list may be a text with one item per line. Raises ``ValidationError``."""
    if get_origin(kind) is tuple and isinstance(written, str):
        written = [line.strip() for line in written.splitlines() if line.strip()]
    return convert(written, _Text if kind is str else kind)


def _value_text(written: object) -> str:
    text = repr(str(written) if isinstance(written, str) else written)
    return text if len(text) <= 60 else f"{text[:57]}..."
