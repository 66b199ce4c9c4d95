"""Test which ports a new app opens: none on the network until its gateway is shared."""

import ipaddress
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from tests.helpers.desktop_app import DesktopApp, running_app
from tests.helpers.ports import free_port
from tests.helpers.waiting import wait_until_sync

pytestmark = [pytest.mark.serial("windows"), pytest.mark.timeout(300)]

MDNS_PORT = 5353


@pytest.fixture
def app(models: Path) -> Iterator[DesktopApp]:
    """Run the app in an empty home, at its first steps."""
    with running_app(models, "--engine", "checksum", welcomed=False) as app:
        yield app


def listening(app: DesktopApp) -> set[tuple[str, int]]:
    """Return the addresses at which its programs accept connections or may receive packets."""
    assert app.process is not None
    root, found = psutil.Process(app.process.pid), set[tuple[str, int]]()
    for program in (root, *root.children(recursive=True)):
        with suppress(psutil.NoSuchProcess):
            for one in program.net_connections("inet"):
                if one.status in (psutil.CONN_LISTEN, psutil.CONN_NONE):  # the latter: UDP
                    found.add((one.laddr.ip, one.laddr.port))
    return found


def beyond(app: DesktopApp) -> set[int]:
    """Return the ports that other computers can reach."""
    return {port for address, port in listening(app) if not ipaddress.ip_address(address).is_loopback}


def test_new_app_listens_only_on_loopback_until_shared(app: DesktopApp) -> None:
    assert listening(app), "its gateway is there"
    assert beyond(app) == set()
    port = free_port()
    app.set(gateway__port=port)
    assert beyond(app) == set()
    app.set(gateway__share=True)
    wait_until_sync(lambda: beyond(app) == {port, MDNS_PORT}, "its gateway is there for others, and announced", 60)
    app.set(gateway__share=False)
    wait_until_sync(lambda: listening(app) and not beyond(app), "it is not any more", 60)
