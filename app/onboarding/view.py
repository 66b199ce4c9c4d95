"""What the first steps show of what they try out, as values. Pure."""

from dataclasses import dataclass
from enum import StrEnum

from app.view import LOWEST_DBFS, Note


class Hearing(StrEnum):
    """What the microphone is doing for whoever tries it."""

    CLOSED = "closed"
    OPENING = "opening"
    HEARING = "hearing"
    RECORDING = "recording"
    PLAYING = "playing"


@dataclass(frozen=True)
class MicrophoneTrial:
    """``heard``: a voice was, since the microphone was opened or the last sample begun; ``quiet``: nothing at all
    was, for seconds. ``left_s``: of a sample that is being recorded.

    ``sample``: there is one to play. ``note``: what stands in the way.
    """

    hearing: Hearing = Hearing.CLOSED
    device: str = ""
    level_dbfs: float = LOWEST_DBFS
    heard: bool = False
    quiet: bool = False
    left_s: float = 0.0
    sample: bool = False
    note: Note | None = None


@dataclass(frozen=True)
class GatewayTrial:
    """What the gateway at ``url`` answered; neither reached nor a ``note``: it is being asked.

    ``workers``: who recognises there, empty where it does not say to this app. ``latency_ms``: of one question.
    """

    url: str = ""
    reached: bool = False
    latency_ms: float = 0.0
    workers: tuple[str, ...] = ()
    note: Note | None = None


TrialView = MicrophoneTrial | GatewayTrial
