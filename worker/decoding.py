"""Requests to the engine, as jobs describe them. Pure."""

from typing import Final

import numpy as np

from protocol.engine import DecodeRequest
from protocol.job import Job, JobKind

_MOST_DB: Final = 60
"""Beyond this gain a 16-bit recording holds nothing but its own rounding."""


def request_of(job: Job) -> DecodeRequest:
    """Return the engine's request for a job, with its gain applied."""
    return DecodeRequest(amplified(job.pcm, job.gain_db), job.options, partial=job.kind is JobKind.HYPOTHESISE)


def amplified(pcm: bytes, gain_db: int) -> bytes:
    """Return PCM16LE louder by ``gain_db`` (negative: quieter); samples beyond 16 bits become the loudest ones."""
    if not gain_db:
        return pcm
    factor = 10.0 ** (max(-_MOST_DB, min(_MOST_DB, gain_db)) / 20.0)
    samples = np.frombuffer(pcm, "<i2").astype(np.float32) * np.float32(factor)
    louder: bytes = np.clip(np.rint(samples), -32_768, 32_767).astype("<i2").tobytes()
    return louder
