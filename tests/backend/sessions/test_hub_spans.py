"""Second passes in the hub: refused when they would be late, ahead of their session, counted once."""

from typing import Any

from backend.admission.admission import Survey
from backend.broker.records import JobQueued
from backend.observability.metrics import Metrics
from backend.sessions.session_slot import SessionSlot
from protocol.audio import SAMPLE_RATE, encode_frame
from protocol.errors import ErrorCode
from protocol.job import EndState, Result
from protocol.monitor import WorkerState, WorkerStatus
from protocol.session import Failed, SegmentBegin, SegmentEnd, Welcome
from tests.backend.sessions.test_intake import KeyedScene


def survey(speed: float) -> Survey:
    return Survey(workers=(WorkerStatus("w", "h", "e", "m", "cpu", WorkerState.IDLE, speed=speed),))


class Spans(KeyedScene):
    """Hub with workers of one speed, whose conclusions are counted as metrics."""

    def __init__(self, speed: float) -> None:
        super().__init__()
        self.metrics = Metrics()
        self.hub.surveyed(survey(speed))

    def span(self, hosted: SessionSlot, begin: SegmentBegin, samples: int) -> None:
        self.hub.receive(hosted, begin)
        for at in range(0, samples, SAMPLE_RATE):
            some = min(SAMPLE_RATE, samples - at)
            self.hub.frame(hosted, encode_frame(begin.segment, at, bytes(2 * some)))
        self.hub.receive(hosted, SegmentEnd(begin.segment, samples))

    def concluded(self, conclusions: Any) -> None:
        super().concluded(conclusions)
        self.metrics.concluded(conclusions)


async def recognised_pieces(scene: Spans) -> SessionSlot:
    hosted = await scene.join("speaker")
    scene.say(hosted, range(2), samples=SAMPLE_RATE)
    for n in range(2):
        while scene.commands:
            await scene.jobs.answer("submit", JobQueued(0))
        scene.end(hosted, n)
    return hosted


async def test_welcome_offers_second_passes() -> None:
    scene = Spans(4.0)
    await scene.speak(0)
    await scene.sent_messages()
    assert any(
        isinstance(sent_messages, Welcome) and sent_messages.spans for sent_messages in scene.socket.sent_messages
    )


async def test_late_second_pass_is_refused_before_it_reaches_the_broker() -> None:
    scene = Spans(4.0)
    hosted = await recognised_pieces(scene)
    scene.ended.clear()
    scene.span(hosted, SegmentBegin(2, replaces=(0, 1), within_ms=600), 4 * SAMPLE_RATE)
    assert [job.segment for job in scene.submitted] == [0, 1]
    (failed,) = scene.ended
    assert isinstance(failed, Failed)
    assert (failed.segment, failed.code, failed.retryable) == (2, ErrorCode.BUSY, False)
    assert scene.metrics.spans_refused == 1
    assert scene.metrics.segments == {(EndState.FINAL, ""): 2}
    assert hosted.session.unqueued == 0


async def test_second_pass_that_is_late_by_its_pieces_is_refused_at_its_beginning() -> None:
    scene = Spans(4.0)
    hosted = await recognised_pieces(scene)
    scene.ended.clear()
    scene.hub.receive(hosted, SegmentBegin(2, replaces=(0, 1), within_ms=400))
    (failed,) = scene.ended
    assert isinstance(failed, Failed) and failed.code is ErrorCode.BUSY


async def test_second_pass_in_time_is_submitted_and_counted_once() -> None:
    scene = Spans(40.0)
    hosted = await recognised_pieces(scene)
    scene.span(hosted, SegmentBegin(2, replaces=(0, 1), within_ms=10_000), 2 * SAMPLE_RATE)
    assert [(job.segment, job.replaces) for job in scene.submitted][-1] == (2, (0, 1))
    await scene.jobs.answer("submit", JobQueued(0))
    scene.hub.noticed(Result(hosted.identity, 2, "one two"))
    assert scene.metrics.samples == 2 * SAMPLE_RATE
    assert scene.metrics.segments == {(EndState.FINAL, ""): 3}


async def test_second_pass_is_accepted_while_no_speed_is_known() -> None:
    scene = Spans(0.0)
    hosted = await recognised_pieces(scene)
    scene.span(hosted, SegmentBegin(2, replaces=(0, 1), within_ms=0), 2 * SAMPLE_RATE)
    assert scene.submitted[-1].segment == 2


async def test_audio_that_waits_since_the_survey_makes_a_second_pass_late() -> None:
    scene = Spans(4.0)
    hosted = await recognised_pieces(scene)
    scene.span(hosted, SegmentBegin(2), 3 * SAMPLE_RATE)
    await scene.jobs.answer("submit", JobQueued(0))
    scene.ended.clear()
    scene.span(hosted, SegmentBegin(3, replaces=(0, 1), within_ms=1_000), 2 * SAMPLE_RATE)
    assert [one.segment for one in scene.ended] == [3]


async def test_second_pass_goes_before_the_rest_of_its_session() -> None:
    scene = Spans(4.0)
    hosted = await scene.join("speaker")
    scene.say(hosted, range(6), samples=SAMPLE_RATE)
    scene.span(hosted, SegmentBegin(6, replaces=tuple(range(6))), 6 * SAMPLE_RATE)
    sent = [job.segment for job in scene.submitted]
    assert sent == [0, 1]
    scene.end(hosted, 0)
    assert [job.segment for job in scene.submitted][2] == 6


async def test_flood_of_second_passes_is_held_back_like_any_audio() -> None:
    scene = Spans(4.0)
    hosted, other = await scene.join("hostile"), await scene.join("speaker")
    for n in range(0, 40, 2):
        scene.say(hosted, range(n, n + 1), samples=1)
        scene.span(hosted, SegmentBegin(n + 1, replaces=(n,)), SAMPLE_RATE)
    assert len(scene.submitted) == 2
    scene.say(other, range(1), samples=SAMPLE_RATE)
    assert scene.submitted[-1].session == other.identity
