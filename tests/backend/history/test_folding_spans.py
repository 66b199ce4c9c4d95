"""Second passes in the history: the same audio counts once, in any order of the entries."""

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.history.folding import DayUse, StoredFacts, fold
from backend.history.records import FeedEntry
from backend.history.store import Store
from backend.rest.views import segment_view, text_of
from protocol.rest import SessionKind
from tests.backend.history.feed import NOON, cancelled, failure, final, found, stored_session

ONE = final("one", segment=0)._replace(part_of=2)
TWO = final("two", segment=1)._replace(part_of=2)
BOTH = final("won too", segment=2, samples=32_000)._replace(replaces=(0, 1))


def totals(batches: list[list[FeedEntry]]) -> tuple[int, DayUse]:
    """Return the samples of the session, and what its key used."""
    kept: dict[tuple[str, int], StoredFacts] = {}
    samples, use = 0, DayUse()
    for batch in batches:
        folded = fold(batch, kept, {"s": SessionKind.STREAM})
        kept |= {key: change.after for key, change in folded.changes.items()}
        samples += folded.sessions["s"].samples
        for one in folded.uses.values():
            for figure, more in vars(one).items():
                setattr(use, figure, getattr(use, figure) + more)
    assert samples == sum(facts.audio for facts in kept.values())
    return samples, use


@pytest.mark.parametrize("order", list(permutations((ONE, TWO, BOTH))))
def test_audio_counts_once_in_any_order_and_batches(order: tuple[FeedEntry, ...]) -> None:
    for batches in ([list(order)], [[one] for one in order], [list(order), list(order)]):
        samples, use = totals(batches)
        assert (samples, use.samples) == (32_000, 32_000)


@given(st.permutations([ONE, TWO, BOTH, cancelled(segment=1)._replace(part_of=2)]))
def test_piece_that_is_cancelled_never_adds_audio(order: list[FeedEntry]) -> None:
    assert totals([[one] for one in order])[0] <= 32_000


def test_piece_that_is_cancelled_for_its_second_pass_is_counted_with_it() -> None:
    samples, use = totals([[ONE], [BOTH], [cancelled(segment=1)._replace(part_of=2)]])
    assert (samples, use.samples, use.segments, use.characters) == (32_000, 32_000, 1, 3)


def test_texts_count_once() -> None:
    _, use = totals([[ONE, TWO, BOTH]])
    assert (use.segments, use.characters) == (2, 6)
    _, use = totals([[BOTH, ONE, TWO]])
    assert (use.segments, use.characters) == (1, 7)


def test_second_pass_that_fails_or_is_cancelled_counts_nothing() -> None:
    for end in (failure(segment=2), cancelled(segment=2)):
        samples, use = totals([[ONE, TWO], [end._replace(replaces=(0, 1))]])
        assert (samples, use.samples) == (32_000, 32_000)


def test_second_pass_that_is_cancelled_later_takes_its_audio_back() -> None:
    longer = BOTH._replace(samples=40_000)
    assert totals([[ONE, TWO, longer]])[0] == 40_000
    assert totals([[ONE, TWO, longer], [cancelled(segment=2)._replace(replaces=(0, 1))]])[0] == 32_000


def test_longer_second_pass_counts_only_audio_beyond_its_pieces() -> None:
    assert totals([[ONE, BOTH._replace(samples=960_000)]])[0] == 960_000


def test_store_reports_and_finds_the_second_pass(store: Store) -> None:
    for entry in (ONE, TWO, final("three", segment=3), BOTH):
        store.record([entry])
    segments = store.segments("s")
    assert [one.replaces for one in segments] == [(), (), (0, 1), ()]
    assert [segment_view(one).replaces for one in segments] == [(), (), (0, 1), ()]
    assert text_of(segments) == "won too three"
    assert stored_session(store).samples == 48_000
    assert [found(store, word) for word in ("one", "won", "three")] == [[], [("s", 2)], [("s", 3)]]
    (used,) = store.usage(NOON, NOON)
    assert used.samples == 48_000


def test_pieces_are_reported_and_found_once_the_second_pass_is_cancelled(store: Store) -> None:
    store.record([ONE, TWO, BOTH])
    store.record([cancelled(segment=2)._replace(replaces=(0, 1))])
    assert text_of(store.segments("s")) == "one two"
    assert [found(store, word) for word in ("one", "won")] == [[("s", 0)], []]


def test_many_second_passes_of_many_pieces_are_recorded_in_one_batch(store: Store) -> None:
    batch = [
        final("x", segment=70_000 + n)._replace(replaces=tuple(range(256 * n, 256 * n + 256))) for n in range(100)
    ]
    assert len(store.record(batch)) == 100
