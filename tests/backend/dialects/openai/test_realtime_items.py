"""Deltas of a turn are append-only, in whatever order results come, and together they begin its text."""

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from backend.dialects.openai.realtime_items import Item, Items
from protocol.errors import ErrorCode
from protocol.session import Failed, Final, Partial

TEXTS = st.lists(st.sampled_from(["", "Hello there.", "and so on.", "你好。", "今天天气", "7.", "15"]), max_size=5)


@given(TEXTS, st.randoms(use_true_random=False), st.booleans())
def test_deltas_begin_the_text(texts: list[str], chance: Random, early: bool) -> None:
    item, order, sent = Item(segments=list(range(10, 10 + len(texts)))), list(range(len(texts))), ""
    chance.shuffle(order)
    item.closed = early
    for number in order:
        for stable in sorted(chance.randint(0, len(texts[number])) for _ in range(3)):
            item.take(Partial(10 + number, 1, texts[number], stable))
            sent += item.delta()
        item.take(Final(10 + number, texts[number]), (number * 2_000, number * 2_000 + 1_000))
        sent += item.delta()
    item.closed = True
    sent += item.delta()
    assert item.complete and item.text().startswith(sent)


def test_partial_that_the_text_contradicts_is_not_repeated() -> None:
    item = Item(segments=[0], closed=True)
    item.take(Partial(0, 1, "I scream", 8))
    assert item.delta() == "I scream"
    item.take(Final(0, "Ice cream."), (0, 1_000))
    assert item.delta() == "" and item.text() == "Ice cream."


def test_items_are_found_by_their_segments() -> None:
    items, first, second = Items(), Item(), Item()
    for item, segment in ((first, 0), (first, 1), (second, 2)):
        items.add(item, segment)
    first.done = True
    assert (items.of(1), items.of(2), items.unfinished_items()) == (first, second, [second])
    items.forget(2)
    assert items.of(2) is None
    second.take(Failed(2, ErrorCode.ENGINE_FAILED, "no"))
    assert second.transcript.failed is not None
