"""Conversations by number: the same seed and number give the same bytes, all kinds occur."""

from collections import Counter

import msgspec
import pytest

from client.connection import Address
from loadtest.scenarios.fuzzing.conversation import Conversation, FuzzEnd, FuzzKind, conversation, sessions
from loadtest.scenarios.fuzzing.requests import FuzzedRoute

ADDRESS = Address("http://127.0.0.1:8765", "secret")
KNOWN = (FuzzedRoute("GET", "/v1/sessions"),)
OF = sessions(b"salt")


def said(number: int, seed: int = 1) -> Conversation:
    """Return a conversation of this run."""
    return conversation(seed, number, OF, ADDRESS, KNOWN)


def test_sessions_differ_by_number_and_by_salt() -> None:
    assert OF(1) == sessions(b"salt")(1)
    assert len({OF(1), OF(2), sessions(b"other")(1)}) == 3


@pytest.mark.parametrize("number", range(10))
def test_conversation_is_repeatable(number: int) -> None:
    first, again = said(number), said(number)
    assert (first.messages, first.kind, first.end) == (again.messages, again.kind, again.end)
    assert len({said(number, seed).messages for seed in range(9)}) > 1


def test_all_kinds_and_ends_occur() -> None:
    kinds = Counter(said(number).kind for number in range(1_000))
    assert set(kinds) == set(FuzzKind) and kinds[FuzzKind.VALID] > 200
    assert {said(number).end for number in range(200)} == set(FuzzEnd)


def test_resuming_conversation_uses_the_session_of_an_earlier_one() -> None:
    resumed = [one for number in range(1_000) if (one := said(number)).kind is FuzzKind.RESUME]
    for one in resumed:
        hello = msgspec.json.decode(one.messages[0].payload)
        assert hello["session"] in {str(OF(max(0, one.number - back))) for back in range(1, 51)}
    assert {b"?resume=1" in one.opening for one in resumed} == {True, False}


def test_requests_need_known_routes() -> None:
    number = next(number for number in range(1_000) if said(number).kind is FuzzKind.REQUEST)
    assert conversation(1, number, OF, ADDRESS, ()).messages, "without routes it is a valid conversation"
