"""Prometheus output: both formats parse, labels are bounded, and values equal what was counted."""

from dataclasses import replace
from math import inf

import pytest

from backend.admission.admission import AdmissionLimits, StreamContent, Survey
from backend.core.refusal import RefusalReason
from backend.history.service import HistoryState
from backend.observability.exposition import (
    MOST_MODELS,
    MOST_WORKERS,
    OTHER,
    GatewayCollector,
    exposition,
    registry_of,
)
from backend.observability.metrics import GatewayReading, Metrics
from backend.observability.other_processes import OtherProcesses, ProcessReport
from protocol.errors import ErrorCode
from protocol.job import JobKind, Keys
from protocol.monitor import BrokerState, Load, WorkerState, WorkerStatus
from protocol.recognition import Timing
from protocol.session import Failed, Final, Partial
from runtime.histogram import Histogram
from tests.backend.conclusions import concluded
from tests.helpers.prometheus import OPENMETRICS, Figures, figures


def worker(name: str, model: str = "m", speed: float = 4.0) -> WorkerStatus:
    return WorkerStatus(name, "h", "e", model, "cuda", WorkerState.BUSY, 4, busy=2, speed=speed)


def now(survey: Survey | None = None, up: bool = True) -> GatewayReading:
    return GatewayReading(
        survey or Survey(), BrokerState(up, "9", True, 0.25), 5, 4, 3, 2, 1.5, 60.0, draining=False
    )


def read(metrics: Metrics, at: GatewayReading, accept: str = "") -> Figures:
    """Return the metrics of a scrape, parsed by the parser of its format."""
    limits = AdmissionLimits(sessions=500)
    round_trips = Histogram((0.001,))
    round_trips.add(0.002)
    body, content_type = exposition(
        registry_of(GatewayCollector(metrics, round_trips, limits, lambda: at)), accept
    )
    assert ("openmetrics" in content_type) == bool(accept)
    return figures(body, content_type)


@pytest.mark.parametrize("accept", ["", OPENMETRICS])
def test_counters_are_exposed_in_both_formats(accept: str) -> None:
    metrics = Metrics()
    metrics.concluded(concluded(Final(0, "a", timing=Timing(4_000, 20, 300, 2)), 64_000))
    metrics.concluded(concluded(Failed(1, ErrorCode.ENGINE_DIED, "no")))
    metrics.message_sent("s", Partial(2, 1, "a"))
    metrics.cancelled("s", 3)
    metrics.refused(RefusalReason.LOAD)
    metrics.attempted(JobKind.HYPOTHESISE, False)
    metrics.bound("s", True)
    found = read(metrics, now(), accept)
    ended = found["kikipounamu_segments_total"]
    assert ended == {("", "final"): 1, ("engine_died", "failed"): 1, ("", "cancelled"): 1}
    assert found["kikipounamu_audio_recognised_seconds_total"] == {(): 4.0}
    assert found["kikipounamu_audio_received_seconds_total"] == {(): 60.0}
    assert found["kikipounamu_partials_told_total"] == {(): 1}
    assert found["kikipounamu_best_effort_total"]["partial", "shed"] == 1
    assert found["kikipounamu_hellos_total"] == {("false",): 0, ("true",): 1}
    refusals = found["kikipounamu_refusals_total"]
    assert refusals.pop(("load",)) == 1
    assert set(refusals.values()) == {0} and len(refusals) == len(RefusalReason) - 1
    stages = found["kikipounamu_segment_stage_seconds_sum"]
    assert stages == {("upload",): 4.0, ("queue",): 0.02, ("decode",): 0.3, ("deliver",): 0.002}
    buckets = found["kikipounamu_segment_stage_seconds_bucket"]
    assert (buckets["0.25", "decode"], buckets["0.5", "decode"], buckets["+Inf", "decode"]) == (0, 1, 1)
    assert found["kikipounamu_broker_round_trip_seconds_bucket"] == {("0.001",): 0, ("+Inf",): 1}


def test_gauges_show_current_state() -> None:
    streams = {
        Keys().jobs("interactive"): StreamContent(32_000, 2, 700),
        Keys().jobs("bulk", "m"): StreamContent(16_000, 1, 9_000),
        Keys().jobs("bulk", "unknown"): StreamContent(8_000, 1, 1_000),
        Keys().jobs("bulk", "also unknown"): StreamContent(8_000, 1, 500),
    }
    found = read(Metrics(), now(Survey(streams, (worker("a"), worker("b", speed=0.0)))))
    backlog = found["kikipounamu_backlog_audio_seconds"]
    assert backlog["interactive", "any"] == 2.0 and backlog["interactive", "m"] == 0.0
    assert found["kikipounamu_queue_depth"]["bulk", OTHER] == 2
    assert found["kikipounamu_oldest_wait_seconds"]["bulk", OTHER] == 1.0
    assert found["kikipounamu_oldest_wait_seconds"]["bulk", "m"] == 9.0
    assert found["kikipounamu_capacity_streams"] == {(): 5.0}
    assert found["kikipounamu_expected_wait_seconds"]["interactive",] == 0.4
    assert found["kikipounamu_workers"]["busy",] == 2 and found["kikipounamu_workers"]["failed",] == 0
    assert found["kikipounamu_fleet_speed"] == {("a",): 4.0}
    assert found["kikipounamu_fleet_rtf"] == {("a",): 0.25}
    assert found["kikipounamu_fleet_busy_slots"] == {("a",): 2, ("b",): 2}
    assert found["kikipounamu_fleet_info"] == {("cuda", "e", "h", "m", "a"): 1, ("cuda", "e", "h", "m", "b"): 1}
    for name, value in {
        "sessions": 5,
        "connections": 4,
        "viewers": 3,
        "pending_segments": 2,
        "unqueued_audio_seconds": 1.5,
        "accepting": 1,
        "connections_limit": 500,
        "broker_up": 1,
        "broker_durable": 1,
        "broker_memory_ratio": 0.25,
    }.items():
        assert found[f"kikipounamu_{name}"] == {(): value}
    assert found["process_resident_memory_bytes"][()] > 1_000_000
    assert found["process_cpu_seconds_total"][()] > 0


