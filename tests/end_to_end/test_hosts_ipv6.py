"""Test hosts without IPv4: discovery, pairing with a code, speech, and a worker that is lent, over IPv6 alone."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.hosts import Host, hosts
from tests.helpers.lending import PORT, Shared

pytestmark = [pytest.mark.serial("hosts"), pytest.mark.timeout(180)]

NETWORK = "fd77:7"


class SharedOverIPv6(Shared):
    """A shared gateway that listens on IPv6."""

    options = ("--host", "::")

    @property
    def url(self) -> str:
        """The current address of the gateway."""
        return f"https://[{self.host.address}]:{PORT}"


@pytest.fixture
def network(tmp_path: Path) -> Iterator[list[Host]]:
    """Make a desk with the gateway and a laptop, and take away their IPv4 addresses."""
    with hosts(tmp_path, ("desk", "laptop")) as there:
        for number, host in enumerate(there.all, 11):
            host.ip("address", "flush", "dev", "eth0", "scope", "global")
            host.address = f"{NETWORK}::{number}"
            host.ip("address", "add", f"{host.address}/64", "dev", "eth0", "nodad")
        yield there.all


def test_devices_find_pair_and_speak_without_ipv4(network: list[Host]) -> None:
    desk, laptop = network
    shared = SharedOverIPv6(desk)
    enlisted = shared.enlist(laptop)
    shared.worker(laptop, enlisted, "--set", "rtf=0.1")
    speaker, paired = shared.speaker(laptop, seed=6)
    assert paired["url"] == shared.url and paired["certificate_sha256"] == shared.certificate
    speaker.seconds_to_text()
    assert speaker.finish() > 0
