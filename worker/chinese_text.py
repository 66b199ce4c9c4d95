"""Chinese text in the requested script, with full-width punctuation. Pure.

Models write as they were trained: Whisper gives Mandarin half-width commas and sometimes traditional characters.
The script is an option of the speaker, never guessed from the language of a user interface.
"""

import re
from collections.abc import Callable
from functools import cache
from typing import Any, Final

from msgspec.structs import replace

from protocol.engine import DecodeOutcome, Transcript
from protocol.recognition import Options

_CONVERSIONS: Final = {"simplified": "t2s", "traditional": "s2t"}
_HAN: Final = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_ANY_HAN: Final = re.compile(f"[{_HAN}]")
_AFTER_HAN: Final = re.compile(f"(?<=[{_HAN}])\\s*([,.?!;:])(?![,.?!;:])\\s*")
_AFTER_OTHER: Final = re.compile(f"(?<=[0-9A-Za-z%])([,.?!;])\\s*(?=[{_HAN}]|$)")
_CLAUSE_END: Final = re.compile("[，。！？；?!;]|[,.](?![0-9])")
_BETWEEN_HAN: Final = re.compile(f"(?<=[{_HAN}])[ \u3000]+(?=[{_HAN}])")
_BEFORE_HAN: Final = re.compile(f"(?<=[A-Za-z][.?!])(?=[{_HAN}])")
_FULL_WIDTH: Final = {",": "，", ".": "。", "?": "？", "!": "！", ";": "；", ":": "："}


def apply_chinese_style(outcome: DecodeOutcome, options: Options) -> DecodeOutcome:
    """Return the outcome with its text and words converted to the Chinese style that ``options`` request."""
    if not isinstance(outcome, Transcript) or not _ANY_HAN.search(outcome.text):
        return outcome
    in_script = _converter(options.script)

    def in_style(text: str) -> str:
        text = _BETWEEN_HAN.sub("", in_script(text))  # Whisper puts a space between phrases
        text = _BEFORE_HAN.sub(" ", text)  # and none after an English sentence
        return with_full_width_marks(text) if options.punctuation else text

    text = in_style(outcome.text)
    words = tuple(replace(word, text=_as_in(text, in_style(word.text))) for word in outcome.words)
    return replace(outcome, text=text, words=words)


def with_full_width_marks(text: str) -> str:
    """Replace punctuation in clauses with Han characters by its full-width form, without spaces; keep ellipses."""
    text = _AFTER_HAN.sub(lambda mark: _FULL_WIDTH[mark[1]], text)
    return _AFTER_OTHER.sub(_full_width_in_chinese, text)


def _full_width_in_chinese(mark: re.Match[str]) -> str:
    """Return the mark of a clause that ends with a figure or a Latin word; keep the stops of 1. and Mr."""
    before, is_last = mark.string[: mark.start()], mark.end() == len(mark.string)
    if mark[1] == "." and not is_last and not before.endswith("%"):
        return mark[0]
    return _FULL_WIDTH[mark[1]] if _ANY_HAN.search(_CLAUSE_END.split(before)[-1]) else mark[0]


def _as_in(text: str, word: str) -> str:
    """Return the word with its mark in the form that the text has."""
    wide = word[:-1] + _FULL_WIDTH.get(word[-1:], "")
    return wide if wide.strip() in text and word.strip() not in text else word


@cache
def _converter(script: str) -> Callable[[str], str]:
    if not script:
        return str
    from opencc import OpenCC  # half a megabyte of dictionaries: loaded only if needed

    converter: Any = OpenCC(_CONVERSIONS[script])
    convert: Callable[[str], str] = converter.convert
    return convert
