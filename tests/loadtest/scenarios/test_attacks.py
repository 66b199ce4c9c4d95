"""Messages of an attack, and its persistence whatever the gateway answers."""

import asyncio
from collections import Counter
from typing import Any

import pytest

from loadtest.scenarios.attacks import Attack, AttackOrder, attack, messages, strike
from protocol.session import SegmentBegin, SegmentCancel, SegmentEnd
from tests.helpers.scripted_gateway import oblige, scripted


def kinds(kind: Attack, count: int) -> Counter[type[Any]]:
    return Counter(type(message) for message in messages(kind, count))


def test_attacks_send_the_messages_of_their_kind() -> None:
    assert kinds(Attack.EMPTY, 3) == {SegmentBegin: 3, SegmentEnd: 3}
    assert kinds(Attack.CANCELS, 5) == kinds(Attack.RESUME, 5) == {SegmentCancel: 5}
    assert kinds(Attack.UNKNOWN_MODEL, 1) == {SegmentBegin: 1, tuple: 60, SegmentEnd: 1}
    *_, last = messages(Attack.UNKNOWN_MODEL, 1)
    assert last == SegmentEnd(0, 960_000)


@pytest.mark.parametrize("kind", [Attack.EMPTY, Attack.RESUME])
async def test_attack_repeats_until_its_time_is_over(kind: Attack) -> None:
    async with scripted(oblige) as gateway:
        struck = await strike(AttackOrder(kind, 1.0, gateway.url, "k", count=3))
        assert struck.rounds >= 2 and struck.welcomed >= 1
        resumes = [hello.resume for hello in gateway.memory.hellos]
        assert resumes[0] is False and (True in resumes) == (kind is Attack.RESUME)


async def test_attack_counts_the_gateways_objections() -> None:
    struck = await strike(AttackOrder(Attack.EMPTY, 0.5, "http://127.0.0.1:9", "k"))
    assert struck.rounds >= 1 and sum(struck.against.values()) >= 1


async def test_attack_runs_in_a_process_of_its_own() -> None:
    async with asyncio.timeout(30), scripted(oblige) as gateway:
        struck = await attack(AttackOrder(Attack.CANCELS, 0.5, gateway.url, "k", count=2))
        assert struck.welcomed >= 1
