"""Counted streams: every text is delivered."""

from benchmarks.gateway_instructions import stream


async def test_each_segment_of_each_session_has_its_text() -> None:
    assert await stream(sessions=2, segments=3, frames=4) == 6
