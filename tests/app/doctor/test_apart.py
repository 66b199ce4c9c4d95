"""An examination in another process: what it found comes over, and a crash is a finding."""

import sys

from app.doctor.apart import apart, decode, encode
from app.doctor.finding import Area, ok, wrong
from app.view import Note
from tests.app.doctor.found import keys

FOUND = [
    ok(Area.VAD, "vad-hears", detector="x", seconds=1),
    wrong(Area.VAD, "stopped").because(Note("plain", {"text": "so"})),
]


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def test_findings_come_over_as_they_are() -> None:
    assert decode(encode(FOUND)) == FOUND


async def test_what_it_tells_is_taken_over() -> None:
    told = await apart(Area.VAD, (), python(f"print({encode(FOUND).decode()!r})"))
    assert told == FOUND


async def test_a_crash_is_found() -> None:
    assert keys(await apart(Area.VAD, (), python("import os; os.abort()"))) == ["problem crashed"]


async def test_the_real_one() -> None:
    assert keys(await apart(Area.VAD, ())) == ["advice vad-fallback", "ok vad-hears"]
