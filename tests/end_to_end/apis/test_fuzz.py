"""Messages that no client would send, by seed, in the protocols of others at a real gateway."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from loadtest.scenarios.fuzzing.dialects.wires import WIRES, Wire
from tests.helpers.api_chain import open_to_wyoming
from tests.helpers.chain import running_chain
from tests.helpers.ports import free_port
from tests.loadtest.program import run


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, int]]:
    """Run a gateway and a worker; return their folder and the port of Wyoming."""
    port = free_port()
    with running_chain(tmp_path_factory.mktemp("fuzz")) as chain:
        open_to_wyoming(chain, port)
        chain.gateway()
        chain.worker("--engine", "checksum", "--set", "slots=8")
        yield chain.root, port


def promises_of(place: tuple[Path, int], wire: Wire, messages: int) -> list[dict[str, object]]:
    """Fuzz a wire, and return the promises that were not kept."""
    root, port = place
    brief = ("--messages", str(messages), "--connections", "4", "--speakers", "1")
    done = run(root / "home", "fuzz", "--wire", wire, "--wyoming-port", str(port), *brief)
    said = json.loads(done.stdout)["promises"]
    return [one for one in said if one["kept"] is not True]


@pytest.mark.parametrize("wire", WIRES)
def test_gateway_survives_bad_messages(place: tuple[Path, int], wire: Wire) -> None:
    assert not promises_of(place, wire, 200 if WIRES[wire].request else 1_500)


@pytest.mark.proof(minutes=5)
@pytest.mark.parametrize("wire", WIRES)
def test_gateway_survives_50000_bad_messages(place: tuple[Path, int], wire: Wire) -> None:
    assert not promises_of(place, wire, 50_000)
