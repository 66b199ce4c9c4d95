"""The settings file: read, changed without losing comments or unknown keys, and watched while the app runs.

Lists of tables are written as ``[[section.key]]``; unchanged rows keep their comments.
"""

import asyncio
import os
import re
import tomllib
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

import tomlkit
from tomlkit.exceptions import ParseError, TOMLKitError
from tomlkit.items import AoT, Comment, Item, Table

from app.journal.retention import RetentionLimits
from app.settings.current import limits_of
from app.settings.errors import BadSetting, SettingsError, SettingsNotKept, SettingsUnreadable
from app.settings.path import settings_place
from app.settings.schema import all_settings, as_written, change_setting, from_mapping, unknown_names
from app.settings.sections import ChangeSetting, Settings
from runtime import loggers
from runtime.event_names import LogEvent
from runtime.folders import refusal
from runtime.tasks import TaskOwner, Tasks
from runtime.whole_file import read_regular, replacing

log = loggers.APP_SETTINGS_FILE

_CHECK_S: Final = 1.0
_MOST_NAMED: Final = 20
_HEADER: Final = "# Settings of kikipounamu. What is not here has its default; the window of the app lists all.\n"

_INSTEAD: Final = {False: "the default is used", True: "the row is left out"}

Subscriber = Callable[[Settings, Settings], None]
"""Called with (old, new), which are equal if only ``problems`` changed."""


@dataclass(frozen=True)
class ParsedSettings:
    """The parsed contents of a settings file. ``broken``: the file is unreadable.

    A broken file sets nothing and must not be overwritten.
    """

    settings: Settings = Settings()
    problems: tuple[BadSetting, ...] = ()
    unknown: tuple[str, ...] = ()
    broken: SettingsUnreadable | None = None


def parse_settings(text: str) -> ParsedSettings:
    """Parse the text of a settings file."""
    try:
        document = _document(text)
    except ParseError as error:
        broken = SettingsUnreadable(f"the settings file is no TOML: {error}: mend it", error.line)
        return ParsedSettings(broken=broken)
    except (TOMLKitError, ValueError, RecursionError) as error:
        return ParsedSettings(broken=SettingsUnreadable(f"the settings file is no TOML: {error}: mend it"))
    settings, bad = from_mapping(document)
    problems = tuple(
        BadSetting(one.name, f"{one.fault}; {_INSTEAD[bool(one.row)]}", at, one.allowed, one.row)
        for one in bad[:_MOST_NAMED]
        for at in [line_of(text, one.name, one.row)]
    )
    return ParsedSettings(settings, problems, unknown_names(document))


def read_settings(place: Path) -> ParsedSettings:
    """Read and parse a settings file; a missing file sets nothing."""
    try:
        return parse_settings(_read_text(place))
    except SettingsUnreadable as error:
        return ParsedSettings(broken=error)


def _read_text(place: Path) -> str:
    try:
        return read_regular(place).decode("utf-8-sig")
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise SettingsUnreadable(refusal(error, place)) from error
    except UnicodeDecodeError as error:
        raise SettingsUnreadable(f"{place} is not written in UTF-8: save it as that") from error


