"""How a gateway deals with files that are submitted to it."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from backend.rest.flow import FlowLimits

FOLDER: Final = "submitted"


@dataclass(frozen=True)
class FileSettings:
    """``folder``: where they lie, this gateway's alone. ``vad_folder``: of FSMN-VAD; ``None``: the plain detector.

    ``most_bytes``: of one file. ``spare_bytes``: of the disk, never used. ``kept_s``: how long a file that failed
    may be tried again. ``look_s``: between looks at how one stands.

    ``uploads``, ``uploads_of_key``: that come at a time. ``least_bytes_s``: how fast each comes after ``slack_s``.
    """

    folder: Path = Path(FOLDER)
    vad_folder: Path | None = None
    most_bytes: int = 2 * 1024**3
    spare_bytes: int = 512 * 1024**2
    kept_s: float = 7 * 24 * 3600.0
    uploads: int = 16
    uploads_of_key: int = 4
    least_bytes_s: int = 16 * 1024
    slack_s: float = 60.0
    look_s: float = 2.0
    flow: FlowLimits = field(default_factory=FlowLimits)
