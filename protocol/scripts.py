"""Scripts of languages: detection of letters that the speaker's languages do not use. Pure."""

import re
import unicodedata
from collections.abc import Collection
from typing import Final

_LETTERS: Final = frozenset({"Lu", "Ll", "Lt", "Lo"})
_LATIN: Final = "LATIN"
_LAST_LATIN: Final = 0x24F
_SYMBOL: Final = re.compile("(?<![\u0370-\u03ff])[\u0370-\u03ff](?![\u0370-\u03ff])")
"""A Greek letter by itself, such as α or π."""

# The first word of a letter's name in Unicode is its script. Other languages of ISO 639-1 use Latin letters.
_CYRILLIC: Final = "ab av ba be bg ce cu cv kk kv ky mk mn os ru tg tt uk sr bs az uz tk"
_ARABIC: Final = "ar fa ur ps sd ug ku ks kk ky az pa ha ms tg uz"
_USED: Final = {
    "CYRILLIC": _CYRILLIC,
    "ARABIC": _ARABIC,
    "GREEK": "el cu",
    "HEBREW": "he iw yi ji",
    "DEVANAGARI": "hi mr ne sa bh ks sd pi",
    "BENGALI": "bn as",
    "GURMUKHI": "pa",
    "GUJARATI": "gu",
    "ORIYA": "or",
    "TAMIL": "ta",
    "TELUGU": "te",
    "KANNADA": "kn",
    "MALAYALAM": "ml",
    "SINHALA": "si",
    "THAANA": "dv",
    "THAI": "th pi",
    "LAO": "lo",
    "TIBETAN": "bo dz",
    "MYANMAR": "my",
    "KHMER": "km",
    "GEORGIAN": "ka",
    "ARMENIAN": "hy",
    "ETHIOPIC": "am ti",
    "MONGOLIAN": "mn",
    "CANADIAN": "iu cr oj",
    "YI": "ii",
    "CJK": "zh yue ja ko",
    "BOPOMOFO": "zh",
    "HIRAGANA": "ja",
    "KATAKANA": "ja",
    "HANGUL": "ko",
}
_SCRIPTS: Final = {script: frozenset(languages.split()) for script, languages in _USED.items()}
_KNOWN: Final = frozenset[str]().union(*_SCRIPTS.values())
_ISO_639_1: Final = 2


def is_foreign(text: str, languages: Collection[str]) -> bool:
    """Return whether ``text`` has a letter of a script that none of the languages uses.

    Latin letters, digits and punctuation are never foreign. No letter is foreign without languages, or if the
    script of one is unknown. A Greek letter by itself is a symbol.
    """
    spoken = {language.lower().partition("-")[0] for language in languages}
    if not spoken or any(len(code) != _ISO_639_1 and code not in _KNOWN for code in spoken):
        return False
    letters = {letter for letter in unicodedata.normalize("NFC", _SYMBOL.sub("", text)) if _script(letter)}
    return any(_SCRIPTS.get(_script(letter), frozenset()).isdisjoint(spoken) for letter in letters)


def _script(character: str) -> str:
    """Return the script of a letter; empty for Latin letters and for all other characters."""
    if ord(character) <= _LAST_LATIN or unicodedata.category(character) not in _LETTERS:
        return ""
    name = unicodedata.name(unicodedata.normalize("NFKC", character)[0], "")
    script = name.split(" ")[0].split("-")[0]
    return "" if script == _LATIN else script
