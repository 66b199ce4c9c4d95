from dataclasses import replace
from typing import Any

import pytest

from app.story.lines import Line
from app.story.words import lasting, named, sentence, short_names


def line(event: str, **fields: Any) -> Line:
    return Line(0.0, 0, event, "app", fields)


def test_durations() -> None:
    assert [lasting(ms) for ms in (0, 12.4, 994, 1_000, 12_345)] == ["0 ms", "12 ms", "994 ms", "1.0 s", "12.3 s"]


def test_a_worker_is_called_after_its_host_while_that_tells_it_from_others() -> None:
    names = short_names(["tower-1-0123abcd", "attic-1-0123abcd", "attic-2-0123abcd"])
    assert list(names.values()) == ["worker tower", "worker attic-1", "worker attic-2"]
    assert named("tower-1-0123abcd", names) == "worker tower" and named("", names) == "a worker"


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (line("something new", reason="who knows"), "something new: who knows"),
        (line("something new"), "something new"),
        (
            line("gateway lost", reason="nobody answers", retry_in_s=0.5, asked_s=2.0),
            "no connection: nobody answers; asked to wait 2 s, trying again in 500 ms",
        ),
        (
            line("gateway is busy", reason="no_worker", eta_ms=None),
            "told that the gateway is busy (no_worker)",
        ),
        (
            line("job failed", code="engine_died", reason="killed", verdict="dead"),
            "failed (engine_died: killed); it failed too often and is among the dead letters",
        ),
        (
            line("segment told", outcome="engine_died", attempt=1, retryable=True),
            "tells the client that attempt 1 failed (engine_died), and may be tried again",
        ),
        (line("the broker is back", away_s=2.5), "the broker is back, after 2.5 s"),
        (line("engine loaded", model="m", device="cuda"), "an engine is loaded: m on cuda"),
    ],
)
def test_sentences(said: Line, words: str) -> None:
    assert sentence(said) == words
    assert sentence(replace(said, fields={})), "a line that lacks everything is told too"
