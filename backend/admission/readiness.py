"""State behind ``GET /readyz``: whether speech can be recognised here now, and why not. Pure."""

from typing import Final

from msgspec import Struct

from backend.admission.admission import AdmissionLimits, Survey, able, refusals, speed
from backend.core.refusal import RefusalReason
from backend.history.service import HistoryState
from protocol.monitor import BrokerState, BrokerTrouble

_TROUBLES: Final[dict[str, str]] = {
    BrokerTrouble.FULL: "the broker's memory is full: it takes nothing more",
    BrokerTrouble.LOADING: "the broker loads what it kept: it will be there soon",
    BrokerTrouble.DISK: "the broker cannot write to its disk: make room there, or make it writable",
    BrokerTrouble.REPLICA: "the broker is a replica, which takes nothing: name its primary",
    BrokerTrouble.REPLICAS: "the broker has too few replicas: start them, or lower its min-replicas-to-write",
    BrokerTrouble.DENIED: "the broker refuses the gateway's user or password, or does not permit its commands",
    BrokerTrouble.FOREIGN: "another program has put its value into a key of kikipounamu: give the gateway a "
    "broker or a database of its own, or delete that key (`kiki:*`)",
}
_NOTHING_WORKS: Final = frozenset({RefusalReason.LEAVING, RefusalReason.BROKER, RefusalReason.NO_WORKER})


class Reason(Struct, frozen=True):
    """An obstacle, with a code for programs and a message for people."""

    code: RefusalReason
    message: str


class Readiness(Struct, frozen=True):
    """Reply of ``/readyz``. ``ready``: speech can be recognised. ``accepting``: new sessions are accepted.

    ``reasons``: why one of the two is false. ``streams``: simultaneous speakers at the measured speed of all
    workers. ``history`` never affects the others; ``None``: no history is kept.
    """

    ready: bool
    accepting: bool
    reasons: tuple[Reason, ...]
    draining: bool
    broker: BrokerState
    embedded: bool
    durable: bool
    workers: int
    models: tuple[str, ...]
    streams: float
    history: HistoryState | None = None


def readiness(
    survey: Survey,
    broker: BrokerState,
    connections: int,
    limits: AdmissionLimits,
    *,
    draining: bool,
    embedded: bool,
) -> Readiness:
    """Return the readiness of this gateway now."""
    workers = able(survey)
    refused = tuple(refusals(survey, broker.up, connections, limits))
    reasons = {refusal.reason: refusal.message for refusal in refused}
    if not broker.up:
        reasons[RefusalReason.BROKER] = _TROUBLES.get(broker.trouble, "the broker is away")
    if not workers:
        reasons[RefusalReason.NO_WORKER] = "no worker is there: start one, its log says what its engine lacks"
    if draining:
        reasons = {RefusalReason.LEAVING: "this gateway is going away", **reasons}
    return Readiness(
        ready=not _NOTHING_WORKS & reasons.keys(),
        accepting=not (refused or draining),
        reasons=tuple(Reason(code, message) for code, message in reasons.items()),
        draining=draining,
        broker=broker,
        embedded=embedded,
        durable=broker.durable,
        workers=len(workers),
        models=tuple(sorted({worker.model for worker in workers})),
        streams=round(speed(survey, ""), 2),
    )
