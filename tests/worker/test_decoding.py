"""Requests to the engine."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from protocol.engine import DecodeRequest
from protocol.job import JobKind
from protocol.recognition import Options
from tests.worker.scripts import job
from worker.decoding import amplified, request_of

SAMPLES = st.lists(st.integers(-32_768, 32_767), max_size=50)


def pcm(samples: list[int]) -> bytes:
    return np.array(samples, "<i2").tobytes()


def test_request_carries_options_and_whether_it_is_a_partial() -> None:
    said = replace(job(), options=Options(language="zh"))
    assert request_of(said) == DecodeRequest(said.pcm, said.options)
    assert request_of(replace(said, kind=JobKind.SPECULATE)) == DecodeRequest(said.pcm, said.options)
    assert request_of(replace(said, kind=JobKind.HYPOTHESISE)) == DecodeRequest(said.pcm, said.options, True)


def test_request_is_louder_by_the_gain_of_its_job() -> None:
    quiet = replace(job(), pcm=pcm([100, -200, 5_000]), samples=3, gain_db=20)
    assert request_of(quiet).pcm == pcm([1_000, -2_000, 32_767])


@pytest.mark.parametrize(
    ("gain_db", "samples"), [(0, [7, -32_768]), (6, [14, -32_768]), (-20, [1, -3_277]), (10**9, [7_000, -32_768])]
)
def test_gain_scales_and_saturates(gain_db: int, samples: list[int]) -> None:
    assert amplified(pcm([7, -32_768]), gain_db) == pcm(samples)


@given(SAMPLES, st.integers(-100, 100))
def test_gain_keeps_length_and_signs(samples: list[int], gain_db: int) -> None:
    found = np.frombuffer(amplified(pcm(samples), gain_db), "<i2").tolist()
    assert len(found) == len(samples)
    assert all(one * other >= 0 for one, other in zip(found, samples, strict=True))
