"""Throughput and real-time factor, with counters that grow, restart and disappear."""

import pytest

from app.monitoring.throughput import WINDOW_S, Throughput, rtf
from protocol.monitor import WorkerState, WorkerStatus


def worker(
    name: str = "w", audio_s: float = 0.0, speed: float = 0.0, state: WorkerState = WorkerState.IDLE
) -> WorkerStatus:
    return WorkerStatus(name, "h", "e", "m", "cpu", state, audio_s=audio_s, speed=speed)


def test_throughput_is_unknown_after_first_counters() -> None:
    assert Throughput().take([worker(audio_s=500)], 0.0) is None


def test_throughput_sums_all_workers() -> None:
    throughput = Throughput()
    throughput.take([worker("a", 100), worker("b", 7)], 0.0)
    assert throughput.take([worker("a", 120), worker("b", 17)], 10.0) == pytest.approx(3.0)


def test_throughput_covers_last_minute() -> None:
    throughput = Throughput()
    throughput.take([worker(audio_s=0)], 0.0)
    last: float | None = None
    for second in range(1, 200):
        last = throughput.take([worker(audio_s=min(second, 100) * 5)], float(second))
    assert last == 0.0
    assert throughput.take([worker(audio_s=500 + WINDOW_S)], 200.0) == pytest.approx(1.0)


def test_pause_of_feed_causes_no_peak() -> None:
    throughput = Throughput()
    throughput.take([worker(audio_s=0)], 0.0)
    assert throughput.take([worker(audio_s=600)], 600.0) == pytest.approx(1.0)


def test_throughput_ignores_past_of_new_and_gone_workers() -> None:
    throughput = Throughput()
    throughput.take([worker("a", 10)], 0.0)
    throughput.take([worker("a", 20), worker("b", 9_000)], 5.0)
    assert throughput.take([worker("b", 9_010)], 10.0) == pytest.approx(2.0)


def test_throughput_handles_restarted_counter() -> None:
    throughput = Throughput()
    throughput.take([worker(audio_s=900)], 0.0)
    assert throughput.take([worker(audio_s=5)], 5.0) == pytest.approx(1.0)


def test_throughput_bounds_its_memory() -> None:
    throughput = Throughput()
    for look in range(10_000):
        throughput.take([worker(audio_s=look)], look / 1_000)
    assert throughput.take([worker(audio_s=10_000)], 10.0) == pytest.approx(1_000.0)
    assert len(throughput._totals) <= 128


def test_rtf_averages_workers_with_known_speed() -> None:
    fleet = [worker("a", speed=10), worker("b", speed=2, state=WorkerState.BUSY), worker("c")]
    assert rtf(fleet) == pytest.approx(0.3)
    assert rtf([*fleet, worker("d", speed=1, state=WorkerState.DRAINING)]) == pytest.approx(0.3)
    assert rtf([worker()]) is None
