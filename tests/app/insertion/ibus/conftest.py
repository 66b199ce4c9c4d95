"""A fake IBus on a message bus of its own."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.helpers.fake_ibus import FakeIBus
from tests.helpers.message_bus import RunningBus, running_bus


@pytest.fixture
def bus(tmp_path: Path) -> Iterator[RunningBus]:
    """Return a message bus that runs during the test."""
    with running_bus(tmp_path) as bus:
        yield bus


@pytest.fixture
async def daemon(bus: RunningBus) -> AsyncIterator[FakeIBus]:
    """Run a fake daemon."""
    daemon = await FakeIBus.open(bus.address)
    yield daemon
    await daemon.close()
