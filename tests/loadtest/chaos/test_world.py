"""Everything that a chaos run can disturb."""

from pathlib import Path

from client.connection import Address, fixed
from loadtest.chaos.child import ChaosChild
from loadtest.chaos.events import Target
from loadtest.chaos.world import World


def test_world_counts_only_what_it_holds(tmp_path: Path) -> None:
    worker = ChaosChild(("true",), {}, tmp_path / "worker-0.log")
    world = World(fixed(Address("http://127.0.0.1:9")), list, {Target.WORKER: [worker, worker]})
    assert world.counts() == {
        Target.GATEWAY: 0,
        Target.WORKER: 2,
        Target.BROKER: 0,
        Target.CLIENT_LINK: 0,
        Target.BROKER_LINK: 0,
    }
