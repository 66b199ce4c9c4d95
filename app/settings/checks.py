"""What a setting may be: each check tells what is allowed, for a value that is not, and else nothing. Pure."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

from app.hotkeys import binding
from app.hotkeys.errors import HotkeyUnknown

MOST_HOTWORDS: Final = 512
_LONGEST_HOTWORD: Final = 64

Check = Callable[[Any], str]


def setting(default: Any, says: str, check: Check = lambda value: "") -> Any:
    """A field of a section: its default, what it is for, and its check."""
    return field(default=default, metadata={"says": says, "check": check})


def key(text: str) -> str:
    """A hotkey, or none."""
    try:
        if text:
            binding.parse(text)
    except HotkeyUnknown as error:
        return str(error)
    return ""


def language(text: str) -> str:
    """What is spoken."""
    known = text == "auto" or (text.isascii() and text.isalpha() and text.islower() and len(text) in (2, 3))
    return "" if known else "auto, or a code of ISO 639 such as en or zh"


def model(text: str) -> str:
    """The name of a model."""
    plain = all(character.isascii() and (character.isalnum() or character in "._-") for character in text)
    return "" if plain and len(text) <= 64 else "a name as `kikipounamu models list` prints it, or empty for any"


def words(words: tuple[str, ...]) -> str:
    """Hotwords."""
    short = all(0 < len(word) <= _LONGEST_HOTWORD for word in words)
    allowed = f"at most {MOST_HOTWORDS} words of 1 to {_LONGEST_HOTWORD} characters"
    return "" if short and len(words) <= MOST_HOTWORDS else allowed


@dataclass(frozen=True)
class UpTo:
    """A number from 0 on."""

    most: int

    def __call__(self, number: int) -> str:
        return "" if 0 <= number <= self.most else f"a number from 0 to {self.most}"


def up_to(most: int) -> Check:
    """The same as a check of a setting."""
    return UpTo(most)


def url(text: str) -> str:
    """Of a gateway."""
    try:
        parts = urlsplit(text)
        good = not text or (parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0)
    except ValueError:
        good = False
    return "" if good else "http(s)://HOST:PORT, or empty for this computer"
