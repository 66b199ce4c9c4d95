"""The microphone trial as values: what asks for it, and its display state. Pure."""

from dataclasses import dataclass
from enum import StrEnum

from app.core.errors import Note
from app.core.states import LOWEST_DBFS


@dataclass(frozen=True)
class TryMicrophone:
    """Start or stop a microphone trial: report its level without a take. A take has priority."""

    on: bool


class MicrophoneActivity(StrEnum):
    """The activity of the microphone on trial."""

    CLOSED = "closed"
    OPENING = "opening"
    HEARING = "hearing"


@dataclass(frozen=True)
class MicrophoneTrial:
    """The state of a microphone trial. ``heard``: a voice was heard in this measurement.

    ``quiet``: complete silence for some seconds. ``note``: the problem, if any.
    """

    hearing: MicrophoneActivity = MicrophoneActivity.CLOSED
    device: str = ""
    level_dbfs: float = LOWEST_DBFS
    heard: bool = False
    quiet: bool = False
    note: Note | None = None
