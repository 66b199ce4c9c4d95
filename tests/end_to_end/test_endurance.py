"""Proofs of the scenarios of ``kikipounamu-loadtest`` at full size; ``tests/loadtest`` has the small versions."""

import json
import sys
from pathlib import Path

import pytest

from tests.helpers.chain import running_chain
from tests.loadtest.program import start


def broken(root: Path, *command: str) -> list[str]:
    """Run a scenario on a new chain; return the promises that were not kept, or not measured."""
    with running_chain(root, quiet=True) as chain:
        chain.gateway()
        chain.worker("--engine", "checksum", "--set", "slots=8")
        said, _ = start(root / "home", *command).communicate()
    sys.stdout.write(said)
    return [
        f"{promise['name']}: {promise['found']}" for promise in json.loads(said)["promises"] if not promise["kept"]
    ]


@pytest.mark.proof(minutes=2)
def test_1000_silent_sessions_and_200_slow_lorises_cost_little(tmp_path: Path) -> None:
    assert broken(tmp_path, "idle") == []


@pytest.mark.proof(minutes=4)
def test_gateway_survives_200000_bad_messages(tmp_path: Path) -> None:
    assert broken(tmp_path, "fuzz", "--messages", "200000") == []
