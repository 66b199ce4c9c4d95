"""Send seeded malformed messages in other products' protocols to a real gateway."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from client.connection import Address, fixed_locator
from loadtest.measurement.log_watch import LogWatch
from loadtest.measurement.tally import TallyRecorder
from loadtest.scenarios.fuzz import Fuzz, FuzzState, run_fuzz
from loadtest.scenarios.fuzzing.wires import WIRES, Wire
from protocol.endpoint import Endpoint
from tests.helpers.api_chain import open_to_all
from tests.helpers.chain import running_chain
from tests.helpers.ports import free_port

MANY = 50_000


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Endpoint, int]]:
    """Run a gateway and a worker; return their logs, the address and the port of Wyoming."""
    port = free_port()
    with running_chain(tmp_path_factory.mktemp("fuzz"), quiet=True) as chain:
        open_to_all(chain, port)
        _, endpoint = chain.gateway()
        chain.worker("--engine", "checksum", "--set", "slots=8")
        yield chain.root / "home" / "logs", endpoint, port


async def survived(place: tuple[Path, Endpoint, int], wire: Wire, messages: int) -> None:
    """Fuzz a wire while a client speaks our own protocol."""
    logs, endpoint, port = place
    plan = Fuzz(messages, seed=messages, connections=8, speakers=1, pace=0.1, wire=wire, port=port)
    recorder, state = TallyRecorder(time.monotonic()), FuzzState(LogWatch(logs))
    await run_fuzz(plan, fixed_locator(Address(endpoint.url, endpoint.key)), recorder, state)
    assert state.log is not None
    assert state.alive and not state.faults and not state.log.faults, (state.faults, state.log.faults)
    assert state.messages >= messages and state.objections
    assert recorder.tally.flawless and recorder.tally.right, recorder.tally.complaints


@pytest.mark.parametrize("wire", WIRES)
async def test_gateway_survives_bad_messages(
    place: tuple[Path, Endpoint, int], monkeypatch: pytest.MonkeyPatch, wire: Wire
) -> None:
    monkeypatch.setattr("loadtest.scenarios.fuzz._ROUND_S", 1.5)  # the messages are sent in less
    await survived(place, wire, 50 if WIRES[wire].request else 500)


@pytest.mark.proof(minutes=6)
@pytest.mark.parametrize("wire", WIRES)
async def test_gateway_survives_50000_bad_messages(place: tuple[Path, Endpoint, int], wire: Wire) -> None:
    await survived(place, wire, MANY)
