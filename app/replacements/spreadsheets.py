"""Export and import of rules as text for spreadsheets: CSV, also with tabs or semicolons. Pure."""

import codecs
import csv
import io
from collections.abc import Sequence
from contextlib import suppress
from typing import Final, NamedTuple

from app.replacements.rules import LONGEST_HEARD, LONGEST_WRITTEN, MOST_RULES, Replacement

_NAMES: Final = ("hears", "writes", "whole_word", "match_case")
_YES: Final = frozenset({"true", "1", "yes", "x", "是"})
_NO: Final = frozenset({"false", "0", "no", "否"})
_MOST_LINES: Final = 10 * MOST_RULES
_COMMON: Final = 0.9
_LONGEST_LINE: Final = 4 * (LONGEST_HEARD + LONGEST_WRITTEN)


class Sheet(NamedTuple):
    """Rules that were read.

    ``left_out``: number of lines that are no rule.
    """

    rules: tuple[Replacement, ...]
    left_out: int = 0


def to_csv(rules: Sequence[Replacement]) -> str:
    """Return the rules as CSV with a header and a byte-order mark, without which Excel assumes Latin-1."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(_NAMES)
    for rule in rules:
        writer.writerow((rule.hears, rule.writes, _word(rule.whole_word), _word(rule.match_case)))
    return "\ufeff" + out.getvalue()


def decode_text(data: bytes, *, chinese: bool) -> str | None:
    """Return the text of a file in UTF-8, UTF-16 or, if it may be ``chinese``, GBK; else ``None``.

    Excel writes these on Windows in Chinese. Bytes of many other encodings can be read as GBK too; most of them
    then mean characters that GB 2312 lacks.
    """
    with suppress(UnicodeDecodeError):
        marked = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        return data.decode("utf-16" if marked else "utf-8-sig")
    if not chinese:
        return None
    with suppress(UnicodeDecodeError):
        text = data.decode("gb18030")
        rare = "".join(char for char in text if not char.isascii())
        common = len(rare.encode("gb2312", "ignore")) // 2
        return text if common >= _COMMON * len(rare) else None
    return None


def from_text(text: str, titles: tuple[str, str] = ("", "")) -> Sheet:
    """Parse rules from text. ``titles``: of the first two columns, as the window writes them.

    A line needs two columns, because a rule without the second would delete words.
    """
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    rules, left_out = list[Replacement](), 0
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text))
    try:
        for number, line in enumerate(lines):
            if number >= _MOST_LINES:
                return Sheet(tuple(rules), left_out + 1)
            if not any(map(str.strip, line)) or (number == 0 and _is_header(line, titles)):
                continue
            rule = _rule(line)
            left_out += rule is None
            rules += [rule] if rule else []
    except csv.Error:  # an unterminated field
        left_out += 1
    return Sheet(tuple(rules), left_out)


def _delimiter(text: str) -> str:
    first = text.lstrip("\n").partition("\n")[0]
    if "\t" in first:
        return "\t"
    return ";" if first.count(";") > first.count(",") else ","


def _is_header(line: Sequence[str], titles: tuple[str, str]) -> bool:
    cells = [cell.strip().lower() for cell in line[:2]]
    return cells[0] == _NAMES[0] or cells == [title.lower() for title in titles]


def _rule(line: Sequence[str]) -> Replacement | None:
    if len(line) < 2 or not line[0].strip() or sum(map(len, line)) > _LONGEST_LINE:
        return None
    flags = [column.strip().lower() for column in line[2:4]]
    if any(flag and flag not in _YES | _NO for flag in flags):
        return None
    whole, case = [*flags, "", ""][:2]
    return Replacement(line[0].strip(), line[1], whole_word=whole not in _NO, match_case=case in _YES)


def _word(on: bool) -> str:
    return "true" if on else "false"
