"""Lists of tables in a settings file, written as ``[[section.key]]``. Unchanged rows keep their comments. Pure."""

from collections.abc import Mapping, MutableMapping, Sequence
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import AoT, Comment, Item, Table

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
            if _same(text, new, section, key, rows):
                return new
        except (TOMLKitError, ValueError):
            continue
    raise ValueError(f"[{section}] cannot hold `{key}`: write [{section}] above its settings")


def _same(text: str, new: str, section: str, key: str, rows: Sequence[Row]) -> bool:
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
