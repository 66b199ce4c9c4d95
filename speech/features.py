"""Streaming acoustic features of FSMN-VAD: log-mel filter bank, stacked frames (LFR), normalised.

Front end as in the model's ``config.yaml``: 16 kHz, Hamming window, 80 mel bands, 25 ms frames every 10 ms, no
dither, samples at int16 scale. Frame t is then stacked with its two neighbours on either side (edges repeated) and
normalised by the shift and scale of ``am.mvn``. The features are bit-identical for any chunking of the samples.
"""

import re
from pathlib import Path
from typing import Final, NamedTuple

import kaldi_native_fbank
import numpy as np
from numpy.typing import NDArray

from protocol.audio import SAMPLE_RATE
from speech.errors import VadUnavailable

FRAME_SHIFT: Final = SAMPLE_RATE // 100
FRAME_LENGTH: Final = SAMPLE_RATE // 40
MEL_BANDS: Final = 80
CONTEXT: Final = 2
FEATURES: Final = MEL_BANDS * (2 * CONTEXT + 1)
LATENCY: Final = CONTEXT * FRAME_SHIFT + FRAME_LENGTH
"""Samples needed from a frame's first one on until the frame's features are known."""

Samples = NDArray[np.int16]
Features = NDArray[np.float32]


class Cmvn(NamedTuple):
    """Mean and variance normalisation: ``(features + shift) * scale``."""

    shift: Features
    scale: Features


def load_cmvn(path: Path) -> Cmvn:
    """Read ``am.mvn``: a Kaldi network as text, one AddShift and one Rescale. Raises ``VadUnavailable``."""
    try:
        return parse_cmvn(path.read_text("ascii"), FEATURES)
    except (OSError, ValueError) as error:
        raise VadUnavailable(f"{path} is missing or damaged; get the model again: {error}") from error


def parse_cmvn(text: str, features: int) -> Cmvn:
    """Parse the text of an ``am.mvn`` for this many features. Raises ``ValueError``."""
    return Cmvn(_vector(text, "AddShift", features), _vector(text, "Rescale", features))


def _vector(text: str, component: str, features: int) -> Features:
    found = re.search(rf"<{component}>[^\[]*<LearnRateCoef>[^\[]*\[([^\]]*)\]", text)
    if found is None:
        raise ValueError(f"no <{component}>")
    vector = np.array(found[1].split(), np.float32)
    if len(vector) != features:
        raise ValueError(f"<{component}> has {len(vector)} values, not {features}")
    return vector


class FbankStream:
    """Log-mel filter bank of a stream, one frame as soon as its 25 ms are complete."""

    def __init__(self) -> None:
        self._fbank = kaldi_native_fbank.OnlineFbank(_fbank_options())
        self._frames = 0

    def accept(self, samples: Samples) -> Features:
        """Return the frames that ``samples`` complete: [frames, 80]."""
        self._fbank.accept_waveform(SAMPLE_RATE, samples.astype(np.float32).tolist())
        ready = self._fbank.num_frames_ready
        frames = np.empty((ready - self._frames, MEL_BANDS), np.float32)
        for row, number in enumerate(range(self._frames, ready)):
            frames[row] = self._fbank.get_frame(number)
        self._fbank.pop(len(frames))
        self._frames = ready
        return frames


def _fbank_options() -> kaldi_native_fbank.FbankOptions:
    options = kaldi_native_fbank.FbankOptions()
    options.frame_opts.samp_freq = SAMPLE_RATE
    options.frame_opts.frame_length_ms = 1000 * FRAME_LENGTH / SAMPLE_RATE
    options.frame_opts.frame_shift_ms = 1000 * FRAME_SHIFT / SAMPLE_RATE
    options.frame_opts.window_type = "hamming"
    options.frame_opts.dither = 0.0
    options.frame_opts.snip_edges = True
    options.mel_opts.num_bins = MEL_BANDS
    return options


class FeatureStream:
    """Input features of FSMN-VAD for a stream of samples. ``finish`` returns the last two frames."""

    def __init__(self, cmvn: Cmvn) -> None:
        self._cmvn = cmvn
        self._fbank = FbankStream()
        self._recent = np.empty((0, MEL_BANDS), np.float32)

    def accept(self, samples: Samples) -> Features:
        """Return the features that ``samples`` complete: [frames, 400]."""
        frames = self._fbank.accept(samples)
        if not len(frames):
            return np.empty((0, FEATURES), np.float32)
        if not len(self._recent):
            self._recent = np.repeat(frames[:1], CONTEXT, axis=0)
        return self._stack(frames)

    def finish(self) -> Features:
        """Return the features that still waited for context; the last frame stands for the missing ones."""
        return self._stack(np.repeat(self._recent[-1:], CONTEXT, axis=0))

    def _stack(self, frames: Features) -> Features:
        frames = np.concatenate((self._recent, frames))
        self._recent = frames[-2 * CONTEXT :]
        complete = max(0, len(frames) - 2 * CONTEXT)
        stacked = np.concatenate([frames[at : at + complete] for at in range(2 * CONTEXT + 1)], axis=1)
        stacked += self._cmvn.shift
        stacked *= self._cmvn.scale
        return stacked
