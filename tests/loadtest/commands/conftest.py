"""Provide a chain that commands only use."""

from collections.abc import Iterator

import pytest

from tests.helpers.chain import Chain, running_chain
from tests.helpers.valkey import running_broker


@pytest.fixture(scope="package")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chain]:
    """Run a gateway and a worker; ``chain.root / "home"`` is their home."""
    with running_broker() as broker, running_chain(tmp_path_factory.mktemp("chain"), broker.url) as chain:
        chain.gateway()
        chain.worker()
        yield chain
