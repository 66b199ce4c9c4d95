"""Order of chunks and their texts: every chunk is heard once and gets one text, in order."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.dialects.earlier.messages import MOST_AHEAD, ChunkOrder, ChunkTexts
from protocol.errors import OutOfOrder


def heard(order: ChunkOrder, *indices: int) -> list[int]:
    """Return the chunks that are heard while these arrive."""
    return [index for arriving in indices for index, _ in order.take(arriving, b"")]


@given(st.integers(1, 40), st.randoms(use_true_random=False), st.integers(0, 5))
def test_chunks_are_recognised_once_and_in_order(count: int, random: Random, first: int) -> None:
    arriving = list(range(first + 1, first + count))
    for place in range(0, count - 1, MOST_AHEAD):  # mixed up within what is waited for
        part = arriving[place : place + MOST_AHEAD]
        random.shuffle(part)
        arriving[place : place + MOST_AHEAD] = part
    arriving += random.sample(arriving, len(arriving) // 2)  # and some of them twice
    assert heard(ChunkOrder(), first, *arriving) == list(range(first, first + count))


def test_missing_chunk_is_waited_for_and_then_left_out() -> None:
    order = ChunkOrder()
    assert heard(order, 0, *range(2, 2 + MOST_AHEAD)) == [0]
    assert heard(order, 2 + MOST_AHEAD) == list(range(2, 3 + MOST_AHEAD))
    with pytest.raises(OutOfOrder, match="too late"):
        heard(order, 1)


def test_large_chunks_wait_for_less() -> None:
    order = ChunkOrder()
    assert heard(order, 0) == [0]
    assert [index for index, _ in order.take(2, bytes(5 * 1024 * 1024))] == [2]


def test_end_releases_waiting_chunks_in_order() -> None:
    order = ChunkOrder()
    assert heard(order, 5, 8, 7) == [5]
    assert [index for index, _ in order.rest()] == [7, 8]
    assert not list(order.rest())


def due(texts: ChunkTexts) -> list[tuple[int, str]]:
    """Return all texts that are due now."""
    found = []
    while (one := texts.due()) is not None:
        found.append(one)
    return found


def test_text_belongs_to_chunk_in_which_segment_ended() -> None:
    texts = ChunkTexts()
    texts.add_chunk(0, [])
    assert due(texts) == []
    texts.add_chunk(1, [0])
    assert due(texts) == [(0, "")]
    texts.know(0, "Good morning.")
    texts.add_chunk(2, [])
    assert due(texts) == [(1, "Good morning.")]
    texts.release_last([1])
    assert due(texts) == []
    texts.know(1, " Hello. ")
    assert due(texts) == [(2, " Hello.")]


def test_last_chunk_waits_no_more_when_let_go() -> None:
    texts = ChunkTexts()
    texts.release_last()
    texts.add_chunk(0, [])
    texts.release_last()
    assert due(texts) == [(0, "")]
    texts.add_chunk(1, [])
    assert texts.holds and due(texts) == []


@given(st.lists(st.integers(0, 3), min_size=1, max_size=12), st.randoms(use_true_random=False))
def test_every_chunk_gets_one_text_in_order(ends: list[int], random: Random) -> None:
    texts, segments, sent = ChunkTexts(), 0, list[tuple[int, str]]()
    waiting: list[int] = []
    for index, count in enumerate(ends):
        new = list(range(segments, segments + count))
        segments += count
        waiting += new
        texts.add_chunk(index, new)
        random.shuffle(waiting)
        for segment in waiting[: random.randint(0, len(waiting))]:
            texts.know(segment, f"{segment}")
            waiting.remove(segment)
        sent += due(texts)
    texts.release_last()
    for segment in waiting:
        texts.know(segment, f"{segment}")
    sent += due(texts)
    assert [index for index, _ in sent] == list(range(len(ends)))
    assert "".join(text for _, text in sent).split() == [str(segment) for segment in range(segments)]
