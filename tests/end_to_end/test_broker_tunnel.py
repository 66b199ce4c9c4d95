"""Test a real worker behind a gateway that dies and returns, and a worker with a wrong key."""

from pathlib import Path

from client.connection import Address, fixed_locator
from loadtest.scenarios.sessions import SessionPlan, run_sessions
from tests.helpers.chain import KEY, Chain, running_chain
from tests.helpers.ports import free_port

REFUSED = 4


async def recognised(url: str, seed: int) -> None:
    """Run two short sessions, and check every digest."""
    tally = await run_sessions(SessionPlan(2, 3.0, pace=0, seed=seed), fixed_locator(Address(url, KEY)))
    assert tally.flawless, tally


async def test_worker_survives_death_of_gateway_and_ends_when_refused(tmp_path: Path) -> None:
    port = free_port()
    key_file = tmp_path / "key"
    key_file.write_text(KEY)
    with running_chain(tmp_path) as chain:
        gateway, endpoint = chain.gateway("--port", str(port))
        through = ("--gateway", endpoint.url, "--key-file", str(key_file))
        worker = chain.worker(*through, "--engine", "checksum", home="elsewhere")
        await recognised(endpoint.url, 1)
        gateway.kill()
        _, endpoint = chain.gateway("--port", str(port))
        await recognised(endpoint.url, 2)
        assert worker.stop() == 0
        key_file.write_text("no key of this gateway")
        stranger = chain.worker(*through, "--engine", "checksum", home="elsewhere")
        assert stranger.popen.wait(60) == REFUSED
        assert_no_key_in_logs(chain)


def assert_no_key_in_logs(chain: Chain) -> None:
    """Assert that the programs' output contains no key."""
    assert KEY not in chain.logs()
