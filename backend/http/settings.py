"""Settings of the gateway's listeners, and of the requests that they admit."""

from dataclasses import dataclass, field

from backend.admission.quotas import Quota
from backend.http.certificates import Certificate
from backend.http.modes import LOOPBACK, GatewayMode, Network


@dataclass(frozen=True)
class HttpSettings:
    """Addresses, access and quotas. ``key`` is the owner's; empty: no key is required.

    ``proxies`` are trusted to describe requests.
    """

    mode: GatewayMode = GatewayMode.LOCAL
    name: str = "kikipounamu"
    host: str = LOOPBACK
    port: int = 0
    key: str = ""
    certificate: Certificate | None = None
    origins: frozenset[str] = frozenset()
    proxies: tuple[Network, ...] = ()
    quota: Quota = field(default_factory=Quota)
