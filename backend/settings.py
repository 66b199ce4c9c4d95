"""Settings of a gateway, complete at its start."""

from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from backend.admission.admission import AdmissionLimits
from backend.admission.bulk_throttle import QueueLimits
from backend.admission.quotas import Quota
from backend.history.records import FED, FED_EMBEDDED, SessionOwner, feed_field
from backend.history.settings import HistorySettings
from backend.http.certificates import Certificate
from backend.http.modes import LOOPBACK, GatewayMode, Network
from backend.rest.file_settings import FileSettings
from backend.sessions.partials import PartialPace
from protocol.session import Limits


@dataclass(frozen=True)
class GatewaySettings:
    """Settings of a gateway. ``key`` is the owner's; empty: no key is required.

    ``redis`` empty: use the embedded broker in ``broker_folder``. ``endpoint_file`` exists while the gateway
    runs; ``None``: never written. ``devices_file``: paired devices; ``None``: no pairing. ``proxies`` are
    trusted to describe requests.
    """

    mode: GatewayMode = GatewayMode.LOCAL
    name: str = "kikipounamu"
    host: str = LOOPBACK
    port: int = 0
    key: str = ""
    redis: str = ""
    broker_folder: Path = Path("broker")
    broker_socket: Path = Path("broker.sock")
    endpoint_file: Path | None = None
    devices_file: Path | None = None
    certificate: Certificate | None = None
    announce: bool = True
    origins: frozenset[str] = frozenset()
    proxies: tuple[Network, ...] = ()
    quota: Quota = field(default_factory=Quota)
    limits: Limits = field(default_factory=Limits)
    admission: AdmissionLimits = field(default_factory=AdmissionLimits)
    queue: QueueLimits = field(default_factory=QueueLimits)
    pace: PartialPace = field(default_factory=PartialPace)
    history: HistorySettings = field(default_factory=HistorySettings)
    files: FileSettings = field(default_factory=FileSettings)
    viewers: int = 64
    viewer_s: float = 60.0
    outbound_bytes: int = 256 * 1024
    stuck_s: float = 10.0
    goodbye_s: float = 5.0
    keep_s: float = 60.0
    attach_s: float = 5.0
    drain_s: float = 20.0

    def history_field(self, about: SessionOwner) -> str:
        """Return the history field of a session's hash; empty: no history is kept."""
        return feed_field(about, FED if self.redis else FED_EMBEDDED) if self.history.url else ""


def owner_of(key: str) -> str:
    """Return the id of a key, which the broker stores instead of the key."""
    return owner_of_digest(digest_of(key))


def owner_of_digest(digest: str) -> str:
    """Return the id of a key from its digest."""
    return digest[:32]


def digest_of(key: str) -> str:
    """Return the stored digest of a key. Keys have 256 random bits, so a fast hash is safe."""
    return sha256(key.encode()).hexdigest()
