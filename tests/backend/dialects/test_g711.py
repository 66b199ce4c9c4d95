"""Telephone speech is decoded as ITU-T G.711 says."""

import numpy as np
import pytest

from backend.dialects.g711 import TABLES, decode


@pytest.mark.parametrize(
    ("law", "code", "sample"),
    [
        *[("mu-law", 0x00, -32_124), ("mu-law", 0x80, 32_124), ("mu-law", 0xFF, 0), ("mu-law", 0x8F, 16_764)],
        *[("a-law", 0x55, -8), ("a-law", 0xD5, 8), ("a-law", 0x2A, -32_256), ("a-law", 0xAA, 32_256)],
    ],
)
def test_code_has_its_sample(law: str, code: int, sample: int) -> None:
    assert int.from_bytes(decode(law, bytes([code])), "little", signed=True) == sample


@pytest.mark.parametrize("law", TABLES)
def test_codes_are_symmetric_and_steps_grow(law: str) -> None:
    samples = np.unique(np.abs(TABLES[law].astype(int)))
    assert sorted(-TABLES[law].astype(int)) == sorted(TABLES[law])
    assert (np.diff(np.diff(samples)) >= -8).all()
