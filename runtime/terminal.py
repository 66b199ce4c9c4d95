"""Untrusted text on a terminal: file names, recognised texts, device names, messages of a gateway.

Terminals obey control characters, and directional overrides disguise text. Both are written as escapes, as Python
writes them.
"""

import re
import sys
from typing import Final

_UNSAFE: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
LINES: Final = "\n\t"
"""Characters to keep in text of several lines."""


def printable(text: str, keep: str = "") -> str:
    """Return ``text`` with every character that a terminal would obey escaped, except those of ``keep``."""
    return _UNSAFE.sub(lambda found: found[0] if found[0] in keep else _escaped(found[0]), text)


def reason(error: Exception) -> str:
    """Return an error's message for people, without the system's error number."""
    said = error.strerror if isinstance(error, OSError) else ""
    return said or str(error) or type(error).__name__


def say(text: str, *, err: bool = False, end: str = "\n") -> None:
    """Write to standard output: unchanged into a file or a pipe, escaped on a terminal.

    ``err``: write to standard error, always escaped. Raises ``BrokenPipeError``.
    """
    stream = sys.stderr if err else sys.stdout
    if err or stream.isatty():
        text = printable(text, LINES)
    stream.write(text + end)
    stream.flush()


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode()
