"""The chosen gateway is asked again and again, and at once when somebody wants to speak."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest

from app.gateways.route import RouteTimes
from app.gateways.view import Answer, Health
from app.gateways.watching import Watching, best_answer
from client.connection import Address
from tests.helpers.waiting import wait_until

A, B, C = (Address(f"https://{name}:1") for name in "abc")
SOON = RouteTimes(away_s=0.02, well_s=0.02, doubt_s=0.001, back_s=0.001, fresh_s=0.0, look_s=3_600.0)


@dataclass
class Network:
    """Who answers what."""

    answers: dict[Address, Health] = field(default_factory=dict)
    asked: list[Address] = field(default_factory=list)
    told: list[tuple[Address, Health]] = field(default_factory=list)
    changes: int = 0

    async def ask(self, address: Address) -> Answer:
        self.asked.append(address)
        return Answer(self.answers.get(address, Health.AWAY))

    def tell(self, address: Address, answer: Answer) -> None:
        self.told.append((address, answer.health))

    def change(self) -> None:
        self.changes += 1


@pytest.fixture
def network() -> Network:
    return Network()


@pytest.fixture
async def watching(network: Network) -> AsyncIterator[Watching]:
    made = Watching(network.tell, network.change, network.ask, SOON)
    yield made
    await made.close()
    await made.close()


async def test_the_first_address_that_answers_is_enough(network: Network) -> None:
    network.answers = {A: Health.NOBODY, B: Health.WELL}
    assert await best_answer((A, B), network.ask) == (A, Answer(Health.NOBODY))
    assert network.asked == [A]


async def test_where_it_is_not_it_may_be_elsewhere(network: Network) -> None:
    network.answers = {A: Health.REFUSED, C: Health.WELL}
    assert await best_answer((A, B, C), network.ask) == (C, Answer(Health.WELL))
    assert await best_answer((B, A), network.ask) == (A, Answer(Health.REFUSED))
    assert await best_answer((B,), network.ask) == (B, Answer(Health.AWAY))


async def test_this_computer_is_in_its_place_while_it_is_away(network: Network, watching: Watching) -> None:
    watching.choose((A,), falls_back=True)
    await wait_until(lambda: watching.here, "it is away")
    assert network.changes == 1 and (A, Health.AWAY) in network.told
    network.answers[A] = Health.WELL
    await wait_until(lambda: not watching.here, "it is back")
    assert network.changes == 2


async def test_who_wants_to_speak_has_it_asked_at_once(network: Network, watching: Watching) -> None:
    network.answers[A] = Health.WELL
    watching.choose((A,), falls_back=True)
    await wait_until(lambda: network.told, "it was asked")
    watching.hurry()
    await wait_until(lambda: len(network.told) == 2, "once more, long before it is due")


async def test_another_place_counts_at_once_and_changes_nothing_else(network: Network, watching: Watching) -> None:
    watching.choose((A,), falls_back=True)
    await wait_until(lambda: watching.here, "it is away")
    network.answers[B] = Health.WELL
    watching.move((B, A))
    assert watching.here
    await wait_until(lambda: not watching.here, "it is back, elsewhere")
    assert network.told[-1] == (B, Health.WELL)


async def test_with_none_chosen_nobody_is_asked(network: Network, watching: Watching) -> None:
    watching.choose((A,), falls_back=True)
    watching.choose((), falls_back=True)
    watching.hurry()
    await watching.close()
    assert network.told == [] and not watching.here
