"""Calls of a model that fit its device: their size is measured once, and a call that lacks memory is halved. Pure.

The size of a call is in padded seconds: its recordings times the length of its longest one.
"""

from collections.abc import Callable, Sequence
from typing import Final, TypeVar

from worker.engines.model_loading import lacks_memory

CPU_PADDED_S: Final = 100.0
"""Padded seconds of one call on a processor, where larger calls gain nothing and take much memory."""
LONGEST_S: Final = 25.0
_MOST: Final = 16

Item = TypeVar("Item")
Answer = TypeVar("Answer")


def most_padded_s(device: str, run: Callable[[int], object]) -> float:
    """Return how many padded seconds one call may have.

    On a GPU, ``run`` is called with 1, 2, 4, up to 16 recordings of 25 s, until its memory is used up. Raises the
    error of ``run`` if not even one fits.
    """
    if device == "cpu":
        return CPU_PADDED_S
    run(1)
    fits = 1
    while fits < _MOST:
        try:
            run(2 * fits)
        except Exception as error:
            if not lacks_memory(error):
                raise
            break
        fits *= 2
    return fits * LONGEST_S


def in_parts(
    items: Sequence[Item],
    seconds: Callable[[Item], float],
    limit_s: float,
    run: Callable[[Sequence[Item]], Sequence[Answer]],
) -> list[Answer]:
    """Return the answers of ``run`` for all ``items``, in order, in calls of at most ``limit_s`` padded seconds.

    A call that lacks memory is halved until it fits. Raises the error of ``run`` for a single item.
    """
    if len(items) == 1 or len(items) * max(map(seconds, items)) <= limit_s:
        try:
            return list(run(items))
        except Exception as error:
            if len(items) == 1 or not lacks_memory(error):
                raise
    middle = len(items) // 2
    halves = (items[:middle], items[middle:])
    return [answer for half in halves for answer in in_parts(half, seconds, limit_s, run)]
