"""Listing microphones in another process."""

import sys

import pytest

from app.capture.devices import decode, encode, list_microphones
from tests.app.capture.sounds import BUILT_IN, HEADSET


async def test_listing_returns_the_list_that_the_command_prints() -> None:
    script = f"print({encode([BUILT_IN, HEADSET]).decode()!r})"
    assert await list_microphones([sys.executable, "-c", script]) == [BUILT_IN, HEADSET]


@pytest.mark.parametrize("script", ["raise SystemExit(1)", "print('[{\"index\":', end='')", "print('[{}]')"])
async def test_listing_returns_nothing_when_the_output_is_unreadable(script: str) -> None:
    assert await list_microphones([sys.executable, "-c", script]) == []


async def test_listing_returns_nothing_when_the_command_cannot_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    monkeypatch.setenv("PATH", "/nowhere")
    assert await list_microphones() == []


def test_microphone_list_survives_encoding() -> None:
    assert decode(encode([BUILT_IN, HEADSET])) == [BUILT_IN, HEADSET]
