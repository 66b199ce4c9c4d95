"""Order of version numbers, as PEP 440 defines it for the forms that this project uses. Pure."""

import re
from typing import Final

Order = tuple[tuple[int, ...], int, int, int, int]
"""A sortable version: numbers, stage, its number, whether it is finished, and its development number."""

_FORM: Final = re.compile(
    r"(\d{1,6}(?:\.\d{1,6}){0,3})(?:(a|b|rc)(\d{1,6}))?(?:\.dev(\d{1,6}))?(?:\+[a-z0-9.]{1,40})?"
)
_STAGES: Final = {"a": 0, "b": 1, "rc": 2}
_ONLY_DEVELOPED, _RELEASED = -1, 3
_LENGTH: Final = 4


def order_of(version: str) -> Order | None:
    """Return the order of a version such as 0.2.0, 0.2.0rc1 or 0.2.0.dev3; ``None`` for another form."""
    found = _FORM.fullmatch(version)
    if not found:
        return None
    numbers = [int(part) for part in found[1].split(".")]
    developed = found[4] is not None
    stage = _STAGES[found[2]] if found[2] else (_ONLY_DEVELOPED if developed else _RELEASED)
    padded = (*numbers, *(0,) * (_LENGTH - len(numbers)))
    return padded, stage, int(found[3] or 0), int(not developed), int(found[4] or 0)


def is_newer(version: str, installed: str) -> bool:
    """Return whether a version should be offered to users of the installed one.

    Unfinished versions are offered only to users of an unfinished one.
    """
    new, own = order_of(version), order_of(installed)
    if new is None or own is None or new <= own:
        return False
    return is_finished(new) or not is_finished(own)


def is_finished(order: Order) -> bool:
    """Return whether a version is a release, not a preview of one."""
    return order[1] == _RELEASED
