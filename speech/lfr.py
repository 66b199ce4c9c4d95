"""Acoustic features of a whole recording for SenseVoice and Paraformer, at their low frame rate.

The filter bank is that of ``features``. Each output frame stacks seven of its frames, and the next begins six
frames later (``lfr_m`` 7 and ``lfr_n`` 6 in the models' ``config.yaml``); edges are repeated. So a frame is 60 ms.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from protocol.audio import SAMPLE_RATE
from speech.features import FRAME_SHIFT, MEL_BANDS, Cmvn, FbankStream, Features, parse_cmvn

STACKED: Final = 7
STEP: Final = 6
LFR_FEATURES: Final = MEL_BANDS * STACKED
FRAME_S: Final = STEP * FRAME_SHIFT / SAMPLE_RATE


def load_lfr_cmvn(path: Path) -> Cmvn:
    """Read the ``am.mvn`` of SenseVoice or Paraformer. Raises ``OSError`` or ``ValueError``."""
    return parse_cmvn(path.read_text("ascii"), LFR_FEATURES)


def lfr_features(samples: NDArray[np.int16], cmvn: Cmvn) -> Features:
    """Return the features of a recording: [frames, 560]. Under 25 ms of samples give no frame."""
    frames = FbankStream().accept(samples)
    begins = np.arange(0, len(frames), STEP)[:, np.newaxis]
    stacked = frames[np.clip(begins + np.arange(STACKED) - STACKED // 2, 0, max(0, len(frames) - 1))]
    features: Features = (stacked.reshape(-1, LFR_FEATURES) + cmvn.shift) * cmvn.scale
    return features


def pad_features(recordings: Sequence[Features]) -> tuple[Features, NDArray[np.int32]]:
    """Return one array of [recordings, most frames, 560], padded with zeros, and the number of frames of each."""
    lengths = np.array([len(features) for features in recordings], np.int32)
    padded = np.zeros((len(recordings), int(lengths.max(initial=0)), LFR_FEATURES), np.float32)
    for row, features in zip(padded, recordings, strict=True):
        row[: len(features)] = features
    return padded, lengths
