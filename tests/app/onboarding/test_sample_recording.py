import numpy as np
import pytest

from app.onboarding.sample_recording import QUIET_S, SAMPLE_S, Ear, Samples
from protocol.audio import SAMPLE_RATE

BLOCK = SAMPLE_RATE // 50


def tone(seconds: float, level: float = 0.1) -> Samples:
    at = np.arange(round(seconds * SAMPLE_RATE))
    return (np.sin(at / 20) * level * 32767).astype(np.int16)


def blocks(samples: Samples) -> list[Samples]:
    return [samples[at : at + BLOCK] for at in range(0, len(samples), BLOCK)]


def heard(ear: Ear, *sounds: Samples) -> Ear:
    for block in blocks(np.concatenate(sounds)):
        ear.hear(block)
    return ear


def test_pause_after_a_voice_is_not_quiet_until_a_new_measurement() -> None:
    silence = np.zeros(round(2 * QUIET_S * SAMPLE_RATE), np.int16)
    ear = heard(Ear(), tone(0.5), silence)
    assert (ear.heard, ear.quiet) == (True, False)
    ear.measure()
    assert (ear.heard, ear.quiet) == (False, False)
    heard(ear, silence)
    assert (ear.heard, ear.quiet) == (False, True)


def test_sample_without_a_sound_is_quiet_and_not_kept() -> None:
    ear = heard(Ear(), tone(0.5))
    ear.record()
    assert not ear.heard, "the sample is a new measurement"
    heard(ear, np.zeros(round(SAMPLE_S * SAMPLE_RATE), np.int16))
    assert (ear.complete, ear.quiet, ear.left_s) == (False, True, 0.0)


def test_seconds_of_silence_are_quiet_until_a_word() -> None:
    ear, quiet = Ear(), list[bool]()
    silence = np.zeros(round(QUIET_S * SAMPLE_RATE), np.int16)
    for block in blocks(np.concatenate([silence, tone(0.02)])):
        ear.hear(block)
        quiet.append(ear.quiet)
    assert quiet == [*[False] * (len(quiet) - 2), True, False]
    assert ear.level_dbfs == pytest.approx(-23, abs=1)


def test_sample_has_its_length_and_no_audio_before_or_after() -> None:
    ear, said = Ear(), tone(SAMPLE_S, 0.5)
    ear.hear(tone(1.0, 0.01))
    assert (ear.left_s, ear.complete) == (0.0, False)
    ear.record()
    assert ear.left_s == SAMPLE_S
    completions = [ear.hear(block) for block in blocks(np.concatenate([said, tone(0.5, 0.01)]))]
    assert (completions.count(True), ear.left_s, ear.complete) == (1, 0.0, True)
    assert np.array_equal(np.frombuffer(ear.sound_at(SAMPLE_RATE), np.float32) * 32768, said)


def test_sample_is_resampled_to_the_output_rate() -> None:
    ear = Ear()
    ear.record()
    ear.hear(tone(SAMPLE_S + 1))
    assert len(ear.sound_at(48_000)) == pytest.approx(48_000 * SAMPLE_S * 4, abs=8)


def test_give_up_discards_only_an_incomplete_sample() -> None:
    ear = Ear()
    ear.record()
    ear.hear(tone(1.0))
    ear.give_up()
    assert (ear.left_s, ear.complete) == (0.0, False)
    ear.record()
    ear.hear(tone(SAMPLE_S))
    ear.give_up()
    assert ear.complete
