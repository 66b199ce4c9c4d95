from dataclasses import replace
from typing import Any

import pytest

from app.diagnostics.timeline.segment_facts import LoggedEvent
from app.diagnostics.timeline.sentences import PROCESS_EVENTS, lasting, sentence, short_names, worker_name


def line(event: str, **fields: Any) -> LoggedEvent:
    return LoggedEvent(0.0, 0, event, "app", fields)


def test_lasting_formats_durations() -> None:
    assert [lasting(ms) for ms in (0, 12.4, 994, 1_000, 12_345)] == ["0 ms", "12 ms", "994 ms", "1.0 s", "12.3 s"]


def test_short_names_add_process_only_when_host_is_ambiguous() -> None:
    names = short_names(["tower-1-0123abcd", "attic-1-0123abcd", "attic-2-0123abcd"])
    assert list(names.values()) == ["worker tower", "worker attic-1", "worker attic-2"]
    assert worker_name("tower-1-0123abcd", names) == "worker tower" and worker_name("", names) == "a worker"


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (line("something.new", reason="unknown"), "something.new: unknown"),
        (line("something.new"), "something.new"),
        (
            line("gateway.lost", reason="nobody answers", retry_in_s=0.5, asked_s=2.0),
            "no connection: nobody answers; asked to wait 2 s, trying again in 500 ms",
        ),
        (
            line("gateway.busy", reason="no_worker", eta_ms=None),
            "the gateway is busy (no_worker)",
        ),
        (
            line("job.failed", code="engine_died", reason="killed", verdict="dead"),
            "failed (engine_died: killed); it failed too often and is among the dead letters",
        ),
        (
            line("segment.concluded", outcome="engine_died", attempt=1, retryable=True),
            "reports to the client that attempt 1 failed (engine_died), and may be tried again",
        ),
        (line("broker.reconnected", away_s=2.5), "the broker is back, after 2.5 s"),
        (line("broker.disconnected", error="refused"), "no connection to the broker; commands wait: refused"),
        (line("child.ended", child="worker", status=-9), "worker ended with status -9; starting it again"),
        (line("child.start_failed", child="worker", reason="no memory"), "worker cannot be started: no memory"),
        (line("computer.slept", seconds=90), "this computer slept for 90.0 s"),
        (line("connection.closed", reason=""), "the connection ended: its client left"),
        (line("connection.closed", reason="(1000)"), "the connection ended"),
        (line("connection.closed", reason="too slow"), "the connection ended: too slow"),
        (line("engine.loaded", model="m", device="cuda"), "an engine is loaded: m on cuda"),
        (line("log.lines_lost", lines=7), "7 lines of the log are not written"),
        (line("microphone.changed", change="came back"), "the microphone changed: came back"),
        (line("segment.audio_missing", from_ms=1_500), "audio is missing from 1.5 s on: asking for it again"),
    ],
)
def test_sentence_describes_each_event(said: LoggedEvent, words: str) -> None:
    assert sentence(said) == words
    assert sentence(replace(said, fields={})), "a line that lacks everything is told too"


@pytest.mark.parametrize("event", sorted(PROCESS_EVENTS))
def test_events_of_processes_have_a_sentence(event: str) -> None:
    assert event not in sentence(line(event))
