"""Settings of a gateway for submitted files."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from backend.rest.flow import FlowLimits
from protocol.errors import MalformedMessage

FOLDER: Final = "submitted"
_REQUESTS: Final = "requests"


@dataclass(frozen=True)
class FileSettings:
    """Folders, limits and times for submitted files.

    ``folder``: this gateway's own folder of files. ``vad_folder``: the FSMN-VAD model; ``None``: use the plain
    detector.

    ``most_bytes``: maximum size of a file. ``spare_bytes``: disk space that stays free. ``kept_s``: how long a
    failed file can be retried. ``look_s``: interval between checks of a session.

    ``uploads``, ``uploads_of_key``: maximum number of concurrent uploads, in total and per key.
    ``least_bytes_s``: minimum upload rate after ``slack_s``. ``upload_wait_s``: how long files of other interfaces
    wait for a place.

    ``requests``, ``requests_of_key``: maximum number of files of other interfaces that await their answer.
    ``request_bytes``: maximum size of all of them together; one key has half of it.
    ``readers``: how many of them are read at a time, each by its own process.
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
    upload_wait_s: float = 30.0
    look_s: float = 2.0
    requests: int = 64
    requests_of_key: int = 16
    request_bytes: int = 8 * 1024**3
    readers: int = 8
    flow: FlowLimits = field(default_factory=FlowLimits)

    @property
    def requests_folder(self) -> Path:
        """Folder for the files of other interfaces, beside that of submitted files."""
        return self.folder.with_name(_REQUESTS)

    def check_pace(self, seconds: float, size: int) -> None:
        """Check the pace of an upload: ``size`` bytes within ``seconds``. Raises ``MalformedMessage``."""
        if seconds > self.slack_s + size / self.least_bytes_s:
            raise MalformedMessage(f"the file comes too slowly: at least {self.least_bytes_s} bytes a second")
