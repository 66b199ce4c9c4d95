"""Figures read out, so that a number in figures and the same number in words are equal. Pure.

English: "350,000" is "three hundred fifty thousand", with or without "and"; "7.15" is "seven fifteen", "17th" is
"seventeenth", "1998" is "nineteen ninety eight", and "555-2389" is read figure by figure, as are five and more
figures without a comma. Mandarin: "126" is 一百二十六, "12.5" is 十二点五, four figures and more are read one by
one unless they end with 00; 两 is 二. Signs such as "%" and "$" are no figures: they stay.
"""

import re
from typing import Final

_THOUSANDS: Final = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_POINT: Final = re.compile(r"(?<=\d)[.:](?=\d)")
_FIGURES: Final = re.compile(r"\d+")
_ENGLISH: Final = re.compile(r"(\d{1,3}(?:,\d{3})+(?!\d)|\d+(?:-\d+)*)(st|nd|rd|th)?\b")
_SMALL: Final = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"),
    *("thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
)
_TENS: Final = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_SIZES: Final = ((1_000_000, "million"), (1_000, "thousand"), (100, "hundred"))
_LONGEST: Final = 4
_AND: Final = re.compile(
    rf"\b(hundred|thousand|million) and (?=(?:{'|'.join(filter(None, _SMALL + _TENS))})\b)", re.I
)
_ORDINALS: Final = {
    **{"one": "first", "two": "second", "three": "third", "five": "fifth"},
    **{"eight": "eighth", "nine": "ninth", "twelve": "twelfth"},
}
_HAN: Final = "零一二三四五六七八九"
_HAN_SIZES: Final = ("", "十", "百")
_SAME: Final = str.maketrans("两〇", "二零")


def read_out(text: str, language: str) -> str:
    """Return the text with all numbers in words."""
    if language == "zh":
        text = _POINT.sub("点", _THOUSANDS.sub("", text))
        return _FIGURES.sub(lambda found: _mandarin(found.group()), text).translate(_SAME)
    words = _ENGLISH.sub(lambda found: _english(found[1], bool(found[2])), _POINT.sub(" ", text))
    return _AND.sub(r"\1 ", words)


def _english(figures: str, ordinal: bool) -> str:
    by_one = "-" in figures or figures[0] == "0" or ("," not in figures and len(figures) > _LONGEST)
    digits = re.sub("[-,]", "", figures)
    words = [_SMALL[int(one)] for one in digits] if by_one else _words(int(digits))
    if ordinal:
        last = words[-1]
        words[-1] = _ORDINALS.get(last) or re.sub("y$", "ie", last) + "th"
    return " ".join(words)


def _words(number: int) -> list[str]:
    if number < len(_SMALL):
        return [_SMALL[number]]
    if number < 100:  # the tens
        return [_TENS[number // 10], *_rest(number % 10)]
    if 1100 <= number < 2000 and number % 100:  # a year
        return [*_words(number // 100), *_words(number % 100)]
    size, name = next(one for one in _SIZES if number >= one[0])
    return [*_words(number // size), name, *_rest(number % size)]


def _rest(number: int) -> list[str]:
    return _words(number) if number else []


def _mandarin(figures: str) -> str:
    if figures[0] == "0" or len(figures) > len(_HAN_SIZES):
        thousands = len(figures) == 4 and figures.endswith("00") and figures[0] != "0"
        if not thousands:
            return "".join(_HAN[int(one)] for one in figures)
        return _HAN[int(figures[0])] + "千" + (_mandarin(figures[1:]) if figures[1] != "0" else "")
    read = "".join(
        _HAN[int(one)] + (size if one != "0" else "")
        for one, size in zip(figures, reversed(_HAN_SIZES[: len(figures)]), strict=True)
    )
    return re.sub("^一十", "十", re.sub("零+$", "", read)) or "零"
