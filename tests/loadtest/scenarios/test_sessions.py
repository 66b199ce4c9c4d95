"""Sessions of a load test: the planned load, and no wrong result counted as right."""

from collections.abc import Callable
from dataclasses import replace

from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from client.connection import Address, fixed_locator
from client.settings import ClientSettings
from loadtest.measurement.tally import Tally
from loadtest.scenarios.sessions import SessionPlan, run_sessions, summary, utterances
from loadtest.speakers.noise import Noise
from protocol.errors import CloseCode, ErrorCode
from protocol.session import Done, Failed, Final, Finish, SegmentEnd, decode_client
from tests.helpers.scripted_gateway import Memory, Script, closing_with, oblige, say, scripted, welcome

NOISE = Noise(1)
SETTINGS = ClientSettings(quiet_s=30.0, retry=lambda failures, chance, asked: 0.0)


@given(st.integers(0, 50), st.floats(0.001, 20))
def test_session_utterances_have_the_planned_length(number: int, seconds: float) -> None:
    said = list(utterances(SessionPlan(1, seconds), number, NOISE))
    assert sum(utterance.samples for utterance in said) == round(seconds * 16_000)
    assert all(utterance.samples <= 6 * 16_000 for utterance in said)
    assert said == list(utterances(SessionPlan(1, seconds), number, NOISE))


async def tally_of(script: Script, seconds: float = 8.0, settings: ClientSettings = SETTINGS) -> Tally:
    """Run one session, since a scripted gateway has one memory."""
    async with scripted(script) as gateway:
        return await run_sessions(SessionPlan(1, seconds, pace=0), fixed_locator(Address(gateway.url)), settings)


async def test_sessions_run_is_flawless() -> None:
    tally = await tally_of(oblige)
    assert tally.flawless
    assert tally.right == tally.segments == len(list(utterances(SessionPlan(1, 8.0), 0)))
    printed = summary(tally, 1.0)
    assert printed["audio_s"] == 8.0 and printed["p50_ms"] is not None


def answering(answer: Callable[[int], Final | Failed | None]) -> Script:
    """Return a script that answers each segment as the test wants."""

    async def script(socket: web.WebSocketResponse, memory: Memory) -> None:
        await welcome(socket, memory)
        while not (heard := await socket.receive()).type.name.startswith("CLOS"):
            message = decode_client(heard.data) if heard.type.name == "TEXT" else None
            if isinstance(message, SegmentEnd) and (reply := answer(message.segment)):
                await say(socket, reply)
            elif isinstance(message, Finish):
                await say(socket, Done(message.segments, ""))

    return script


async def test_wrong_text_is_counted_as_wrong() -> None:
    tally = await tally_of(answering(lambda segment: Final(segment, "not this")))
    assert (tally.wrong, tally.right) == (tally.segments, 0)
    assert not tally.flawless
    assert "session 0, segment 0: the text is not the digest" in tally.complaints[0]


async def test_failed_segment_is_counted_as_failed() -> None:
    failed = answering(lambda segment: Failed(segment, ErrorCode.ENGINE_FAILED, "cannot"))
    tally = await tally_of(failed)
    assert (tally.failed, tally.flawless) == (tally.segments, False)
    assert "cannot (engine_failed)" in tally.complaints[0]


async def test_unanswered_segment_is_missing_and_its_session_lost() -> None:
    silent = answering(lambda segment: None)
    tally = await tally_of(silent, seconds=0.1, settings=replace(SETTINGS, quiet_s=0.5))
    assert (tally.missing, tally.lost_sessions, tally.flawless) == (1, 1, False)


async def test_session_taken_over_is_lost() -> None:
    tally = await tally_of(closing_with(CloseCode.TAKEN_OVER, after=2))
    assert tally.lost_sessions == 1
    assert not tally.flawless
