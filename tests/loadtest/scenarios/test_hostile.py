"""Verdict on the phases of an attack."""

from loadtest.measurement.tally import CompletedSegment, Tally
from loadtest.scenarios.attacks import AttackResult
from loadtest.scenarios.hostile import SpeakerResults, harmless, phase_results


def tally(*lags: float, right: int | None = None) -> Tally:
    ended = [CompletedSegment(0.0, 1_000, lag, lag, 0, 0, 0, 0, whole=True) for lag in lags]
    return Tally(segments=len(lags), right=len(lags) if right is None else right, ended=ended)


def test_phase_is_compared_with_the_undisturbed_one() -> None:
    calm = phase_results("none", tally(*[100.0] * 19, 120.0))
    assert (calm.p50_ms, calm.p95_ms, calm.times) == (100.0, 100.0, None)
    slow = phase_results("empty", tally(150.0, 180.0), calm.p95_ms, AttackResult(3, 10))
    assert (slow.p95_ms, slow.times, slow.flawless) == (180.0, 1.8, True)
    assert not phase_results("empty", tally(1.0, right=0)).flawless


def test_attacks_are_harmless_only_without_slowdown_and_loss() -> None:
    calm, fine = phase_results("none", tally(100.0)), phase_results("a", tally(200.0), 100.0)
    assert harmless([calm, fine], 2.0)
    assert not harmless([calm, fine], 1.9)
    assert not harmless([calm, phase_results("a", tally(100.0, right=0), 100.0)], 2.0)
    assert not harmless([SpeakerResults("none", 1, False, 1.0, 1.0, 1.0), fine], 2.0)
