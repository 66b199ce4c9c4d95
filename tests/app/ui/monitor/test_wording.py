"""Texts of the monitor: units, workers, problems with remedies, and utterances as sentences."""

from dataclasses import replace

import pytest
from msgspec import structs

from app.core.states import State
from app.monitoring.view import (
    Curve,
    Link,
    MonitorView,
    StageFigures,
    StageSpan,
    UtteranceRow,
    UtteranceStage,
    WorkerFigures,
)
from app.ui.monitor import wording
from app.ui.strings.texts import Texts
from protocol.monitor import BrokerState, Snapshot, WorkerState, WorkerStatus
from tests.app.ui.languages import in_each_language

EN = Texts("en")
BROKER = BrokerState(True, "Valkey 9.1.2", True, 0.1)
GATEWAY = Snapshot("g", 12_345.0, BROKER, 1, 1, 0, 0.0, 0, 0.0, 0.0, 0.0, (), ())
STATUS = WorkerStatus(
    "w", "desktop-gpu", "funasr", "SenseVoiceSmall", "cuda:0", WorkerState.BUSY, done=1, speed=41.2
)
WORKER = WorkerFigures(STATUS, False, Curve(), Curve(), None)
SPANS = (
    StageSpan(UtteranceStage.SENT, 0.0, 0.03),
    StageSpan(UtteranceStage.QUEUED, 0.03, 0.15),
    StageSpan(UtteranceStage.DECODED, 0.15, 0.45),
    StageSpan(UtteranceStage.DELIVERED, 0.45, 0.46),
    StageSpan(UtteranceStage.INSERTED, 0.46, 0.52),
)
ROW = UtteranceRow("6f1f7c0e", 0, True, State.DONE, 1_700_000_000.0, 2.4, SPANS, "desktop-gpu")


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0.0, "0 ms"),
        (0.0124, "12 ms"),
        (0.9994, "999 ms"),
        (0.9999, "1.0 s"),
        (1.26, "1.3 s"),
        (9.96, "10 s"),
        (59.4, "59 s"),
        (59.6, "1 min"),
        (185.0, "3 min 5 s"),
        (7_830.0, "2 h 10 min"),
        (273_600.0, "3 d 4 h"),
    ],
)
def test_durations_are_shortened_to_readable_units(seconds: float, said: str) -> None:
    assert wording.seconds_text(EN, seconds) == said


def test_sizes_counts_and_ratios_are_rounded() -> None:
    assert [wording.bytes_text(EN, number) for number in (3.5e8, 3.14e9)] == ["350 MB", "3.1 GB"]
    assert wording.percent_text(EN, 33.6) == "34 %"
    assert wording.count_text(EN, 3.0) == "3"
    assert [wording.times_text(EN, times) for times in (0.4, 12.4)] == ["0.4 ×", "12 ×"]
    assert [wording.ratio_text(EN, ratio) for ratio in (0.0244, 0.25, 1.91)] == ["0.024", "0.25", "1.9"]


@in_each_language
def test_gateway_is_described_on_one_line(texts: Texts) -> None:
    said = wording.gateway_text(texts, GATEWAY)
    assert "Valkey 9.1.2" in said and texts("monitor.sessions", count=1) in said
    assert "3" in said and "25" in said  # hours and minutes
    assert texts("monitor.streams", count=49) in wording.gateway_text(
        texts, structs.replace(GATEWAY, streams=49.7)
    )
    assert texts("monitor.streams", count=0) not in said
    unsafe = wording.gateway_text(texts, structs.replace(GATEWAY, broker=structs.replace(BROKER, durable=False)))
    assert texts("monitor.not-durable", name="Valkey 9.1.2") in unsafe


