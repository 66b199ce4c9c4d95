"""The display state of the microphone trial, as values. Pure."""

from dataclasses import dataclass
from enum import StrEnum

from app.core.errors import Note
from app.core.states import LOWEST_DBFS


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
