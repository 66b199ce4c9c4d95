"""How many random examples Hypothesis tries: some in the suite, all in ``tests/test_properties.py``, a proof."""

import os
from typing import Final

VARIABLE: Final = "KIKIPOUNAMU_TEST_ALL_EXAMPLES"
"""Set in the environment of a run that tries all examples."""

_SHARE: Final = 4
_FEWEST: Final = 10


def examples(count: int) -> int:
    """Return how many of ``count`` examples this run tries."""
    return count if VARIABLE in os.environ else max(count // _SHARE, _FEWEST)
