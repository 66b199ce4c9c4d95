"""Provide a client and a list of devices."""

from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from backend.devices.records import DeviceStore


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
def store(tmp_path: Path) -> DeviceStore:
    return DeviceStore(tmp_path / "devices.json")
