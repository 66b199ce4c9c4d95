"""Redaction lets no text through that a user said, typed or chose."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from app.diagnostics.report.redaction import LEFT_OUT, Constants, Redaction, own_modules
from tests.app.diagnostics.timeline.world import World, taken_over, usual

TEXTS = frozenset({"the gateway did not answer in time (", "worker"})
NAMES = frozenset({"reason", "status", "list", "job", "HotkeyTaken"})
REDACTION = Redaction(
    {
        "app.local.child": Constants(TEXTS, NAMES, frozenset({"app.child"})),
        "app.desk": Constants(loggers=frozenset({"app.desk"})),
    }
)
SPEECH = "please send the drawings to Ana, 请把图纸发给她"
LINE = {
    "timestamp": "2026-03-01T10:00:00Z",
    "level": "warning",
    "logger": "app.child",
    "program": "desktop",
    "event": "child.ended",
    "status": -9,
}


def told(**fields: Any) -> dict[str, Any]:
    line = REDACTION.line(json.dumps(LINE | fields))
    assert line is not None
    found = json.loads(line)
    assert isinstance(found, dict)
    return found


def test_redaction_keeps_texts_of_program() -> None:
    assert told() == LINE
    session = "7b0f0a52-5a30-4f0e-9f5e-2a8f3c1f0b11"
    assert told(session=session)["session"] == session
    assert told(reason="worker")["reason"] == "worker"


def test_redaction_keeps_segment_events_without_host_names() -> None:
    world = World()
    usual(world)
    taken_over(world, 1)
    redaction = Redaction(own_modules())
    for raw, _ in world.raw:
        line, found = json.loads(raw), json.loads(redaction.line(raw.decode()) or "{}")
        assert found.keys() == line.keys()
        hidden = {name for name in line if found[name] != line[name]}
        assert hidden <= {"worker", "taken_from", "gateway", "model", "program"}
    assert told(job="tell Ana")["job"] == LEFT_OUT


def test_redaction_keeps_only_own_pieces_of_text() -> None:
    reason = f"the gateway did not answer in time ({SPEECH}"
    assert told(reason=reason)["reason"] == f"the gateway did not answer in time ({LEFT_OUT}"
    assert told(reason=SPEECH)["reason"] == LEFT_OUT
    assert told(event=SPEECH)["event"] == LEFT_OUT
    assert told(logger="app.desk", reason="worker")["reason"] == LEFT_OUT, (
        "a word of another module may come from a user"
    )


@pytest.mark.parametrize("name", [*LINE, "reason", "exception", "list", "unknown", SPEECH])
@pytest.mark.parametrize(
    "made", [str, lambda text: [text], lambda text: {text: text}, lambda text: {"list": [[text]]}]
)
def test_redaction_removes_speech_from_every_field(name: str, made: Any) -> None:
    line = REDACTION.line(json.dumps(LINE | {name: made(SPEECH)}))
    assert line is not None and "drawings" not in line and "图纸" not in line and "Ana" not in line


@given(some.text(min_size=1), some.sampled_from(["event", "reason", "exception", "program", "level", "timestamp"]))
def test_redaction_removes_any_foreign_text(text: str, name: str) -> None:
    found = told(**{name: f"§{text}§"})[name]
    assert "§" not in found


def test_redaction_keeps_types_and_places_of_errors() -> None:
    traceback = (
        "Traceback (most recent call last):\n"
        '  File "/home/ana/secret/app/application.py", line 12, in run\n'
        f"    say('{SPEECH}')\n"
        '  File "/usr/lib/python3/site-packages/aiohttp/client.py", line 3, in <module>\n'
        '  File "/home/ana/play.py", line 4, in mine\n'
        f"app.hotkeys.HotkeyTaken: the gateway did not answer in time ({SPEECH}\n"
        "Secret: hidden\n"
        f"OSError: {SPEECH}"
    )
    assert told(exception=traceback)["exception"].splitlines() == [
        "  app/application.py:12 run",
        "  aiohttp/client.py:3 <module>",
        "  play.py:4 mine",
        f"app.hotkeys.HotkeyTaken: the gateway did not answer in time ({LEFT_OUT}",
        f"OSError: {LEFT_OUT}",
    ]


def test_redaction_drops_unreadable_lines() -> None:
    assert REDACTION.line(SPEECH) is None and REDACTION.line("[1]") is None


def test_redaction_reduces_foreign_loggers_to_package() -> None:
    assert told(logger="asyncio.secret")["logger"] == "asyncio"
    assert told(logger="pounamu.words")["logger"] == LEFT_OUT
