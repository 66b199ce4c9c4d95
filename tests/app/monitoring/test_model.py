"""Model of the monitor: link, curves, workers and rows from events."""

from math import isnan

import pytest
from msgspec.structs import replace

from app.monitoring.model import GONE_S, MOST_ROWS, MOST_WORKERS, MonitorModel
from app.monitoring.view import SPAN_S, Link, Stage
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
    assert (lost.link, lost.reason) == (Link.LOST, "the cable")
    assert lost.gateway is not None and lost.workers
    back = model(STANDS, Lost("the cable", 2.0), STANDS).view(2.0)
    assert (back.link, back.reason) == (Link.LIVE, "")
    refused = model(STANDS)
    refused.refused("the key")
    assert (refused.view(0.0).link, refused.view(0.0).reason) == (Link.REFUSED, "the key")
    refused.begin()
    assert (refused.link, refused.view(0.0).reason) == (Link.CONNECTING, "")


def test_view_shows_figures_of_gateway() -> None:
    gateway = model(STANDS).view(0.0).gateway
    assert gateway is not None
    assert (gateway.uptime_s, gateway.broker, gateway.broker_up, gateway.durable) == (100.0, "Valkey", True, True)
    assert (gateway.sessions, gateway.pending, gateway.unqueued_s) == (2, 3, 0.5)
    assert gateway.streams == STANDS.streams > 0


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
    assert (first.host, second.host) == ("a", "desktop-gpu")
    assert first.gpu is not None and first.gpu.now == 50.0 and first.gpu_memory_bytes == 5
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
        Stage.QUEUED,
        Stage.DECODED,
        Stage.DELIVERED,
        Stage.WHOLE,
    ]
    assert made.view(SPAN_S + 2).stages == ()


def test_number_of_rows_is_bounded() -> None:
    made = model(STANDS, *(replace(ENDED, segment=number) for number in range(100)))
    assert len(made.view(200.0).utterances) == MOST_ROWS


def test_curve_has_gap_when_feed_is_lost() -> None:
    view = model(STANDS, Lost("x", 1.0)).view(60.0)
    assert view.queued.now is None
    assert isnan(view.queued.values[-1]) and 4 in view.queued.values
