"""Messages between the supervisor and its processes."""

import pytest

from backend.admission.usage_elsewhere import KeyCounts
from backend.core.refusal import RefusalReason
from backend.observability.other_processes import Counted, ProcessReport
from backend.processes.messages import (
    LENGTH,
    CannotRun,
    GatewayEnding,
    KeysInUse,
    MainState,
    Message,
    OtherProcessFigures,
    ProcessGone,
    ProcessReady,
    ProcessReported,
    ProcessStart,
    decode,
    encode,
)
from protocol.job import EndState, JobKind
from runtime.histogram import Histogram

COUNTED = Counted(
    segments={(EndState.FAILED, "timeout"): 1},
    stages={"queue": Histogram().read()},
    attempts={(JobKind.SPECULATE, False): 2},
    refusals={RefusalReason.LOAD: 3},
    hellos={True: 4},
    round_trips=Histogram((0.1,)).read(),
)


@pytest.mark.parametrize(
    "message",
    [
        ProcessStart(1, 3, b"\0settings", "unix:///broker", True, "http://127.0.0.1:1", 0, "/run/socket"),
        ProcessReady(),
        CannotRun("why"),
        KeysInUse(3, {"k": KeyCounts(1, 2, 3, 4, 5)}, 7),
        ProcessGone(7),
        ProcessReported(ProcessReport(counted=COUNTED, sessions=1)),
        OtherProcessFigures({1: ProcessReport(counted=COUNTED)}, COUNTED, {1: 2}),
        MainState(up=True),
        GatewayEnding(),
    ],
)
def test_message_round_trips(message: Message) -> None:
    data = encode(message)
    (size,) = LENGTH.unpack(data[: LENGTH.size])
    assert size == len(data) - LENGTH.size and decode(data[LENGTH.size :]) == message
