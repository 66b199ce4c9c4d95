"""Reply counting with input split at any byte."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.workers.replies import Replies

LEAVES = st.one_of(
    st.sampled_from([b"+OK\r\n", b"-ERR no\r\n", b":17\r\n", b"$-1\r\n", b"*-1\r\n", b"*0\r\n"]),
    st.binary(max_size=20).map(lambda data: b"$%d\r\n%s\r\n" % (len(data), data)),
)
REPLIES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, min_size=1, max_size=4).map(
        lambda all: b"*%d\r\n%s" % (len(all), b"".join(all))
    ),
    max_leaves=12,
)


@given(st.lists(REPLIES, max_size=5), st.integers(1, 9))
def test_reply_is_counted_once_at_its_last_byte(replies: list[bytes], size: int) -> None:
    counter, data = Replies(), b"".join(replies)
    pieces = [data[at : at + size] for at in range(0, len(data), size)]
    assert sum(counter.feed(piece) for piece in pieces) == len(replies)
    for reply in replies:
        assert counter.feed(reply[:-1]) == 0
        assert counter.feed(reply[-1:]) == 1


@pytest.mark.parametrize("data", [b"?\r\n", b"$x\r\n", b"+" + b"x" * 70_000])
def test_malformed_reply_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError):
        Replies().feed(data)
