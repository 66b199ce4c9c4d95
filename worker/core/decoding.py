"""Requests to the engine, as jobs describe them. Pure."""

from typing import Final

from protocol.engine import DecodeRequest
from protocol.job import Job, JobKind

_MOST_DB: Final = 60
"""Beyond this gain, a 16-bit recording has only quantisation noise."""
_UNCUT: Final = 999  # of a thousand samples
_FULL_SCALE: Final = 32_767


def request_of(job: Job) -> DecodeRequest:
    """Return the engine's request for a job, with its gain applied."""
    return DecodeRequest(amplify(job.pcm, job.gain_db), job.options, partial=job.kind is JobKind.HYPOTHESISE)


def amplify(pcm: bytes, gain_db: int) -> bytes:
    """Return PCM16LE louder by ``gain_db``, or by less if more than one sample in a thousand would be clipped.

    The gain was chosen when the segment began, by its first words.
    """
    if gain_db <= 0 or not pcm:
        return pcm
    import numpy as np  # late: few recordings are quiet, and a worker starts sooner without it

    samples = np.frombuffer(pcm, "<i2").astype(np.float32)
    most = (len(samples) - 1) * _UNCUT // 1000
    loudest = max(1.0, float(np.partition(np.abs(samples), most)[most]))
    factor = min(10.0 ** (min(_MOST_DB, gain_db) / 20.0), max(1.0, _FULL_SCALE / loudest))
    louder: bytes = np.clip(np.rint(samples * np.float32(factor)), -32_768, _FULL_SCALE).astype("<i2").tobytes()
    return louder
