"""Decide the spaces and the capital where a text meets what stands around the caret. Pure."""

import re
from typing import Final

from protocol.sentences import without_capital_within
from protocol.texts import with_space

_OBJECT: Final = "\ufffc"
"""Stands for something that is no text, such as a picture or a link."""
_OPENING: Final = "([{<（［｛【〔《〈「『“‘«‹„‚¿¡"
_TIGHT: Final = _OPENING + "/\\@#$€£¥_-–—=+*&|~^`"
"""Characters that no space follows."""
_CLOSING: Final = ")]}>）］｝】〕》〉」』”’»\"'"
_GOING_ON: Final = frozenset(",;，；、%/-")
"""Marks within a sentence."""
_QUOTES: Final = "\"'"
_ENDS: Final = re.compile(r"[.?!。？！…][\"'”’»)\]）」』]*$")
_ENDED: Final = re.compile(r"[.?!。？！…][\"'”’»)\]）」』]*\s*$")
_COMPARED: Final = 40
_FULL_STOP: Final = re.compile(r"(?<=[^\s.。])(?:。|(?<!\b[^\W\d]\.[^\W\d])\.)\Z")
"""A full stop at the end, but none of an ellipsis or of *p.m.*"""


def full_stop_of(text: str) -> str:
    """Return the full stop at the end of a text; empty if there is none."""
    found = _FULL_STOP.search(text)
    return found.group() if found else ""


def at_caret(text: str, before: str | None, continues: str, after: str = "", left_out: str = "") -> str:
    """Return a text as it fits between ``before`` and ``after``: with another beginning, and a space at the end.

    ``before``: the last characters before the caret, ``None`` if they are unknown. ``continues``: the text that
    the app inserted last in this window; the joint with it has been decided already, by the pause between them.
    ``after``: what follows the caret, as far as it is known. ``left_out``: the full stop of ``continues`` that was
    not inserted. It is added behind that text; a space stands for it if the text may have been sent meanwhile.
    """
    left_out = left_out if continues else ""
    if before is None:
        text = f" {text}" if left_out and not text[:1].isspace() else text
    else:
        stop = left_out if _same_end(before + left_out, continues) else ""
        text = stop + _behind(text, before + stop, continues)
    meets = bool(text.strip()) and after[:1].isalnum() and _may_have_space(text, after)
    return f"{text} " if meets and with_space(text, after) != after else text


def _behind(text: str, before: str, continues: str) -> str:
    """Return a text as it fits behind ``before``; only its beginning changes."""
    if before.endswith(_OBJECT):
        return text
    plain = text.lstrip(" ")
    if not plain:
        return text
    if not _same_end(before, continues):
        plain = _cased(plain, before)
        text = with_space(before, plain) if _may_have_space(before, plain) else plain
    return text.lstrip(" ") if before[-1:].isspace() else text


def _same_end(before: str, continues: str) -> bool:
    """Return whether the caret is behind the text that the app inserted last."""
    known, there = _plain(continues), _plain(before)
    return bool(known) and there.endswith(known[-_COMPARED:])


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()


def _may_have_space(before: str, text: str) -> bool:
    """Return whether a space may stand between two texts; the scripts then decide it."""
    last = before[-1:]
    if not last or last.isspace() or last in _TIGHT or text[0] in ".,;:!?)]}%":
        return False
    return not (last in _QUOTES and _opens(before))


def _opens(before: str) -> bool:
    """Return whether the straight quotation mark at the end opens a quotation."""
    earlier = before[-2:-1]
    return not earlier or earlier.isspace() or earlier in _OPENING


def _cased(text: str, before: str) -> str:
    """Return the text with its first letter cased for its place: the start of a sentence, or within one."""
    spoken = before.rstrip(" \u00a0").rstrip(_OPENING + _QUOTES).rstrip(" \u00a0")
    if not spoken or spoken[-1].isspace() or _ENDS.search(spoken):
        return text[0].upper() + text[1:] if _is_sentence(text) else text
    last = spoken.rstrip(_CLOSING)[-1:]
    return without_capital_within(text, spoken) if last.isalnum() or last in _GOING_ON else text


def _is_sentence(text: str) -> bool:
    """Return whether this text is a whole sentence that only lacks its capital."""
    return bool(_ENDED.search(text)) and text[0].isascii() and text[0].islower()
