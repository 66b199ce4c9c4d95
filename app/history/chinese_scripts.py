"""Conversion of traditional to simplified characters, so that a search finds either. Pure, but for the dictionary.

The dictionary is OpenCC's, which comes with the worker's engines. Without it, each character matches only itself.
"""

from collections.abc import Mapping
from functools import cache
from importlib.util import find_spec
from itertools import chain
from typing import Any, Final

_BLOCKS: Final = (range(0x3400, 0x4DC0), range(0x4E00, 0xA000), range(0xF900, 0xFADA))
_LIBRARY: Final = "opencc"


def is_known() -> bool:
    """Return whether the dictionary is installed, without opening it."""
    return find_spec(_LIBRARY) is not None


def simplified(text: str) -> str:
    """Replace each character by its simplified one; the length stays the same."""
    return text.translate(_table())


@cache
def _table() -> Mapping[int, str]:
    """Build the translation table in some 20 ms at first use; the library's own dictionaries are freed."""
    if not is_known():
        return {}
    from opencc import OpenCC

    converter: Any = OpenCC("t2s")
    characters = [chr(code) for code in chain(*_BLOCKS)]
    converted = converter.convert("\n".join(characters)).split("\n")
    pairs = zip(characters, converted, strict=True)
    return {ord(one): other for one, other in pairs if one != other and len(other) == 1}
