"""The window of unqueued audio: a session of the client library never exceeds the gateway's limit."""

import pytest

from backend.broker.records import Attachment, JobQueued
from backend.sessions.ledger import run_steps
from backend.sessions.segments import Submit
from backend.sessions.session import GatewaySession
from client.segment import AudioPiece
from client.session import Session
from protocol.audio import BYTES_PER_SAMPLE, SAMPLE_RATE, encode_frame
from protocol.errors import MessageTooLarge
from protocol.recognition import Options
from protocol.session import PLAIN, Finish, Limits, Missing, Queued, SegmentBegin, SegmentDetails, Welcome
from tests.backend.session_steps import ID, NOW

LIMITS = Limits(window_s=1.0, segment_s=0.75)
HALF = SAMPLE_RATE // 2


class Pair:
    """A session of the client library and the gateway's, without a connection or a broker between them."""

    def __init__(self) -> None:
        self.client, self.gateway = Session(ID, Options()), GatewaySession(ID, Options(), LIMITS)
        self.client.hello()
        welcome = Welcome(ID, "g", durable=True, limits=LIMITS)
        for message in run_steps(self.gateway.attached(Attachment(1, {}), welcome, NOW)):
            assert isinstance(message, Welcome)
            self.client.receive(message)

    def speak(self, segment: int, details: SegmentDetails = PLAIN) -> list[int]:
        """Speak half a second, and return the segments that the gateway then submits to the broker."""
        self.client.begin(segment, 0, details)
        self.client.append(segment, HALF)
        self.client.end(segment)
        return self.send()

    def send(self) -> list[int]:
        """Pass everything on that the client may send, and return the segments that the gateway submits."""
        submitted: list[int] = []
        while (outgoing := self.client.next()) is not None:
            if isinstance(outgoing, AudioPiece):
                pcm = bytes(BYTES_PER_SAMPLE * outgoing.samples)
                outputs = self.gateway.frame(encode_frame(outgoing.segment, outgoing.offset, pcm), NOW)
            else:
                assert not isinstance(outgoing, Finish)
                outputs = self.gateway.receive(outgoing, NOW)
            submitted += [output.job.segment for output in outputs if isinstance(output, Submit)]
        return submitted


def test_lost_segment_is_sent_again_beside_a_full_window() -> None:
    pair = Pair()
    assert pair.speak(0) == [0]
    (queued,) = pair.gateway.submitted(0, 0, JobQueued(0), NOW)
    assert isinstance(queued, Queued)
    pair.client.receive(queued)
    assert [pair.speak(1), pair.speak(2), pair.speak(3)] == [[1], [2], []]
    (missing,) = run_steps(pair.gateway.reattached(Attachment(2, {}), NOW))  # the broker has forgotten everything
    assert isinstance(missing, Missing)
    pair.client.receive(missing)
    assert pair.send() == [0]


def test_span_is_sent_beside_a_full_window() -> None:
    pair = Pair()
    assert [pair.speak(0), pair.speak(1)] == [[0], [1]]
    assert pair.speak(2, SegmentDetails(replaces=(0, 1))) == [2]


def test_audio_beyond_the_window_and_one_segment_is_refused() -> None:
    made = Pair().gateway
    for index in range(4):
        made.receive(SegmentBegin(index), NOW)
    for index in range(3):
        made.frame(encode_frame(index, 0, bytes(SAMPLE_RATE)), NOW)
    made.frame(encode_frame(3, 0, bytes(SAMPLE_RATE // 2)), NOW)
    with pytest.raises(MessageTooLarge, match=r"more than 1\.75 s .* a client sends 1 s ahead"):
        made.frame(encode_frame(3, SAMPLE_RATE // 4, bytes(2)), NOW)
