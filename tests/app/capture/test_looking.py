"""The eyes of another process."""

import sys

import pytest

from app.capture.looking import decode, encode, look
from tests.app.capture.sounds import BUILT_IN, HEADSET


async def test_what_the_other_process_prints_is_what_there_is() -> None:
    script = f"print({encode([BUILT_IN, HEADSET]).decode()!r})"
    assert await look([sys.executable, "-c", script]) == [BUILT_IN, HEADSET]


@pytest.mark.parametrize("script", ["raise SystemExit(1)", "print('[{\"index\":', end='')", "print('[{}]')"])
async def test_nothing_is_there_when_it_cannot_tell(script: str) -> None:
    assert await look([sys.executable, "-c", script]) == []


async def test_nothing_is_there_when_it_cannot_be_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    monkeypatch.setenv("PATH", "/nowhere")
    assert await look() == []


def test_lists_survive_the_way() -> None:
    assert decode(encode([BUILT_IN, HEADSET])) == [BUILT_IN, HEADSET]
