"""Provide speech with a pause."""

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.helpers.recordings import samples_of, synthetic


@pytest.fixture(scope="module")
def two_sentences() -> NDArray[np.int16]:
    """Return two sentences with 1.5 s of silence between."""
    first, second = (samples_of(recording.path) for recording in synthetic()[:2])
    return np.concatenate((first, np.zeros(24_000, np.int16), second))