def _document(text: str) -> dict[str, Any]:
    """Parse TOML with ``tomllib``, ten times faster than ``tomlkit``, which reports the line of an error."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return dict(tomlkit.parse(text).unwrap())


def with_setting(text: str, name: str, value: Any) -> str:
    """Return ``text`` with one setting changed or added; ``None`` removes it, so that its default applies.

    Raises ``BadSetting`` or ``SettingsUnreadable``.
    """
    setting = all_settings()[name]
    try:
        document = tomlkit.parse(text)
        if setting.section not in document:
            if value is None:
                return text
            document[setting.section] = tomlkit.table()
        table: Any = document[setting.section]
        if not isinstance(table, MutableMapping):
            raise BadSetting(setting.section, f"it has settings: write [{setting.section}] above them")
        if setting.row is not None:
            return with_rows(tomlkit.dumps(document), setting.section, setting.key, as_written(value or ()))
        if value is None:
            table.pop(setting.key, None)
        else:
            table[setting.key] = as_written(value)
        return tomlkit.dumps(document)
    except (TOMLKitError, ValueError, RecursionError) as error:
        raise SettingsUnreadable(
            f"the settings file is invalid: fix it before changing settings: {error}"
        ) from error


def line_of(text: str, name: str, row: int | None = None) -> int | None:
    """Return the line where a setting, its section, or one of its rows begins; ``None`` for unusual syntax."""
    section, _, key = name.partition(".")
    table, rows = "", 0
    for number, line in enumerate(text.splitlines(), start=1):
        if header := re.match(r"""\s*(\[\[?)\s*["']?([\w.-]+)["']?\s*\]""", line):
            table = header.group(2) if header.group(1) == "[" else f"{header.group(2)}.row"
            rows += table == f"{name}.row"
            if rows == row and table == f"{name}.row":
                return number
        elif entry := re.match(r"""\s*["']?([\w-]+)["']?(?:\s*\.\s*["']?([\w-]+)["']?)?\s*=""", line):
            parts = [part for part in (table, *entry.groups()) if part]
            if parts[:2] == [section, key] or parts == [section]:
                return number
    return None


class SettingsFile(TaskOwner):
    """An async context manager that notices changes on disk within a second. Use it in one event loop.

    ``current``: the settings in effect. ``problems``: invalid settings in the file, whose defaults apply; or the
    error that the file cannot be read, while the previous settings stay in effect.
    """

    def __init__(self, place: Path | None = None, check_s: float = _CHECK_S) -> None:
        self.place = place or settings_place()
        self.current = Settings()
        self.problems: tuple[SettingsError, ...] = ()
        self._check_s = check_s
        self._stamp: object = None
        self._subscribers: list[Subscriber] = []
        self._tasks = Tasks("settings")
        self._lock = asyncio.Lock()

    async def __aenter__(self) -> Self:
        await self._read_if_changed()
        self._tasks.keep(self._watch, "watch")
        return self

    @property
    def limits(self) -> RetentionLimits:
        """The retention limits of recordings."""
        return limits_of(self.current, self.problems)

    def subscribe(self, subscriber: Subscriber) -> Callable[[], None]:
        """Call ``subscriber`` in the loop after each change; the returned function unsubscribes it."""
        self._subscribers.append(subscriber)
        return lambda: self._subscribers.remove(subscriber)

    async def apply(self, change: ChangeSetting) -> None:
        """Apply a change and write it to the file. Raises ``SettingsError`` and then changes nothing."""
        change_setting(self.current, change.name, change.value)
        async with self._lock:
            await self._read_again()
            value = None if change.value is None else all_settings()[change.name].value(change.value)
            await asyncio.to_thread(self._write, change.name, value)
            await self._read_again()

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(self._check_s)
            await self._read_if_changed()

    async def _read_if_changed(self) -> None:
        async with self._lock:
            await self._read_again()

    async def _read_again(self) -> None:
        stamp = await asyncio.to_thread(self._stamp_of_file)
        if stamp == self._stamp and stamp is not None:
            return
        reading = await asyncio.to_thread(read_settings, self.place)
        self._stamp = stamp
        self._use(reading)

    def _use(self, reading: ParsedSettings) -> None:
        old, problems = self.current, self.problems
        if reading.broken:
            self.problems = (reading.broken,)
        else:
            self.current, self.problems = reading.settings, reading.problems
        if self.current == old and list(map(str, self.problems)) == list(map(str, problems)):
            return
        log.info(
            LogEvent.SETTINGS_CHANGED,
            problems=[getattr(problem, "name", "file") for problem in self.problems],
            unknown=reading.unknown,
        )
        for subscriber in list(self._subscribers):
            subscriber(old, self.current)

    # -- in threads ----------------------------------------------------------------------------------------

    def _stamp_of_file(self) -> object:
        try:
            found = self.place.stat()
        except OSError as error:
            return error.errno
        return found.st_mtime_ns, found.st_size, found.st_ino

    def _write(self, name: str, value: Any) -> None:
        text = with_setting(_read_text(self.place) or _HEADER, name, value)
        target = Path(os.path.realpath(self.place))  # a symbolic link stays one
        try:
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with replacing(target, durable=True) as file:
                file.write(text.encode())
        except OSError as error:
            raise SettingsNotKept(
                f"{target} cannot be written: {error.strerror}: free space or allow access"
            ) from error


Row = Mapping[str, str | bool]


def with_rows(text: str, section: str, key: str, rows: Sequence[Row]) -> str:
    """Return ``text``, which contains the table ``section``, with these rows in it.

    If the section's syntax allows no such tables (``section.other = 1``, ``section = {…}``), write one array.
    """
    for put in (_put_tables, _put_array):
        document = tomlkit.parse(text)
        table: Any = document[section]
        try:
            put(table, key, rows)
            new = tomlkit.dumps(document)
            if _differs_only_in_rows(text, new, section, key, rows):
                return new
        except (TOMLKitError, ValueError):
            continue
    raise ValueError(f"[{section}] cannot hold `{key}`: write [{section}] above its settings")


def _differs_only_in_rows(text: str, new: str, section: str, key: str, rows: Sequence[Row]) -> bool:
    """Return whether both texts mean the same, apart from the rows."""
    wanted, found = tomlkit.parse(text).unwrap(), tomlkit.parse(new).unwrap()
    before = {name: value for name, value in wanted.get(section, {}).items() if name != key}
    wanted[section] = before | ({key: [dict(row) for row in rows]} if rows else {})
    return bool(found | {section: found.get(section, {})} == wanted)


def _put_tables(table: MutableMapping[str, Any], key: str, rows: Sequence[Row]) -> None:
    known = table.get(key)
    before = list(known) if isinstance(known, AoT) else []
    last = _last_words(before[-1]) if before else []
    there = {frozenset(one.unwrap().items()): one for one in before}
    made = [there.pop(frozenset(row.items()), None) or _table(row) for row in rows]
    if not made:
        table.pop(key, None)
    else:
        if not isinstance(known, AoT):
            table.pop(key, None)
        table[key] = AoT(made)
    holder: Any = made[-1] if made else table
    for words in last or [tomlkit.nl()]:
        if made or isinstance(words, Comment):
            holder.add(words)


def _put_array(table: MutableMapping[str, Any], key: str, rows: Sequence[Row]) -> None:
    table.pop(key, None)
    if not rows:
        return
    array = tomlkit.array()
    for row in rows:
        inline = tomlkit.inline_table()
        inline.update(row)
        array.append(inline)
    table[key] = array


def _table(row: Row) -> Table:
    made = tomlkit.table()
    made.update(row)
    return made


def _last_words(table: Table) -> list[Item]:
    """Remove and return the comments and empty lines after the last row: they belong to what follows."""
    body = table.value.body
    words: list[Item] = []
    while body and body[-1][0] is None:
        words.insert(0, body.pop()[1])
    return words