def test_held_audio_is_exposed_by_class_and_model() -> None:
    held = {("interactive", ""): 48_000, ("bulk", "unknown"): 16_000}
    found = read(Metrics(), replace(now(), held=held))["kikipounamu_held_audio_seconds"]
    assert found["interactive", "any"] == 3.0 and found["bulk", "other"] == 1.0 and found["bulk", "any"] == 0.0


def test_history_metrics_are_exposed_only_with_history() -> None:
    at = replace(now(), history=HistoryState(False, 12, 9, 4, 700, 2))
    found = read(Metrics(), at, OPENMETRICS)
    assert {name: value for name, value in found.items() if "history" in name and "created" not in name} == {
        "kikipounamu_history_up": {(): 0},
        "kikipounamu_history_waiting": {(): 12},
        "kikipounamu_history_left_out_total": {(): 9},
        "kikipounamu_history_recorded_total": {(): 700},
        "kikipounamu_history_refused_total": {(): 2},
    }
    assert not any("history" in name for name in read(Metrics(), now()))


def test_gauges_show_no_capacity_without_workers_and_broker() -> None:
    found = read(Metrics(), now(up=False))
    assert found["kikipounamu_expected_wait_seconds"] == {("interactive",): inf, ("bulk",): inf}
    assert (found["kikipounamu_accepting"][()], found["kikipounamu_capacity_streams"][()]) == (0, 0)
    assert "kikipounamu_fleet_speed" not in found


def test_labels_are_bounded_and_unique() -> None:
    fleet = [worker(f"{n:05}" + "w" * 200, model=f"m{n}") for n in reversed(range(1_000))]
    fleet += [worker("x" * 200), worker("x" * 300)]
    found = read(Metrics(), now(Survey(workers=tuple(fleet))), OPENMETRICS)
    assert [int(name[:5]) for (name,) in found["kikipounamu_fleet_slots"]] == list(range(MOST_WORKERS))
    assert len(found["kikipounamu_queue_depth"]) == 2 * MOST_MODELS
    assert all(len(value) <= 128 for labels in found["kikipounamu_fleet_info"] for value in labels)
    twins = read(Metrics(), now(Survey(workers=(worker("x" * 200), worker("x" * 300)))), OPENMETRICS)
    assert len(twins["kikipounamu_fleet_slots"]) == 1


def test_models_of_earlier_workers_keep_their_label() -> None:
    at = [now(Survey(workers=(worker("a", "gone soon"),)))]
    registry = registry_of(GatewayCollector(Metrics(), Histogram(), AdmissionLimits(), lambda: at[0]))
    exposition(registry, "")
    at[0] = now(Survey({Keys().jobs("interactive", "gone soon"): StreamContent(16_000, 1, 0)}))
    assert b'backlog_audio_seconds{class="interactive",model="gone soon"} 1.0' in exposition(registry, "")[0]


def test_figures_of_processes_are_sums_and_each_process_has_a_label() -> None:
    metrics = Metrics()
    metrics.concluded(concluded(Final(0, "a", timing=Timing(4_000, 20, 300, 2)), 64_000))
    there = Metrics()
    there.concluded(concluded(Final(0, "a", timing=Timing(4_000, 20, 300, 2)), 64_000))
    there.refused(RefusalReason.LOAD)
    past = there.counters(1.0, Histogram((0.001,)).read())
    report = ProcessReport(counted=past, connections=3, cpu_s=2.0, load=Load(1.0, 7))
    others = OtherProcesses({1: report}, past, {1: 2}, own_slot=0)
    found = read(metrics, replace(now(), others=others, load=Load(1.0, 5)))
    assert found["kikipounamu_segments_total"]["", "final"] == 3
    assert found["kikipounamu_segment_stage_seconds_count"]["decode",] == 3
    assert found["kikipounamu_audio_received_seconds_total"] == {(): 62.0}
    assert found["kikipounamu_refusals_total"]["load",] == 2
    assert found["kikipounamu_broker_round_trip_seconds_count"] == {(): 1}
    assert found["kikipounamu_process_connections"] == {("0",): 1, ("1",): 3}
    assert found["kikipounamu_process_memory_bytes"] == {("0",): 5, ("1",): 7}
    assert found["kikipounamu_process_cpu_seconds_total"]["1",] == 2.0
    assert found["kikipounamu_process_restarts_total"] == {("0",): 0, ("1",): 2}


def test_gateway_of_one_process_has_no_figures_by_process() -> None:
    assert not [name for name in read(Metrics(), now()) if "_process_" in name and name.startswith("kikipounamu")]
