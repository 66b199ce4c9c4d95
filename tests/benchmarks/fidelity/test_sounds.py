"""Test the sounds without words: level, length and repeatability."""

import numpy as np
import pytest

from benchmarks.fidelity.sounds import MAKERS, at_level, babble, speech_at
from protocol.audio import SAMPLE_RATE
from speech.level import BLOCK, levels_of
from tests.helpers.noise import LOUD_DBFS
from tests.helpers.recordings import samples_of, synthetic

LENGTH = 5 * SAMPLE_RATE


@pytest.mark.parametrize("name", MAKERS)
def test_sound_has_its_length_and_level_and_is_equal_in_every_run(name: str) -> None:
    made = at_level(MAKERS[name](LENGTH), -40)
    assert len(made) == LENGTH and np.array_equal(made, at_level(MAKERS[name](LENGTH), -40))
    assert 20 * np.log10(made.std() / 2**15) == pytest.approx(-40, abs=0.5)


def test_babble_is_the_sum_of_all_voices() -> None:
    voices = [np.full(100, value, np.int16) for value in (1, 2, 3, 4, 5, 6)]
    assert np.allclose(babble(LENGTH, voices), 6.0)


@pytest.mark.parametrize("dbfs", [-20, -50])
def test_speech_gets_its_level(dbfs: float) -> None:
    spoken = samples_of(synthetic()[0].path)
    loud = np.flatnonzero(np.repeat(levels_of(spoken) > LOUD_DBFS, BLOCK))
    made = speech_at(spoken, dbfs)[loud] / 2**15
    assert 10 * np.log10(np.square(made).mean()) == pytest.approx(dbfs, abs=0.1)
