"""Chinese as its reader wants it: in the script that was chosen, with full-width punctuation. Pure.

Models write what they were trained on: Whisper gives Mandarin half-width commas and now and then traditional
characters. The script is an option of the speaker, never a guess from the language of a user interface.
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
_FULL_WIDTH: Final = {",": "，", ".": "。", "?": "？", "!": "！", ";": "；", ":": "："}


def written(outcome: DecodeOutcome, options: Options) -> DecodeOutcome:
    """The outcome with its text, and each of its words, as ``options`` want Chinese to be written."""
    if not isinstance(outcome, Transcript) or not _ANY_HAN.search(outcome.text):
        return outcome
    in_script = _converter(options.script)
    text = in_script(outcome.text)
    words = tuple(replace(word, text=in_script(word.text)) for word in outcome.words)
    return replace(outcome, text=punctuated(text) if options.punctuation else text, words=words)


def punctuated(text: str) -> str:
    """Punctuation behind a Han character is full-width and brings its own space; an ellipsis stays as it is."""
    return _AFTER_HAN.sub(lambda mark: _FULL_WIDTH[mark[1]], text)


@cache
def _converter(script: str) -> Callable[[str], str]:
    if not script:
        return str
    from opencc import OpenCC  # half a megabyte of dictionaries: loaded by who needs it

    converter: Any = OpenCC(_CONVERSIONS[script])
    convert: Callable[[str], str] = converter.convert
    return convert
