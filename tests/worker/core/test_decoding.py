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
from worker.core.decoding import amplify, request_of

SAMPLES = st.lists(st.integers(-32_768, 32_767), max_size=50)


def pcm(samples: list[int]) -> bytes:
    return np.array(samples, "<i2").tobytes()


def test_request_carries_options_and_whether_it_is_a_partial() -> None:
    said = replace(job(), options=Options(language="zh"))
    assert request_of(said) == DecodeRequest(said.pcm, said.options)
    assert request_of(replace(said, kind=JobKind.SPECULATE)) == DecodeRequest(said.pcm, said.options)
    assert request_of(replace(said, kind=JobKind.HYPOTHESISE)) == DecodeRequest(said.pcm, said.options, True)


def test_request_is_louder_by_the_gain_of_its_job() -> None:
    quiet = replace(job(), pcm=pcm([100, -200]), samples=2, gain_db=20)
    assert request_of(quiet).pcm == pcm([1_000, -2_000])


GAINS = [(0, [7, -8]), (6, [14, -16]), (-20, [7, -8]), (10**9, [7_000, -8_000])]


@pytest.mark.parametrize(("gain_db", "samples"), GAINS)
def test_gain_scales_within_its_limits(gain_db: int, samples: list[int]) -> None:
    assert amplify(pcm([7, -8]), gain_db) == pcm(samples)


@pytest.mark.parametrize(("loud", "first"), [(1, 1_000), (3, 164)])
def test_gain_cuts_off_at_most_one_sample_in_a_thousand(loud: int, first: int) -> None:
    samples = [100] * (1_000 - loud) + [20_000] * loud
    found = np.frombuffer(amplify(pcm(samples), 20), "<i2")
    assert found[0] == first and found[-1] == 32_767


@given(SAMPLES, st.integers(-100, 100))
def test_gain_keeps_length_and_signs(samples: list[int], gain_db: int) -> None:
    found = np.frombuffer(amplify(pcm(samples), gain_db), "<i2").tolist()
    assert len(found) == len(samples)
    assert all(one * other >= 0 for one, other in zip(found, samples, strict=True))
