"""Number of random examples that Hypothesis tries: a part in the suite, all in the proof
``tests/test_properties.py``.

The suite draws the same examples in every run, so that only a change makes it fail. The proof draws new ones.
"""

import os
from typing import Final

VARIABLE: Final = "KIKIPOUNAMU_TEST_ALL_EXAMPLES"
"""Set in the environment of a run that tries all examples."""

_SHARE: Final = 4
_FEWEST: Final = 10


DRAWS_OTHERS: Final = VARIABLE in os.environ
"""True in a run that draws other examples than the one before."""


def examples(count: int) -> int:
    """Return how many of ``count`` examples this run tries."""
    return count if DRAWS_OTHERS else max(count // _SHARE, _FEWEST)
