"""Settings of a gateway, complete at its start."""

from dataclasses import dataclass, field, replace
from pathlib import Path

from backend.history.records import FED, FED_EMBEDDED, SessionOwner, feed_field
from backend.history.settings import HistorySettings
from backend.http.settings import HttpSettings
from backend.rest.file_settings import FileSettings
from backend.sessions.settings import SessionSettings


@dataclass(frozen=True)
class GatewaySettings(SessionSettings, HttpSettings):
    """Settings of a gateway: for its listeners, its sessions and the process.

    ``redis`` empty: use the embedded broker in ``broker_folder``. ``shards``: stored in a new broker, refused by
    one that has another number. ``endpoint_file`` exists while the gateway runs; ``None``: never written.
    ``devices_file``: paired devices; ``None``: no pairing. ``processes``: how many serve together.
    ``wyoming``: address of the port for the Wyoming protocol, ``PORT`` or ``HOST:PORT``; empty: none.
    ``earlier_protocol``: serve the clients of the earlier server.
    """

    processes: int = 1
    redis: str = ""
    shards: int | None = None
    broker_folder: Path = Path("broker")
    broker_socket: Path = Path("broker.sock")
    endpoint_file: Path | None = None
    devices_file: Path | None = None
    wyoming: str = ""
    earlier_protocol: bool = False
    announce: bool = True
    history: HistorySettings = field(default_factory=HistorySettings)
    files: FileSettings = field(default_factory=FileSettings)
    viewers: int = 64
    viewer_s: float = 60.0
    drain_s: float = 20.0

    def history_field(self, about: SessionOwner) -> str:
        """Return the history field of a session's hash; empty: no history is kept."""
        return feed_field(about, FED if self.redis else FED_EMBEDDED) if self.history.url else ""

    def of_one_process(self) -> "GatewaySettings":
        """Return the settings of one of the processes, which gets its part of the memory for unqueued audio."""
        part = self.admission.unqueued_bytes // self.processes
        return replace(self, admission=replace(self.admission, unqueued_bytes=part))
