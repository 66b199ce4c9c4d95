"""Tests that texts are inserted once each, in spoken order.

``test_state_machine_model.py`` covers arbitrary interleavings.
"""

from hypothesis import given
from hypothesis import strategies as st

from app.dictation.insertion_queue import MOST_HELD, OFFER_S, InsertionQueue, ReadyTexts, SegmentId
from app.insertion.outcome import Insertion, InsertionResult, Target
from protocol.texts import join_texts

WINDOW, OTHER = Target(1), Target(2)
TYPED, HELD = Insertion(InsertionResult.TYPED), Insertion(InsertionResult.HELD, "focus-moved")

Times = tuple[int, int]
WORDS = st.text(st.sampled_from("ab 。，三四.ก"), max_size=4)


def order_of(*takes: int, each: bool = False) -> InsertionQueue:
    order = InsertionQueue()
    for take in takes:
        order.begin(take, each=each)
        order.set_target(take, WINDOW)
    return order


def say(
    order: InsertionQueue, take: int, segment: int, text: str, now: float = 0.0, times_ms: Times | None = None
) -> None:
    order.result(SegmentId(take, segment), text, now, times_ms)


def goes(order: InsertionQueue, insertion: Insertion = TYPED) -> str | None:
    """Insert the next text and return it, or ``None`` if no text is ready."""
    ordered = order.next()
    if ordered is None:
        return None
    order.inserted(insertion)
    return ordered.text


@given(st.lists(WORDS, max_size=8), st.randoms(use_true_random=False))
def test_inserted_pieces_equal_joined_transcript(texts: list[str], random: object) -> None:
    """Results arrive in random order, so that texts are inserted alone or together."""
    order = order_of(1)
    inserted = ""
    shuffled = list(enumerate(texts))
    random.shuffle(shuffled)  # type: ignore[attr-defined] # hypothesis gives a random.Random
    for segment, text in shuffled:
        say(order, 1, segment, text)
        inserted += goes(order) or ""
    assert inserted == join_texts(texts)
    order.ended(1)
    assert order.over(1)


def test_results_wait_for_earlier_speech() -> None:
    order = order_of(1, 2)
    say(order, 2, 0, "three")
    say(order, 1, 1, "two")
    assert goes(order) is None
    say(order, 1, 0, "one")
    assert goes(order) == "one two"
    assert goes(order) is None, "take 1 may have more to say"
    order.ended(1)
    assert goes(order) == " three"


def test_take_continues_text_of_take_that_was_not_over_when_it_began() -> None:
    order = order_of(1, 2, 3)
    say(order, 1, 0, "one")
    for take in (1, 2):
        order.ended(take)  # the second take has no speech
        order.over(take)
    assert goes(order) == "one"
    order.forget(1)
    order.forget(2)
    say(order, 3, 0, "three")
    order.ended(3)
    assert goes(order) == " three"
    order.forget(3)
    order.begin(4)  # the user may have moved the cursor since, or sent the message
    order.set_target(4, WINDOW)
    say(order, 4, 0, "four")
    assert goes(order) == "four"


def test_take_in_other_window_does_not_continue_text() -> None:
    order = InsertionQueue()
    for take, window in ((1, WINDOW), (2, OTHER)):
        order.begin(take)
        order.set_target(take, window)
        say(order, take, 0, f"take {take}")
    order.ended(1)
    assert [goes(order), goes(order)] == ["take 1", "take 2"]


def test_next_allows_only_one_insertion_at_a_time() -> None:
    order = order_of(1)
    say(order, 1, 0, "one")
    assert order.next() is not None
    say(order, 1, 1, "two")
    assert order.next() is None
    assert not order.over(1)
    order.inserted(TYPED)
    assert goes(order) == " two"


def test_failed_and_empty_segments_are_skipped_and_second_results_ignored() -> None:
    order = order_of(1)
    for segment, text in enumerate(["one", "", " ", "two"]):
        say(order, 1, segment, text)
        say(order, 1, segment, "again")
    assert goes(order) == "one two"
    order.ended(1)
    say(order, 1, 4, "too late")
    assert goes(order) is None


def test_text_is_not_released_before_its_target_is_known() -> None:
    order = InsertionQueue()
    order.begin(1)
    say(order, 1, 0, "one")
    assert order.next() is None
    order.set_target(1, None)
    order.set_target(1, OTHER)
    ordered = order.next()
    assert ordered is not None and ordered.target is None, "the first answer counts"


def test_texts_after_held_text_are_held_and_pasted_together() -> None:
    order = order_of(1, 2)
    say(order, 1, 0, "one")
    assert goes(order) == "one"
    say(order, 1, 1, "two")
    assert goes(order, HELD) == " two"
    say(order, 1, 2, "three")
    order.ended(1)
    say(order, 2, 0, "other")
    assert goes(order) == " other", "take 2 has a target of its own"
    assert order.newly_held() == (SegmentId(1, 1), SegmentId(1, 2))
    assert order.newly_held() == ()
    assert order.paste(1, WINDOW)
    assert goes(order, HELD) == " two three", "with the space after what is there"
    assert order.paste(1, OTHER)
    assert goes(order) == "two three"
    assert not order.held
    assert not order.paste(1, OTHER)


