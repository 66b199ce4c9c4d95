"""Export and import of rules as text for spreadsheets: CSV, also with tabs or semicolons. Pure."""

import csv
import io
from collections.abc import Sequence
from typing import Final, NamedTuple

from app.replacements.rules import LONGEST_HEARD, LONGEST_WRITTEN, MOST_RULES, Replacement

_NAMES: Final = ("hears", "writes", "whole_word", "match_case")
_YES: Final = frozenset({"true", "1", "yes", "x", "是"})
_NO: Final = frozenset({"false", "0", "no", "否"})
_MOST_LINES: Final = 10 * MOST_RULES
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


def from_text(text: str) -> Sheet:
    """Parse rules from text.

    A line needs two columns, because a rule without the second would delete words.
    """
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    rules, left_out = list[Replacement](), 0
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text))
    try:
        for number, line in enumerate(lines):
            if number >= _MOST_LINES:
                return Sheet(tuple(rules), left_out + 1)
            if not any(map(str.strip, line)) or (number == 0 and line[0].strip().lower() == _NAMES[0]):
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
