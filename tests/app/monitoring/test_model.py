"""Model of the monitor: link, curves, workers and rows from events."""

from math import isnan

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from app.core.errors import Note
from app.monitoring.model import (
    GONE_S,
    MOST_WORKERS,
    STEP_S,
    STEPS,
    WINDOW_S,
    MonitorModel,
    Throughput,
    Trace,
    rtf,
)
from app.monitoring.utterances import MOST
from app.monitoring.view import SPAN_S, Curve, Link, UtteranceStage
from client.monitor import Lost
from protocol.monitor import BrokerState, Recent, Snapshot, WorkerState, WorkerStatus
from protocol.recognition import Timing

WORKER = WorkerStatus("w", "desktop-gpu", "e", "m", "cuda:0", WorkerState.BUSY, speed=10.0, cpu_percent=12.0)
STANDS = Snapshot("g", 100.0, BrokerState(True, "Valkey", True), 2, 2, 3, 0.5, 4, 8.0, 1.5, 9.0, (WORKER,), ())
ENDED = Recent("s", 0, "final", "m", "w", Timing(0, 10, 200, 5), 3_000, 90.0)


def model(*told: Snapshot | Recent | Lost) -> MonitorModel:
    """Return a model that received one event a second."""
    made = MonitorModel()
    for second, event in enumerate(told):
        made.take(event, float(second))
    return made


def test_link_follows_events_of_feed() -> None:
    assert model().view(0.0).link is Link.CONNECTING
    assert model(STANDS).view(0.0).link is Link.LIVE
    lost = model(STANDS, Lost("the cable", 2.0)).view(1.0)
    assert (lost.link, lost.refusal) == (Link.LOST, None)
    assert lost.gateway is not None and lost.workers
    back = model(STANDS, Lost("the cable", 2.0), STANDS).view(2.0)
    assert (back.link, back.refusal) == (Link.LIVE, None)
    refused = model(STANDS)
    refused.show_refusal(Note("gateway-unauthorised"))
    assert (refused.link, refused.view(0.0).refusal) == (Link.REFUSED, Note("gateway-unauthorised"))
    refused.begin()
    assert (refused.link, refused.view(0.0).refusal) == (Link.CONNECTING, None)


def test_view_shows_figures_of_gateway() -> None:
    assert model().view(0.0).gateway is None
    assert model(STANDS).view(0.0).gateway == STANDS


def test_snapshots_become_curves() -> None:
    busier = replace(STANDS, queued=9, oldest_s=4.0, workers=(replace(WORKER, audio_s=12.0),))
    made = model(STANDS, STANDS, STANDS, busier)
    view = made.view(3.0)
    assert (view.queued.now, view.oldest_s.now) == (9, 4.0)
    assert view.queued.values[-2:] == (4, 9)
    assert view.throughput.now == pytest.approx(4.0)
    assert view.rtf.now == pytest.approx(0.1)


def test_worker_has_gpu_curve_only_when_reported() -> None:
    with_gpu = replace(WORKER, worker="v", host="a", gpu_percent=50.0, gpu_memory_bytes=5)
    view = model(replace(STANDS, workers=(WORKER, with_gpu)), STANDS).view(1.0)
    first, second = view.workers
    assert (first.status.host, second.status.host) == ("a", "desktop-gpu")
    assert first.gpu is not None and first.gpu.now == 50.0 and first.status.gpu_memory_bytes == 5
    assert second.gpu is None and second.cpu.now == 12.0
    assert (first.gone, second.gone) == (True, False)


def test_gone_worker_stays_visible_for_a_minute() -> None:
    made = model(STANDS)
    nobody = replace(STANDS, workers=())
    made.take(nobody, GONE_S)
    assert [worker.gone for worker in made.view(GONE_S).workers] == [True]
    made.take(nobody, GONE_S + 1)
    assert made.view(GONE_S + 1).workers == ()


def test_number_of_workers_is_bounded() -> None:
    made = MonitorModel()
    for second in range(300):
        crowd = tuple(replace(WORKER, worker=f"{second}-{number}") for number in range(MOST_WORKERS + 3))
        made.take(replace(STANDS, workers=crowd), float(second))
        assert len(made.view(float(second)).workers) <= MOST_WORKERS
    view = made.view(299.0)
    assert view.more_workers == 3
    assert not any(worker.gone for worker in view.workers)