@in_each_language
@pytest.mark.parametrize(
    ("view", "word", "name", "helps", "state"),
    [
        (MonitorView(), "connecting", "connecting", "connecting-help", State.ARMING),
        (MonitorView(Link.CONNECTING, gateway=GATEWAY), "connecting", "", "", State.ARMING),
        (MonitorView(Link.LIVE, gateway=GATEWAY), "live", "", "", State.LISTENING),
        (MonitorView(Link.LOST), "not-connected", "lost", "lost-help", State.FAILED),
        (MonitorView(Link.LOST, gateway=GATEWAY), "not-connected", "lost-old", "lost-help", State.FAILED),
        (MonitorView(Link.REFUSED), "not-connected", "refused", "refused-help", State.FAILED),
        (
            MonitorView(Link.LIVE, gateway=structs.replace(GATEWAY, broker=structs.replace(BROKER, up=False))),
            *("broker-away", "no-broker", "no-broker-help", State.FAILED),
        ),
    ],
)
def test_link_problems_are_shown_with_remedy(
    view: MonitorView, word: str, name: str, helps: str, state: State, texts: Texts
) -> None:
    assert wording.link_text(texts, view) == (texts(f"monitor.{word}"), state)
    wanted = tuple(texts(f"monitor.{key}") if key else "" for key in (name, helps))
    assert wording.trouble_text(texts, view) == wanted


@in_each_language
def test_each_worker_state_has_own_text(texts: Texts) -> None:
    said = [
        wording.worker_state(texts, replace(WORKER, status=structs.replace(STATUS, state=state)))
        for state in WorkerState
    ]
    silent = replace(WORKER, status=structs.replace(STATUS, age_ms=8_900))
    said.append(wording.worker_state(texts, silent))
    assert said[-1] == (texts("monitor.silent", time=texts("monitor.seconds", value="8.9")), State.FAILED)
    said.append(wording.worker_state(texts, replace(silent, gone=True)))
    assert len({word for word, _ in said}) == len(said)
    assert said[-1] == (texts("monitor.gone"), State.FAILED)


def test_worker_text_shows_model_speed_and_counts() -> None:
    assert wording.worker_text(EN, STATUS) == "SenseVoiceSmall · cuda:0 · 41 × real time"
    assert wording.worker_text(EN, structs.replace(STATUS, speed=0.0)) == "SenseVoiceSmall · cuda:0"
    assert wording.worker_counts(EN, STATUS) == "1 recognised"
    assert wording.worker_counts(EN, structs.replace(STATUS, done=7, failed=2)) == "7 recognised · 2 failed"


def test_stage_text_shows_median_and_95th_percentile() -> None:
    assert (
        wording.stage_text(EN, StageFigures(UtteranceStage.QUEUED, 9, 0.012, 1.5))
        == "Waiting: p50 12 ms, p95 1.5 s"
    )


def test_utterance_text_shows_time_of_each_stage() -> None:
    whole = "spoke 2.4 s · sent 30 ms · waited 120 ms · recognised 300 ms on desktop-gpu · returned 10 ms"
    assert wording.stages_text(EN, ROW) == f"{whole} · inserted 60 ms"
    short = "waited 120 ms · recognised 300 ms on desktop-gpu · inserted 60 ms"
    assert wording.stages_text(EN, ROW, short=True) == short
    unknown = replace(
        ROW,
        host="",
        spans=(StageSpan(UtteranceStage.DECODED, 0, 0.3), StageSpan(UtteranceStage.DELIVERED, 0.3, 0.3)),
    )
    assert wording.stages_text(EN, unknown) == "spoke 2.4 s · recognised 300 ms"
    failed = replace(ROW, spans=(), spoken_s=0.0, reason="engine_died")
    assert wording.stages_text(EN, failed) == "failed: engine_died"


@in_each_language
def test_speaker_is_this_app_or_another_session(texts: Texts) -> None:
    assert wording.who_text(texts, ROW) == texts("monitor.own")
    assert wording.who_text(texts, replace(ROW, own=False)) == texts("monitor.somebody", session="6f1f")


@in_each_language
def test_row_text_contains_all_parts_for_screen_readers(texts: Texts) -> None:
    said = wording.row_text(texts, ROW)
    parts = (wording.time_text(ROW), texts("monitor.own"), texts("state.done"), wording.stages_text(texts, ROW))
    assert all(part in said for part in parts)


@in_each_language
def test_every_stage_has_a_name(texts: Texts) -> None:
    assert len({texts(wording.STAGES[stage]) for stage in UtteranceStage}) == len(UtteranceStage)
