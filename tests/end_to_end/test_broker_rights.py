"""Run gateway, workers and commands as a user of Redis with the documented rights, and no others."""

import re
from pathlib import Path

from redis import Redis

from client.connection import Address, fixed_locator
from loadtest.scenarios.sessions import SessionPlan, run_sessions
from tests.helpers.chain import KEY, Chain, running_chain
from tests.helpers.valkey import running_broker
from tests.helpers.waiting import wait_until_sync

PAGE = Path(__file__).parents[2] / "docs" / "operations" / "redis.md"


def rights() -> tuple[list[str], list[str]]:
    """Return the documented command for the user, and the further rights for workers behind a gateway."""
    page = PAGE.read_text()
    (command,) = re.findall(r"^    (ACL SETUSER .*)$", page, re.MULTILINE)
    (further,) = re.findall(r"`(\+acl\|setuser [^`]*)`", page)
    return command.split(), further.split()


async def test_documented_rights_suffice_for_gateway_workers_history_and_commands(tmp_path: Path) -> None:
    command, further = rights()
    with running_broker() as broker, Redis.from_url(broker.url) as owner:
        owner.execute_command(*command, *further)
        name, password = command[2], command[4].removeprefix(">")
        with running_chain(tmp_path, f"unix://{name}:{password}@{broker.socket}") as chain:
            _, endpoint = chain.gateway("--history", "on")
            there = fixed_locator(Address(endpoint.url, KEY))
            worker = chain.worker()
            assert (await run_sessions(SessionPlan(2, 3.0, pace=0), there)).flawless
            for asked in ("queues list", "queues drop --stream interactive:any --yes", "dead list"):
                assert ended(chain, "kikipounamu-gateway", *asked.split()) == 0
            assert worker.stop() == 0
            key_file = tmp_path / "key"
            key_file.write_text(KEY)
            through = ("--gateway", endpoint.url, "--key-file", str(key_file))
            chain.start("tunnel", "kikipounamu-worker", "run", *through, "--engine", "checksum", home="elsewhere")
            assert (await run_sessions(SessionPlan(2, 3.0, pace=0, seed=2), there)).flawless
            wait_until_sync(lambda: owner.xlen("kiki:{0}:history") == 0, "the history has everything")
        assert [entry["object"] for entry in owner.acl_log()] == []


def ended(chain: Chain, program: str, *arguments: str) -> int:
    """Run a command on the chain's broker, and return its exit status."""
    assert chain.redis is not None
    return chain.start(arguments[0], program, *arguments, "--redis", chain.redis).popen.wait(60)