def test_rows_have_host_and_time() -> None:
    made = MonitorModel(epoch_s=1_000_000.0)
    made.take(replace(STANDS, recent=(ENDED,)), 50.0)
    (row,) = made.view(50.0).utterances
    assert (row.host, row.own) == ("desktop-gpu", False)
    assert row.at_s == pytest.approx(1_000_000 + 50 - 10 - 0.215, abs=0.06)
    made.take(replace(STANDS, recent=(ENDED,)), 51.0)
    made.take(ENDED, 51.5)
    assert made.view(52.0).utterances == (row,)


def test_stages_cover_last_ten_minutes() -> None:
    made = model(STANDS, ENDED)
    assert [one.stage for one in made.view(1.0).stages] == [
        UtteranceStage.QUEUED,
        UtteranceStage.DECODED,
        UtteranceStage.DELIVERED,
        UtteranceStage.WHOLE,
    ]
    assert made.view(SPAN_S + 2).stages == ()


def test_number_of_rows_is_bounded() -> None:
    made = model(STANDS, *(replace(ENDED, segment=number) for number in range(MOST + 50)))
    assert len(made.view(200.0).utterances) == MOST


def test_curve_has_gap_when_feed_is_lost() -> None:
    view = model(STANDS, Lost("x", 1.0)).view(60.0)
    assert view.queued.now is None
    assert isnan(view.queued.values[-1]) and 4 in view.queued.values


def traced(*told: tuple[float, float]) -> Trace:
    """Return a trace of (time, value) pairs."""
    trace = Trace()
    for now, value in told:
        trace.put(value, now)
    return trace


def known(curve: Curve) -> list[float]:
    return [value for value in curve.values if not isnan(value)]


def test_empty_trace_has_empty_curve() -> None:
    assert Trace().curve(5.0) == Curve()


def test_curve_ends_with_newest_value() -> None:
    curve = traced((0.0, 1.0), (2.0, 2.0), (4.0, 3.0)).curve(4.5)
    assert len(curve.values) == STEPS
    assert (curve.values[-3:], curve.now) == ((1.0, 2.0, 3.0), 3.0)
    assert len(known(curve)) == 3


def test_trace_keeps_peak_within_step() -> None:
    curve = traced((0.0, 1.0), (0.5, 9.0), (1.5, 2.0)).curve(1.9)
    assert (curve.values[-1], curve.now) == (9.0, 2.0)


def test_short_delay_leaves_no_gap() -> None:
    curve = traced((0.0, 1.0), (3 * STEP_S, 2.0)).curve(3 * STEP_S)
    assert curve.values[-4:] == (1.0, 1.0, 1.0, 2.0)


def test_long_delay_leaves_gap() -> None:
    curve = traced((0.0, 1.0), (10 * STEP_S, 2.0)).curve(10 * STEP_S)
    assert known(curve) == [1.0, 2.0]
    assert curve.values[-11] == 1.0


def test_last_value_expires_after_a_few_steps() -> None:
    trace = traced((0.0, 1.0))
    assert trace.curve(3 * STEP_S).now == 1.0
    later = trace.curve(10 * STEP_S)
    assert later.now is None and later.values[-11] == 1.0 and isnan(later.values[-1])
    assert trace.curve(SPAN_S + STEP_S) == Curve()


def test_long_pause_clears_old_values() -> None:
    curve = traced((0.0, 1.0), (3 * SPAN_S, 2.0)).curve(3 * SPAN_S)
    assert known(curve) == [2.0]


@pytest.mark.parametrize("seconds", [1, 599, 600, 601, 5_000])
def test_trace_has_fixed_size(seconds: int) -> None:
    trace = traced(*((float(second), float(second)) for second in range(seconds)))
    curve = trace.curve(seconds - 1)
    assert len(curve.values) == STEPS
    assert curve.values[-1] == seconds - 1
    assert len(known(curve)) == min(STEPS, (seconds + 1) // 2)


@given(st.lists(st.tuples(st.floats(0, 900), st.floats(0, 1e9)), max_size=40), st.floats(0, 900))
def test_values_appear_at_their_times(told: list[tuple[float, float]], after: float) -> None:
    told = sorted(told, key=lambda pair: pair[0])
    now = (told[-1][0] if told else 0.0) + after
    curve = traced(*told).curve(now)
    highest: dict[int, float] = {}
    for at, value in told:
        highest[int(at / STEP_S)] = max(highest.get(int(at / STEP_S), value), value)
    newest = int(now / STEP_S)
    for step, value in highest.items():
        if newest - step < STEPS:
            assert curve.values[STEPS - 1 - (newest - step)] == value
    assert all(value in {pair[1] for pair in told} for value in known(curve))


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
