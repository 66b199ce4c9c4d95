"""A shared gateway in this process, reachable only over loopback."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from backend.gateway import Gateway
from backend.http.certificates import own_certificate
from backend.http.modes import GatewayMode
from backend.running_gateway import running_gateway
from backend.settings import GatewaySettings
from client.connection import Address
from tests.helpers.valkey import Broker

KEY = "a key of the tests"


@pytest.fixture
async def shared(broker: Broker, tmp_path: Path) -> AsyncIterator[Gateway]:
    """A running gateway named "desk"."""
    settings = GatewaySettings(
        GatewayMode.SHARED,
        "desk",
        key=KEY,
        redis=broker.url,
        devices_file=tmp_path / "devices.json",
        certificate=own_certificate(tmp_path),
        announce=False,
    )
    async with running_gateway(settings) as gateway:
        yield gateway


@pytest.fixture
def owned(shared: Gateway) -> Address:
    """The address for the owner of the gateway."""
    return Address(shared.url, KEY)
