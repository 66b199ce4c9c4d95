"""What a gateway is told when it starts."""

from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from backend.admission import AdmissionLimits
from backend.partials import Pace
from protocol.session import Limits


@dataclass(frozen=True)
class GatewaySettings:
    """``key`` empty: nobody is asked for one. ``redis`` empty: the embedded broker in ``broker_folder``.

    ``endpoint_file`` is written when the gateway is ready and removed when it ends; ``None``: not at all.
    """

    host: str = "127.0.0.1"
    port: int = 0
    key: str = ""
    redis: str = ""
    broker_folder: Path = Path("broker")
    broker_socket: Path = Path("broker.sock")
    endpoint_file: Path | None = None
    origins: frozenset[str] = frozenset()
    limits: Limits = field(default_factory=Limits)
    admission: AdmissionLimits = field(default_factory=AdmissionLimits)
    pace: Pace = field(default_factory=Pace)
    viewers: int = 64
    outbound_bytes: int = 256 * 1024
    stuck_s: float = 10.0
    goodbye_s: float = 5.0
    keep_s: float = 60.0
    attach_s: float = 5.0
    drain_s: float = 20.0


def owner_of(key: str) -> str:
    """The id of a key, as it is kept in the broker: not the key."""
    return sha256(key.encode()).hexdigest()[:32]
