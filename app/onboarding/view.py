"""The display state of the trials, as values. Pure."""

from dataclasses import dataclass
from enum import StrEnum

from app.core.notes import Note
from app.core.states import LOWEST_DBFS


class MicrophoneActivity(StrEnum):
    """The activity of the microphone on trial."""

    CLOSED = "closed"
    OPENING = "opening"
    HEARING = "hearing"
    RECORDING = "recording"
    PLAYING = "playing"


@dataclass(frozen=True)
class MicrophoneTrial:
    """The state of a microphone trial. ``heard``: a voice was heard in this measurement.

    ``quiet``: complete silence for some seconds. ``left_s``: seconds left of the sample being recorded.
    ``sample``: a sample can be played. ``note``: the problem, if any.
    """

    hearing: MicrophoneActivity = MicrophoneActivity.CLOSED
    device: str = ""
    level_dbfs: float = LOWEST_DBFS
    heard: bool = False
    quiet: bool = False
    left_s: float = 0.0
    sample: bool = False
    note: Note | None = None


@dataclass(frozen=True)
class GatewayTrial:
    """The answer of the gateway at ``url``. Neither ``reached`` nor a ``note``: the query is running.

    ``workers``: those reported to this app. ``latency_ms``: of one request.
    """

    url: str = ""
    reached: bool = False
    latency_ms: float = 0.0
    workers: tuple[str, ...] = ()
    note: Note | None = None


TrialView = MicrophoneTrial | GatewayTrial
