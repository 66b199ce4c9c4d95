"""Messages of an attack, and its persistence whatever the gateway answers."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from msgspec.structs import replace

from loadtest.scenarios.attacks import Attack, AttackOrder, AttackResult, attack, messages, strike
from protocol.session import SegmentBegin, SegmentCancel, SegmentEnd
from tests.helpers.scripted_gateway import Gateway, oblige, scripted
from tests.helpers.waiting import DEADLINE_S


def kinds(kind: Attack, count: int) -> Counter[type[Any]]:
    return Counter(type(message) for message in messages(kind, count))


def test_attacks_send_the_messages_of_their_kind() -> None:
    assert kinds(Attack.EMPTY, 3) == {SegmentBegin: 3, SegmentEnd: 3}
    assert kinds(Attack.CANCELS, 5) == kinds(Attack.RESUME, 5) == {SegmentCancel: 5}
    assert kinds(Attack.UNKNOWN_MODEL, 1) == {SegmentBegin: 1, tuple: 60, SegmentEnd: 1}
    *_, last = messages(Attack.UNKNOWN_MODEL, 1)
    assert last == SegmentEnd(0, 960_000)


async def struck_twice(
    strike: Callable[[AttackOrder], Awaitable[AttackResult]], kind: Attack, gateway: Gateway
) -> AttackResult:
    """Strike until two rounds fit into the time: a busy machine needs longer."""
    order = AttackOrder(kind, 0.5, gateway.url, "k", count=3)
    async with asyncio.timeout(DEADLINE_S):
        while (struck := await strike(order)).welcomed < 2:
            order = replace(order, seconds=2 * order.seconds)
    return struck


@pytest.mark.parametrize("kind", [Attack.EMPTY, Attack.RESUME])
async def test_attack_repeats_until_its_time_is_over(kind: Attack) -> None:
    async with scripted(oblige) as gateway:
        struck = await struck_twice(strike, kind, gateway)
        assert struck.rounds >= struck.welcomed
        resumes = [hello.resume for hello in gateway.memory.hellos]
        assert resumes[0] is False and (True in resumes) == (kind is Attack.RESUME)


async def test_attack_counts_the_gateways_objections() -> None:
    struck = await strike(AttackOrder(Attack.EMPTY, 0.5, "http://127.0.0.1:9", "k"))
    assert struck.rounds >= 1 and sum(struck.against.values()) >= 1


async def test_attack_runs_in_a_separate_process() -> None:
    async with scripted(oblige) as gateway:
        struck = await struck_twice(attack, Attack.CANCELS, gateway)
        assert struck.sent >= 2 * struck.welcomed, "after each hello comes at least a cancel"
