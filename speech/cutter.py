"""Interface of everything that cuts a stream of samples into segments."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from speech.segmenter import SegmentOutput
from speech.vad import VadEvent


class Cutter(Protocol):
    """Cutter of a single stream into segments."""

    def accept(self, samples: NDArray[np.int16], events: Sequence[VadEvent]) -> list[SegmentOutput]:
        """Return the output that can be sent now."""
        ...

    def finish(self) -> list[SegmentOutput]:
        """End the stream; complete the unfinished segment."""
        ...
