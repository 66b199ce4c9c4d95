"""Live text of a session: requests to workers, and partials for the client."""

from typing import Any

from backend.admission.live_offers import LiveOffer
from backend.broker.records import Attachment
from backend.sessions.ledger import run_steps
from backend.sessions.live_stream import LivePace
from backend.sessions.segments import Hypothesise, Output, StreamLive
from backend.sessions.session import GatewaySession
from protocol.audio import encode_frame
from protocol.job import Gap, Hypothesis, Job, JobKind
from protocol.recognition import Options
from protocol.session import Partial, SegmentBegin, SegmentEnd, Welcome
from tests.backend.session_steps import ID, NAME, NOW, session

FRAME = 1_600
STEP = round(LivePace().step_s * 16_000)
OFFERS = (LiveOffer("m", frozenset({"zh", "en"}), room=True),)
WANTED = Options(language="zh", partials=True, hotwords=("蓝莓",), model="final", script="traditional")
PIECE_OPTIONS = Options(language="zh", partials=True, script="traditional")


def sound(begin: int, end: int) -> bytes:
    """Return samples whose values are their positions."""
    return b"".join((at % 65_536).to_bytes(2, "little") for at in range(begin, end))


def speaking(options: Options = WANTED, **details: Any) -> GatewaySession:
    """Return a session that is offered the model ``m`` and has begun segment 0."""
    made = session(options=options)
    made.set_offers(OFFERS)
    made.receive(SegmentBegin(0, **details), NOW)
    return made


def say(made: GatewaySession, begin: int, end: int, now: float = NOW, segment: int = 0) -> list[Output]:
    """Send samples, in frames of 100 ms."""
    outputs: list[Output] = []
    for at in range(begin, end, FRAME):
        outputs += made.frame(encode_frame(segment, at, sound(at, min(end, at + FRAME))), now)
    return outputs


def followed(made: GatewaySession) -> GatewaySession:
    """Return the session after the worker ``w`` has answered its first piece."""
    assert len(say(made, 0, STEP)) == 1
    assert made.noticed(Hypothesis(NAME, 0, "早", 0, STEP, "w"), NOW) == [Partial(0, 1, "早")]
    return made


def test_only_new_samples_go_to_the_worker_that_follows() -> None:
    made = speaking(gain_db=6)
    first = Job(NAME, 0, sound(0, STEP), STEP, 0, JobKind.STREAM, PIECE_OPTIONS, 6)
    assert say(made, 0, STEP) == [StreamLive(first, "", "m")]
    assert say(made, STEP, 3 * STEP) == []
    partial, following = made.noticed(Hypothesis(NAME, 0, "早", 0, STEP, "w"), NOW)
    assert partial == Partial(0, 1, "早")
    second = Job(NAME, 0, sound(STEP, 3 * STEP), 3 * STEP, 0, JobKind.STREAM, PIECE_OPTIONS, 6)
    assert following == StreamLive(second, "w", "m")
    assert made.noticed(Hypothesis(NAME, 0, "早上", 0, 3 * STEP, "w"), NOW) == [Partial(0, 2, "早上", 1)]


def test_lost_state_brings_the_segment_again_and_text_stays() -> None:
    made = followed(speaking())
    say(made, STEP, 2 * STEP)
    (again,) = made.noticed(Gap(NAME, 0, 0, 0, "w"), NOW)
    assert isinstance(again, StreamLive) and (again.inbox, again.job.samples) == ("", 2 * STEP)
    assert again.job.pcm == sound(0, 2 * STEP)
    assert made.noticed(Hypothesis(NAME, 0, "早上", 0, 2 * STEP, "v"), NOW) == [Partial(0, 2, "早上", 1)]


def test_missing_answer_brings_the_segment_again() -> None:
    made = followed(speaking())
    say(made, STEP, 2 * STEP)
    assert say(made, 2 * STEP, 3 * STEP, NOW + 0.9) == []
    (again,) = say(made, 3 * STEP, 4 * STEP, NOW + 1.0)
    assert isinstance(again, StreamLive) and (again.inbox, len(again.job.pcm)) == ("", 2 * (3 * STEP + FRAME))


def test_hypotheses_are_made_where_no_worker_takes_the_session() -> None:
    made = followed(speaking())
    (piece,) = say(made, STEP, 2 * STEP)
    assert isinstance(piece, StreamLive)
    (any_worker,) = made.declined(piece.job, NOW)
    assert (
        isinstance(any_worker, StreamLive) and any_worker.inbox == "" and any_worker.job.pcm == sound(0, 2 * STEP)
    )
    assert made.declined(any_worker.job, NOW) == ()
    (asked,) = say(made, 2 * STEP, 16_000, NOW)
    assert isinstance(asked, Hypothesise) and asked.job.pcm == sound(0, asked.job.samples)
    assert made.noticed(Hypothesis(NAME, 0, "早上", 0, 16_000), NOW) == [Partial(0, 2, "早上", 1)]
    (back,) = say(made, 16_000, 16_000 + FRAME, NOW + 9)
    assert isinstance(back, StreamLive) and len(back.job.pcm) == 2 * (16_000 + FRAME)


def test_other_languages_get_hypotheses() -> None:
    made = speaking(language="de")
    (asked,) = say(made, 0, 16_000)
    assert isinstance(asked, Hypothesise)


def test_streams_need_an_offer_and_a_choice() -> None:
    made = session(options=WANTED)
    made.receive(SegmentBegin(0), NOW)
    assert say(made, 0, 8_000) == []
    for options in (Options(language="zh"), Options(language="zh", partials=True, priority="bulk")):
        assert say(speaking(options), 0, 16_000) == []


def test_next_segment_streams_while_a_final_is_pending() -> None:
    made = followed(speaking())
    made.receive(SegmentEnd(0, STEP), NOW)
    made.receive(SegmentBegin(1), NOW)
    (piece,) = say(made, 0, STEP, segment=1)
    assert isinstance(piece, StreamLive) and (piece.job.segment, piece.inbox) == (1, "w")
    assert made.noticed(Hypothesis(NAME, 0, "late", 0, 2 * STEP, "w"), NOW) == []


def test_streaming_pauses_while_a_span_lives() -> None:
    made = followed(speaking())
    made.receive(SegmentEnd(0, STEP), NOW)
    made.receive(SegmentBegin(1, replaces=(0,)), NOW)
    assert say(made, 0, 2 * STEP, segment=1) == []


def test_new_connection_begins_at_the_first_revision() -> None:
    made = followed(speaking())
    run_steps(made.attached(Attachment(2, {}), Welcome(ID, "g", durable=True), NOW))
    made.set_offers(OFFERS)
    (piece,) = say(made, STEP, 2 * STEP)
    assert isinstance(piece, StreamLive) and (piece.inbox, piece.job.pcm) == ("", sound(0, STEP + FRAME))
