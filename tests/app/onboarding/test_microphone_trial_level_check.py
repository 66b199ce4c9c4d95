import numpy as np
import pytest

from app.onboarding.microphone_trial import QUIET_S, LevelCheck, Samples
from protocol.audio import SAMPLE_RATE

BLOCK = SAMPLE_RATE // 50
SILENCE = np.zeros(round(QUIET_S * SAMPLE_RATE), np.int16)


def tone(seconds: float, level: float = 0.1) -> Samples:
    at = np.arange(round(seconds * SAMPLE_RATE))
    return (np.sin(at / 20) * level * 32767).astype(np.int16)


def blocks(samples: Samples) -> list[Samples]:
    return [samples[at : at + BLOCK] for at in range(0, len(samples), BLOCK)]


def test_pause_after_a_voice_is_not_quiet() -> None:
    check = LevelCheck()
    for block in blocks(np.concatenate([tone(0.5), SILENCE, SILENCE])):
        check.measure(block)
    assert (check.heard, check.quiet) == (True, False)


def test_seconds_of_silence_are_quiet_until_a_word() -> None:
    check, quiet = LevelCheck(), list[bool]()
    for block in blocks(np.concatenate([SILENCE, tone(0.02)])):
        check.measure(block)
        quiet.append(check.quiet)
    assert quiet == [*[False] * (len(quiet) - 2), True, False]
    assert check.level_dbfs == pytest.approx(-23, abs=1)
