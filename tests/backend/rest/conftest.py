"""Provide a REST interface for each test."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.backend.rest.world import World, serving
from tests.helpers.valkey import Broker


@pytest.fixture
async def world(tmp_path: Path, broker: Broker) -> AsyncIterator[World]:
    async with serving(tmp_path, broker) as world:
        yield world
