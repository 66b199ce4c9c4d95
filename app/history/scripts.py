"""Traditional and simplified characters as one, so that a search finds either. Pure, but for the dictionary.

The characters are those of OpenCC, which comes with the worker's engines. Where that is not installed, each finds
only itself.
"""

from collections.abc import Mapping
from functools import cache
from importlib.util import find_spec
from itertools import chain
from typing import Any, Final

_BLOCKS: Final = (range(0x3400, 0x4DC0), range(0x4E00, 0xA000), range(0xF900, 0xFADA))
_LIBRARY: Final = "opencc"


def is_known() -> bool:
    """Whether there is a dictionary; it is not opened."""
    return find_spec(_LIBRARY) is not None


def simplified(text: str) -> str:
    """Each character as its simplified one: as many as before."""
    return text.translate(_table())


@cache
def _table() -> Mapping[int, str]:
    """Made in some 20 ms when it is first needed; the library's own dictionaries are let go."""
    if not is_known():
        return {}
    from opencc import OpenCC

    converter: Any = OpenCC("t2s")
    characters = [chr(code) for code in chain(*_BLOCKS)]
    converted = converter.convert("\n".join(characters)).split("\n")
    pairs = zip(characters, converted, strict=True)
    return {ord(one): other for one, other in pairs if one != other and len(other) == 1}
