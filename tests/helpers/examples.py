"""How many random examples Hypothesis tries: some in the suite, all in ``tests/test_properties.py``, a proof.

Those of the suite are the same each time: it fails only for what a change has done. The proof draws others.
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
