"""A chain that the clients of several protocols share: tests may kill its worker and broker, not its gateway."""

from collections.abc import Iterator

import pytest

from protocol.endpoint import Endpoint
from tests.helpers.api_chain import running_api_chain
from tests.helpers.chain import Chain


@pytest.fixture(scope="session")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Chain, Endpoint]]:
    with running_api_chain(tmp_path_factory.mktemp("apis")) as running:
        yield running
