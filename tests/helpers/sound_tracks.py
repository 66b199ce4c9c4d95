"""Files with several sound tracks, as films in several languages have them."""

from collections.abc import Collection
from pathlib import Path

import av
import numpy as np
from av.stream import Disposition
from numpy.typing import NDArray

from protocol.audio import SAMPLE_RATE


def with_tracks(path: Path, *tracks: NDArray[np.int16], default: Collection[int] = ()) -> Path:
    """Write a Matroska file of these tracks; ``default``: places of the tracks that are marked as default."""
    with av.open(str(path), "w", options={"default_mode": "passthrough"}) as container:
        streams = [container.add_stream("pcm_s16le", rate=SAMPLE_RATE, layout="mono") for _ in tracks]
        for place in default:
            streams[place].disposition = Disposition.default
        for stream, samples in zip(streams, tracks, strict=True):
            frame = av.AudioFrame.from_ndarray(samples[np.newaxis], "s16", "mono")
            frame.sample_rate = SAMPLE_RATE
            for piece in (frame, None):
                container.mux(stream.encode(piece))
    return path