def test_take_continues_at_its_target_after_paste() -> None:
    order = order_of(1)
    say(order, 1, 0, "one")
    goes(order, HELD)
    order.paste(1, WINDOW)
    assert goes(order) == "one"
    say(order, 1, 1, "two")
    assert goes(order) == " two"


def test_copied_text_does_not_affect_space_before_next_text() -> None:
    order = order_of(1)
    say(order, 1, 0, "one.")
    assert goes(order) == "one."
    say(order, 1, 1, "two")
    goes(order, HELD)
    order.paste(1, None)
    assert goes(order, Insertion(InsertionResult.COPIED)) == "two"
    say(order, 1, 2, "three")
    assert goes(order) == " three" and not order.held


def test_rest_of_partly_typed_text_is_held() -> None:
    order = order_of(1)
    for segment, text in enumerate(["one", "two", "three"]):
        say(order, 1, segment, text)
    ordered = order.next()
    assert ordered is not None and ordered.text == "one two three"
    assert order.inserted(Insertion(InsertionResult.HELD, "partly-typed", "wo three")) == (SegmentId(1, 0),)
    assert order.held == {**order.partly, SegmentId(1, 2): "three"} and order.partly == {SegmentId(1, 1): "wo"}
    order.paste(1, WINDOW)
    assert order.next() == ReadyTexts(
        (SegmentId(1, 1), SegmentId(1, 2)), (" wo", " three"), " wo three", WINDOW, True
    )
    order.inserted(Insertion(InsertionResult.HELD, "partly-typed", "ee"))
    assert order.held == order.partly == {SegmentId(1, 2): "ee"}
    order.paste(1, WINDOW)
    goes(order, HELD)
    assert order.held == {SegmentId(1, 2): "ee"} and not order.partly


def test_hands_free_segment_has_own_target_and_holds_no_other_segment() -> None:
    order = order_of(1, each=True)
    for segment, target in enumerate([WINDOW, OTHER, OTHER]):
        say(order, 1, segment, f"s{segment}")
        assert order.next() is None
        order.set_target(1, target, segment)
        ordered = order.next()
        assert ordered is not None and ordered.target == target
        order.inserted(HELD if segment == 1 else TYPED)
    assert list(order.held) == [SegmentId(1, 1)]


def test_text_whose_target_is_unknown_is_not_inserted_with_one_that_has_none() -> None:
    order = order_of(1, each=True)
    for segment in (0, 1):
        say(order, 1, segment, f"s{segment}")
    order.set_target(1, None, 0)
    assert [goes(order), goes(order)] == ["s0", None]


def test_accept_releases_text_without_predecessors_and_late_texts_are_held() -> None:
    order = order_of(1, 2)
    say(order, 1, 1, "two", 100.0)
    assert order.offer_at == 100.0
    assert not order.is_offer_due(100.0 + OFFER_S - 0.1)
    assert order.is_offer_due(100.0 + OFFER_S)
    say(order, 2, 0, "five", 101.0)
    order.accept()
    assert [goes(order), goes(order)] == ["two", " five"]
    say(order, 1, 0, "one")
    say(order, 1, 2, "three")
    assert order.newly_held() == (SegmentId(1, 0), SegmentId(1, 2))
    assert not order.is_offer_due(1e9)
    say(order, 2, 1, "six")
    assert goes(order) == " six", "late texts hold back no other text"


def test_text_that_arrives_before_its_turn_is_not_late() -> None:
    order = order_of(1)
    say(order, 1, 0, "one")
    assert order.next() is not None
    say(order, 1, 2, "three", 0.0)
    order.accept()
    say(order, 1, 1, "two")
    order.inserted(TYPED)
    assert goes(order) == " two three"


def test_text_after_missing_segment_is_offered_during_insertion() -> None:
    order = order_of(1)
    say(order, 1, 0, "one")
    assert order.next() is not None
    for segment in (1, 3):
        say(order, 1, segment, f"s{segment}", 5.0)
    assert order.offer_at == 5.0


def test_offer_ends_once_it_is_accepted() -> None:
    order = order_of(1, 2)
    say(order, 1, 0, "one")
    assert order.next() is not None
    say(order, 1, 2, "three")
    say(order, 2, 0, "four")
    offers = [order.offer_at]
    order.accept()
    assert [*offers, order.offer_at] == [0.0, None], "all of it goes when the insertion has ended"
    order.inserted(TYPED)
    assert [goes(order), goes(order)] == [" three", " four"]


def test_accept_has_no_effect_when_no_text_waits() -> None:
    order = order_of(1)
    order.accept()
    say(order, 1, 0, "one")
    assert goes(order) == "one"


def test_dropped_take_inserts_no_text() -> None:
    order = order_of(1, 2)
    say(order, 1, 0, "one")
    assert goes(order, HELD)
    say(order, 2, 0, "two")
    order.drop(1)
    assert not order.held
    assert goes(order) == "two"
    order.drop(2)
    say(order, 2, 1, "three")
    assert goes(order) is None
    assert order.over(2)


