"""The chosen gateway is queried repeatedly, and at once when the user wants to speak."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest

from app.gateways.route import RouteTimes
from app.gateways.view import GatewayHealth, QueryResult
from app.gateways.watcher import GatewayWatcher, best_answer
from client.connection import Address
from tests.helpers.waiting import wait_until

A, B, C = (Address(f"https://{name}:1") for name in "abc")
SOON = RouteTimes(away_s=0.02, well_s=0.02, doubt_s=0.001, back_s=0.001, fresh_s=0.0, check_s=3_600.0)


@dataclass
class Network:
    """Simulated gateways and their answers."""

    answers: dict[Address, GatewayHealth] = field(default_factory=dict)
    asked: list[Address] = field(default_factory=list)
    told: list[tuple[Address, GatewayHealth]] = field(default_factory=list)
    changes: int = 0
    failures: int = 0

    async def ask(self, address: Address) -> QueryResult:
        self.asked.append(address)
        if self.failures:
            self.failures -= 1
            raise ValueError("on purpose")
        return QueryResult(self.answers.get(address, GatewayHealth.AWAY))

    def tell(self, address: Address, answer: QueryResult) -> None:
        self.told.append((address, answer.health))

    def change(self) -> None:
        self.changes += 1


@pytest.fixture
def network() -> Network:
    return Network()


@pytest.fixture
async def watcher(network: Network) -> AsyncIterator[GatewayWatcher]:
    made = GatewayWatcher(network.tell, network.change, network.ask, SOON)
    yield made
    await made.close()
    await made.close()


async def test_best_answer_stops_at_the_first_address_that_answers(network: Network) -> None:
    network.answers = {A: GatewayHealth.NO_WORKER, B: GatewayHealth.WELL}
    assert await best_answer((A, B), network.ask) == (A, QueryResult(GatewayHealth.NO_WORKER))
    assert network.asked == [A]


async def test_best_answer_prefers_the_best_health_of_all_addresses(network: Network) -> None:
    network.answers = {A: GatewayHealth.REFUSED, C: GatewayHealth.WELL}
    assert await best_answer((A, B, C), network.ask) == (C, QueryResult(GatewayHealth.WELL))
    assert await best_answer((B, A), network.ask) == (A, QueryResult(GatewayHealth.REFUSED))
    assert await best_answer((B,), network.ask) == (B, QueryResult(GatewayHealth.AWAY))


async def test_this_computer_substitutes_while_the_gateway_is_away(
    network: Network, watcher: GatewayWatcher
) -> None:
    watcher.choose((A,), falls_back=True)
    await wait_until(lambda: watcher.route.here, "it is away")
    assert network.changes == 1 and (A, GatewayHealth.AWAY) in network.told
    network.answers[A] = GatewayHealth.WELL
    await wait_until(lambda: not watcher.route.here, "it is back")
    assert network.changes == 2


async def test_gateway_is_queried_again_after_an_unexpected_error(
    network: Network, watcher: GatewayWatcher
) -> None:
    network.failures = 1
    watcher.choose((A,), falls_back=True)
    await wait_until(lambda: watcher.route.here, "it is away")


async def test_refresh_queries_the_gateway_at_once(network: Network, watcher: GatewayWatcher) -> None:
    network.answers[A] = GatewayHealth.WELL
    watcher.choose((A,), falls_back=True)
    await wait_until(lambda: network.told, "it was asked")
    watcher.refresh()
    await wait_until(lambda: len(network.told) == 2, "once more, long before it is due")


async def test_new_addresses_are_queried_at_once_and_keep_the_route(
    network: Network, watcher: GatewayWatcher
) -> None:
    watcher.choose((A,), falls_back=True)
    await wait_until(lambda: watcher.route.here, "it is away")
    network.answers[B] = GatewayHealth.WELL
    watcher.move((B, A))
    assert watcher.route.here
    await wait_until(lambda: not watcher.route.here, "it is back, elsewhere")
    assert network.told[-1] == (B, GatewayHealth.WELL)


async def test_no_gateway_is_queried_when_none_is_chosen(network: Network, watcher: GatewayWatcher) -> None:
    watcher.choose((A,), falls_back=True)
    watcher.choose((), falls_back=True)
    watcher.refresh()
    await watcher.close()
    assert network.told == [] and not watcher.route.here
