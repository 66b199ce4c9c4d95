"""What a gateway is told when it starts."""

from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from backend.admission import AdmissionLimits
from backend.certificates import Certificate
from backend.history.records import FED, FED_EMBEDDED, About, feed_field
from backend.history.settings import HistorySettings
from backend.modes import LOOPBACK, Mode, Network
from backend.partials import Pace
from backend.quotas import Quota
from backend.rest.file_settings import FileSettings
from backend.turns import QueueLimits
from protocol.session import Limits


@dataclass(frozen=True)
class GatewaySettings:
    """``key`` is the owner's; empty: nobody is asked for one. ``redis`` empty: the embedded broker in
    ``broker_folder``.

    ``endpoint_file`` is written when the gateway is ready and removed when it ends; ``None``: not at all.
    ``devices_file``: who else may come in; ``None``: nobody. ``proxies`` are believed what they say of a request.
    """

    mode: Mode = Mode.LOCAL
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
    pace: Pace = field(default_factory=Pace)
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

    def history_field(self, about: About) -> str:
        """What the hash of such a session says for the history; empty: none is kept."""
        return feed_field(about, FED if self.redis else FED_EMBEDDED) if self.history.url else ""


def owner_of(key: str) -> str:
    """The id of a key, as it is kept in the broker: not the key."""
    return owner_of_digest(digest_of(key))


def owner_of_digest(digest: str) -> str:
    """The same, where only the digest is kept."""
    return digest[:32]


def digest_of(key: str) -> str:
    """What is kept of a key. The keys of devices have 256 random bits: nothing slower is needed to hide them."""
    return sha256(key.encode()).hexdigest()
