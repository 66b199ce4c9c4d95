import pytest

from backend.admission.admission import AdmissionLimits, StreamContent, Survey
from backend.admission.readiness import readiness
from backend.core.refusal import RefusalReason
from protocol.job import Keys
from protocol.monitor import BrokerState, BrokerTrouble, WorkerState, WorkerStatus

UP, AWAY = BrokerState(True, "9", True), BrokerState(False, "9", True)
LIMITS = AdmissionLimits()


def worker(model: str, speed: float, state: WorkerState = WorkerState.IDLE) -> WorkerStatus:
    return WorkerStatus("w", "h", "e", model, "cpu", state, speed=speed)


def fleet(*workers: WorkerStatus, seconds: int = 0, memory: float = 0.0) -> Survey:
    return Survey({Keys().jobs("interactive"): StreamContent(seconds * 16_000, 1, 0)}, workers, memory)


def test_gateway_with_workers_is_ready() -> None:
    workers = worker("n", 2.0), worker("m", 20.0), worker("m", 3.5), worker("o", 9.0, WorkerState.FAILED)
    state = readiness(fleet(*workers), UP, 0, LIMITS, draining=False, embedded=True)
    assert (state.ready, state.accepting, state.reasons) == (True, True, ())
    assert (state.workers, state.models, state.streams) == (3, ("m", "n"), 25.5)
    assert (state.broker, state.durable, state.embedded, state.draining) == (UP, True, True, False)


@pytest.mark.parametrize(
    ("survey", "broker", "connections", "draining", "ready", "codes"),
    [
        (fleet(worker("m", 1.0)), AWAY, 0, False, False, [RefusalReason.BROKER]),
        (fleet(), UP, 0, False, False, [RefusalReason.NO_WORKER]),
        (fleet(seconds=700), UP, 0, False, False, [RefusalReason.NO_WORKER]),
        (fleet(worker("m", 1.0)), UP, 0, True, False, [RefusalReason.LEAVING]),
        (fleet(worker("m", 1.0), memory=0.7), UP, 0, False, True, [RefusalReason.MEMORY]),
        (
            fleet(worker("m", 1.0), memory=1.2),
            BrokerState(False, "9", True, 1.2, BrokerTrouble.FULL),
            0,
            False,
            False,
            [RefusalReason.MEMORY, RefusalReason.BROKER],
        ),
        (fleet(worker("m", 1.0), seconds=31), UP, 0, False, True, [RefusalReason.LOAD]),
        (fleet(worker("m", 1.0)), UP, LIMITS.sessions, False, True, [RefusalReason.CONNECTIONS]),
        (
            fleet(memory=0.7),
            AWAY,
            LIMITS.sessions,
            True,
            False,
            [
                RefusalReason.LEAVING,
                RefusalReason.CONNECTIONS,
                RefusalReason.BROKER,
                RefusalReason.MEMORY,
                RefusalReason.NO_WORKER,
            ],
        ),
    ],
)
def test_obstacles_are_listed_as_reasons(
    survey: Survey, broker: BrokerState, connections: int, draining: bool, ready: bool, codes: list[RefusalReason]
) -> None:
    state = readiness(survey, broker, connections, LIMITS, draining=draining, embedded=False)
    assert [reason.code for reason in state.reasons] == codes
    assert all(reason.message for reason in state.reasons)
    assert state.ready is ready and not (state.accepting and draining)


def test_new_sessions_are_accepted_while_worker_starts() -> None:
    state = readiness(fleet(seconds=5), UP, 0, LIMITS, draining=False, embedded=False)
    assert (state.ready, state.accepting) == (False, True)


def test_reason_reports_trouble_of_broker_that_answers() -> None:
    full = BrokerState(False, "valkey", True, 0.5, BrokerTrouble.LOADING)
    reasons = readiness(fleet(), full, 0, LIMITS, draining=False, embedded=True).reasons
    assert [reason.message for reason in reasons if reason.code is RefusalReason.BROKER] == [
        "the broker loads what it kept: it will be there soon"
    ]


@pytest.mark.parametrize("trouble", BrokerTrouble)
def test_readiness_names_each_trouble_of_the_broker(trouble: BrokerTrouble) -> None:
    broker = BrokerState(False, "9", True, 0.1, trouble)
    found = readiness(fleet(worker("m", 1.0)), broker, 0, LIMITS, draining=False, embedded=False)
    (reason,) = found.reasons
    assert reason.code is RefusalReason.BROKER and reason.message != "the broker is away"
