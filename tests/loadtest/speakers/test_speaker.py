"""Speaker of a load test: no wrong result is counted as right."""

import random
import time
from collections.abc import AsyncIterator

from client.events import ClientEvent, Connected, Disconnected, Retrying
from client.gateway import GatewayClient
from loadtest.measurement.tally import Tally, TallyRecorder
from loadtest.speakers.noise import Noise, Turn
from loadtest.speakers.speaker import Speaker, without_numbers
from protocol.errors import ErrorCode
from protocol.recognition import Timing
from protocol.session import PLAIN, Busy, Failed, Final, Partial, SegmentDetails

UTTERANCE = Noise(1).utterance(0, 0, 4_000, random.Random(1))


class Scripted(GatewayClient):
    """Client that emits the given events once everything was said."""

    def __init__(self, *events: ClientEvent) -> None:
        self._script = events
        self.said = bytearray()
        self.began: list[tuple[int, int]] = []

    async def begin(self, segment: int, at_ms: int, details: SegmentDetails = PLAIN) -> None:
        self.began.append((segment, at_ms))

    async def audio(self, segment: int, pcm: bytes) -> None:
        self.said += pcm

    async def end(self, segment: int) -> None: ...
    async def finish(self) -> None: ...
    async def close(self) -> None: ...

    async def events(self) -> AsyncIterator[ClientEvent]:
        for event in self._script:
            yield event


async def at_once(due: float) -> None:
    """Return at once, without waiting."""


async def tally_of(*events: ClientEvent, turns: int = 1) -> tuple[Tally, Scripted]:
    """Run a speaker with these events; return the counts."""
    recorder, client = TallyRecorder(time.monotonic()), Scripted(*events)
    speaker = Speaker(7, recorder)
    await speaker.stream(client, [Turn(0.5, UTTERANCE)] * turns, at_once)

    async def nothing_more(client: object) -> None: ...

    await speaker.run(client, nothing_more)
    return recorder.tally, client


async def test_busy_close_counts_as_refusal() -> None:
    full, gone = Disconnected("the expected wait is 40 s (busy)", 0.0), Disconnected("(broker_unavailable)", 0.0)
    tally, _ = await tally_of(full, gone, full)
    assert {kind: refused.count for kind, refused in tally.refused.items()} == {"1013 busy": 2}
    assert tally.refused["1013 busy"].without_retry_after == sum(tally.refused_at.values()) == 2


async def test_speaker_sends_all_audio_with_its_time_in_the_session() -> None:
    _, client = await tally_of(turns=2)
    assert bytes(client.said) == UTTERANCE.read(0, 4_000) * 2
    assert client.began == [(0, 500), (1, 1_250)]


async def test_repeated_right_text_counts_once_and_as_twice() -> None:
    right = Final(0, UTTERANCE.digest, timing=Timing(200, 3, 4, 5))
    tally, _ = await tally_of(Connected("g", True), right, right)
    assert (tally.segments, tally.right, tally.twice, tally.missing) == (1, 1, 1, 0)
    (ended,) = tally.ended
    assert (ended.audio_ms, ended.upload, ended.queue, ended.decode, ended.deliver) == (250, 200, 3, 4, 5)
    assert not ended.whole, "it was said before the connection was there"


async def test_wrong_text_is_counted_and_named() -> None:
    tally, _ = await tally_of(Final(0, "not this"))
    assert (tally.wrong, tally.right) == (1, 0)
    assert "session 7, segment 0: the text is not the digest" in tally.complaints[0]


async def test_failed_and_missing_segments_are_counted() -> None:
    tally, _ = await tally_of(Failed(0, ErrorCode.ENGINE_FAILED, "cannot"), turns=2)
    assert (tally.failed, tally.missing) == (1, 1)
    assert "cannot (engine_failed)" in tally.complaints[0]


async def test_other_events_are_counted_by_kind() -> None:
    gone = [Disconnected(f"http://127.0.0.1:{port} is away ({port})", 0.1) for port in (1, 2)]
    tally, _ = await tally_of(
        Connected("g", True), *gone, Partial(0, 1, "a"), Busy("load"), Retrying(0, 1, ErrorCode.ENGINE_DIED)
    )
    assert (tally.connects, tally.disconnects) == (1, {"is away #": 2})
    assert (tally.partials, tally.busy, tally.retried) == (1, {"load": 1}, 1)
    assert len(tally.first_update_ms) == 1


def test_reasons_that_differ_in_numbers_are_the_same_kind() -> None:
    assert without_numbers("the expected wait is 45 s") == without_numbers("the expected wait is 7 s")
    assert without_numbers("a") != without_numbers("b")
