"""Sessions at every stage of one segment of 100 samples."""

from collections.abc import Callable, Sequence
from uuid import UUID

from backend.broker.records import Attachment, JobQueued
from backend.sessions.ledger import run_steps
from backend.sessions.segments import Output
from backend.sessions.session import GatewaySession
from protocol.audio import encode_frame
from protocol.errors import ErrorCode
from protocol.job import Failure, Result
from protocol.recognition import Options
from protocol.session import Final, Limits, Queued, SegmentBegin, SegmentEnd, Welcome

ID = UUID(int=1)
NAME = str(ID)
PCM = bytes(range(200))
NOW = 100.0
TEXT = Final(0, "hi")

Make = Callable[[], GatewaySession]


def session(limits: Limits | None = None, options: Options | None = None) -> GatewaySession:
    made = GatewaySession(ID, options or Options(), limits or Limits())
    run_steps(made.attached(Attachment(1, {}), Welcome(ID, "g", durable=True), NOW))
    return made


def receiving(pcm: bytes = PCM, index: int = 0) -> GatewaySession:
    made = session()
    made.receive(SegmentBegin(index), NOW)
    made.frame(encode_frame(index, 0, pcm), NOW)
    return made


def submitted(pcm: bytes = PCM) -> GatewaySession:
    made = receiving(pcm)
    made.receive(SegmentEnd(0, len(pcm) // 2), NOW)
    return made


def queued() -> GatewaySession:
    made = submitted()
    assert made.submitted(0, 0, JobQueued(0), NOW) == [Queued(0)]
    return made


def ended(text: str = "hi") -> GatewaySession:
    made = queued()
    made.noticed(Result(NAME, 0, text), NOW)
    return made


def failed() -> GatewaySession:
    made = queued()
    made.noticed(Failure(NAME, 0, ErrorCode.ENGINE_FAILED, "no", retryable=True), NOW)
    return made


def texts(outputs: Sequence[Output]) -> list[str]:
    return [output.text for output in outputs if isinstance(output, Final)]
