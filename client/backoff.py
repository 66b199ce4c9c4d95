"""Delay before a retry: exponential with full jitter. Pure."""

from typing import Final

FIRST_S: Final = 0.25
LONGEST_S: Final = 10.0
LONGEST_ASKED_S: Final = 60.0
_MOST_DOUBLINGS: Final = 16


def backoff(failures: int, chance: float, asked_s: float = 0.0) -> float:
    """Return the seconds to wait after ``failures`` (>= 1) failures in a row; ``chance`` is uniform in [0, 1).

    The ceiling doubles from 0.25 to 10 s. ``asked_s`` is the delay that the server asked for (Retry-After),
    capped at a minute. The jitter is added to it, so that clients do not all return at once.
    """
    ceiling = min(LONGEST_S, FIRST_S * 2.0 ** min(failures - 1, _MOST_DOUBLINGS))
    return min(max(asked_s, 0.0), LONGEST_ASKED_S) + chance * ceiling
