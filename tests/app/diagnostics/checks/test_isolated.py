"""Checks in another process: their findings arrive, and a crash is a finding."""

import sys

from app.core.notes import Note
from app.diagnostics.checks.finding import Area, ok, wrong
from app.diagnostics.checks.isolated import apart, decode, encode
from tests.app.diagnostics.checks.found import keys

FOUND = [
    ok(Area.VAD, "vad-hears", detector="x", seconds=1),
    wrong(Area.VAD, "stopped").because(Note("plain", {"text": "so"})),
]


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def test_findings_are_unchanged_after_encoding() -> None:
    assert decode(encode(FOUND)) == FOUND


async def test_apart_returns_findings_of_child() -> None:
    told = await apart(Area.VAD, (), python(f"print({encode(FOUND).decode()!r})"))
    assert told == FOUND


async def test_crash_of_child_is_a_finding() -> None:
    assert keys(await apart(Area.VAD, (), python("import os; os.abort()"))) == ["problem crashed"]


async def test_apart_runs_the_real_vad_check() -> None:
    assert keys(await apart(Area.VAD, ())) == ["advice vad-fallback", "ok vad-hears"]