def test_text_dropped_during_insertion_is_not_held() -> None:
    order = order_of(1)
    say(order, 1, 0, "one")
    order.next()
    order.drop(1)
    assert order.inserted(HELD) == ()
    assert not order.held


def test_oldest_held_text_is_let_go_above_limit() -> None:
    order = order_of(1)
    for segment in range(4):
        say(order, 1, segment, "x" * (MOST_HELD // 2))
        goes(order, HELD)
    assert list(order.held) == [SegmentId(1, 2), SegmentId(1, 3)]
    assert order.dropped == {1}, "recordings are counted, not texts"
    order.hold_again({SegmentId(0, 0): "from before"})
    assert SegmentId(0, 0) not in order.held and order.dropped == {0, 1}


def test_single_text_above_limit_is_still_held() -> None:
    order = order_of(1)
    say(order, 1, 0, "x" * (MOST_HELD + 1))
    assert goes(order, HELD) and order.holding == [1] and not order.dropped


def test_space_depends_on_typed_part_of_previous_text() -> None:
    order = order_of(1)
    say(order, 1, 0, "one 三四")
    assert goes(order, Insertion(InsertionResult.HELD, "partly-typed", " 三四")) == "one 三四"
    order.dismiss(1)
    say(order, 1, 1, "五")
    assert goes(order) == " 五"


def test_offer_requires_a_missing_segment() -> None:
    order = order_of(1)
    say(order, 1, 0, "one")
    assert order.next() is not None
    for segment in (1, 2):
        say(order, 1, segment, f"s{segment}")
    offers = [order.offer_at]
    say(order, 1, 4, "s4")
    offers.append(order.offer_at)
    order.ended(1)
    assert [*offers, order.offer_at] == [None, 0.0, None], "only while segment 3 is missing"


def test_withheld_text_is_held_and_later_texts_are_inserted() -> None:
    order = order_of(1)
    say(order, 1, 1, "three")
    order.withhold(SegmentId(1, 0), " 어떤 ")
    order.withhold(SegmentId(1, 1), "again")
    say(order, 1, 0, "어떤")
    assert goes(order) == "three", "a result counts once"
    assert order.held == {SegmentId(1, 0): "어떤"} and order.newly_held() == (SegmentId(1, 0),)
    say(order, 1, 2, "four")
    assert goes(order) == " four"
    order.ended(1)
    assert order.over(1) and order.paste(1, WINDOW)
    assert goes(order) == " 어떤" and not order.held


def test_text_of_a_dropped_take_is_not_withheld() -> None:
    order = order_of(1)
    order.drop(1)
    order.withhold(SegmentId(1, 0), "어떤")
    assert not order.held


PIECES = [("I went to the.", (0, 900)), ("Store yesterday.", (1_000, 2_000)), ("It was closed.", (3_500, 4_500))]


def test_short_pause_takes_full_stop_and_capital_from_texts_inserted_together() -> None:
    order = order_of(1)
    for segment, (text, times_ms) in enumerate(PIECES):
        say(order, 1, segment, text, times_ms=times_ms)
    assert goes(order) == "I went to the store yesterday. It was closed."


def test_inserted_text_is_never_changed_when_its_sentence_continues() -> None:
    order, inserted = order_of(1), ""
    for segment, (text, times_ms) in enumerate(PIECES):
        say(order, 1, segment, text, times_ms=times_ms)
        inserted += goes(order) or ""
    assert inserted == "I went to the store yesterday. It was closed.", "no sentence ends with an article"
    say(order, 1, 3, "For the day.", times_ms=(4_600, 5_000))
    assert goes(order) == " For the day.", "the full stop before it is written"


def test_held_texts_are_pasted_as_one_sentence() -> None:
    order = order_of(1)
    for segment, (text, times_ms) in enumerate(PIECES):
        say(order, 1, segment, text, times_ms=times_ms)
    assert goes(order, HELD)
    order.ended(1)
    order.forget(1)
    assert order.paste(1, OTHER)
    assert goes(order) == "I went to the store yesterday. It was closed."


def test_text_of_another_take_begins_a_sentence() -> None:
    order = order_of(1, 2)
    say(order, 1, 0, "I went to", times_ms=(0, 900))
    order.ended(1)
    say(order, 2, 0, "The store.", times_ms=(1_000, 2_000))
    assert [goes(order), goes(order)] == ["I went to", " The store."]


def test_text_after_partly_typed_one_keeps_its_capital() -> None:
    order = order_of(1)
    say(order, 1, 0, "Yesterday", times_ms=(0, 500))
    say(order, 1, 1, "I went to", times_ms=(600, 900))
    assert goes(order, Insertion(InsertionResult.HELD, "partly-typed", "to")) == "Yesterday I went to"
    order.dismiss(1)
    say(order, 1, 2, "The store.", times_ms=(1_000, 2_000))
    assert goes(order) == " The store."
