"""The real programs: a worker that knows only the gateway, which dies and comes back; one that is not wanted."""

from pathlib import Path

from client.connection import Address, fixed
from loadtest.sessions import Plan, run_sessions
from tests.helpers.chain import KEY, Chain, running_chain
from tests.helpers.ports import free_port

REFUSED = 4


async def recognised(url: str, seed: int) -> None:
    """Two short sessions, every digest right."""
    summary = await run_sessions(Plan(2, 3.0, pace=0, seed=seed), fixed(Address(url, KEY)))
    assert summary.flawless, summary


async def test_a_worker_lives_through_the_gateways_death_and_ends_when_it_is_not_wanted(tmp_path: Path) -> None:
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
    """What the programs said holds no key."""
    assert KEY not in chain.logs()
