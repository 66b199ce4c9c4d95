"""Values in the messages of other protocols' clients: JSON objects, texts, and words for the recogniser."""

from collections.abc import Iterable
from typing import Any, Final

import msgspec

from protocol.errors import NOT_JSON

LONGEST_HOTWORD: Final = 64
_MOST_HOTWORDS: Final = 512


def json_object(data: str) -> dict[str, Any] | None:
    """Parse a text as a JSON object; return ``None`` if it is none."""
    try:
        value = msgspec.json.decode(data)
    except NOT_JSON:
        return None
    return value if isinstance(value, dict) else None


def text_of(value: object, default: str = "") -> str:
    """Return a text, or a number as text; else ``default``, because ``str`` fails on deeply nested values."""
    return str(value) if isinstance(value, str | int | float) else default


def cut_hotword(word: str) -> str:
    """Return a name or term, cut to the longest that a session may have."""
    return word.strip()[:LONGEST_HOTWORD].strip()


def distinct_hotwords(words: Iterable[str]) -> tuple[str, ...]:
    """Return each word once, without empty ones, and no more than a session may have."""
    return tuple(dict.fromkeys(word for word in words if word))[:_MOST_HOTWORDS]
