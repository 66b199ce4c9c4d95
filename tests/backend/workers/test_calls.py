"""Kinds of words in a worker's commands, and the state of its connection."""

import pytest

from backend.workers.calls import LONGEST_CONSUMER, MOST_STREAMS, ConnectionState, at_most, grammar, literal
from protocol.errors import Forbidden

STREAM = b"kiki:{0}:jobs:bulk:m"
NO_STREAMS = (
    b"",
    b"kiki:workers",
    b"kiki:{0}:dead",
    b"kiki:{0}:jobs:bulk:",
    b"kiki:{x}:jobs:bulk:m",
    STREAM + b" x",
)


def test_first_accepted_consumer_name_is_the_only_one() -> None:
    connection_state = ConnectionState(lambda name: name != b"another's")
    for refused in (b"", b"returned", b"a\tb", b"another's"):
        assert not connection_state.is_consumer(refused)
    assert connection_state.is_consumer("电脑-7-ab".encode())
    assert not connection_state.is_consumer(b"w") and connection_state.is_consumer("电脑-7-ab".encode())


def test_connection_may_name_limited_number_of_valid_streams() -> None:
    connection_state = ConnectionState()
    assert not any(connection_state.is_stream(refused) for refused in NO_STREAMS)
    assert all(connection_state.is_stream(STREAM + b"%d" % number) for number in range(MOST_STREAMS))
    assert not connection_state.is_stream(STREAM) and connection_state.is_stream(STREAM + b"0")


@pytest.mark.parametrize(
    ("word", "fits"), [(b"1", True), (b"64", True), (b"0", False), (b"65", False), (b"x", False)]
)
def test_numbers_are_bounded(word: bytes, fits: bool) -> None:
    assert at_most(64).may_be(word, ConnectionState()) is fits


def test_kinds_limit_length_of_words() -> None:
    assert (literal(b"COUNT", b"STREAMS").longest, at_most(64).longest) == (7, 2)
    words = grammar(b"XREADGROUP", 7, {})
    next(words)
    words.send(b"GROUP")
    assert words.send(b"workers").longest == LONGEST_CONSUMER
    with pytest.raises(Forbidden):
        grammar(b"FLUSHALL", 1, {})
