"""Tests of held texts while they are being pasted, and of texts that wait."""

from app.dictation.insertion_queue import InsertionQueue, SegmentId
from app.insertion.outcome import Insertion, InsertionResult
from tests.app.dictation.test_insertion_queue import HELD, OTHER, TYPED, WINDOW, goes, order_of, say


def held_and_pasting() -> InsertionQueue:
    """Set up a take whose held text is being pasted."""
    order = order_of(1)
    say(order, 1, 0, "one")
    assert goes(order, HELD) == "one"
    assert order.paste(1, OTHER)
    assert order.next() is not None
    return order


def test_take_keeps_holding_when_another_text_became_held_during_paste() -> None:
    order = order_of(1)
    for segment in (0, 1):
        say(order, 1, segment, f"s{segment}")
    order.accept()
    assert goes(order, HELD) == "s0 s1"
    assert order.paste(1, OTHER)
    assert order.next() is not None
    order.hold_again({SegmentId(1, 5): "late"})
    assert order.inserted(TYPED) == (SegmentId(1, 0), SegmentId(1, 1))
    say(order, 1, 2, "s2")
    assert goes(order) is None and list(order.held) == [SegmentId(1, 5), SegmentId(1, 2)]
    assert order.paste(1, OTHER) and goes(order) == " s2 late"
    say(order, 1, 3, "s3")
    assert goes(order) == "s3", "it goes on once nothing is held"


def test_line_break_alone_is_inserted_and_held_like_a_text() -> None:
    order = order_of(1)
    for segment, text in enumerate((" Dear Anna,", "\n", "Thank you.\n", "Bye.")):
        say(order, 1, segment, text)
    assert goes(order) == "Dear Anna,\nThank you.\nBye."
    say(order, 1, 4, " \n")
    assert goes(order, HELD) == "\n" and order.held == {SegmentId(1, 4): "\n"}
    assert order.paste(1, OTHER) and goes(order) == "\n" and not order.held
    say(order, 1, 5, "One\n")
    say(order, 1, 6, "\nTwo")
    assert goes(order) == "One\n\nTwo"


def test_rest_of_a_partly_typed_text_begins_where_typing_ended_although_characters_were_left_out() -> None:
    order = order_of(1)
    say(order, 1, 0, "one\r\ntwo\x07\r\nthree\x07\r\nfour")
    assert order.next() is not None
    order.inserted(Insertion(InsertionResult.HELD, "partly-typed", "wo\nthree\nfour"))
    assert order.held == order.partly == {SegmentId(1, 0): "wo\x07\r\nthree\x07\r\nfour"}


def test_dismissal_spares_text_being_pasted_and_take_keeps_holding() -> None:
    order = held_and_pasting()
    order.hold_again({SegmentId(1, 7): "late", SegmentId(2, 0): "other"})
    assert order.dismiss(1) == (SegmentId(1, 7),)
    assert set(order.held) == {SegmentId(1, 0), SegmentId(2, 0)}
    order.inserted(HELD)
    say(order, 1, 1, "two")
    assert goes(order) is None and SegmentId(1, 1) in order.held, "a hole would be left before it"
    assert order.dismiss(1) == (SegmentId(1, 0), SegmentId(1, 1))
    say(order, 1, 2, "three")
    assert goes(order) == "three"


def test_take_keeps_holding_when_text_was_withheld_after_dismissal_during_paste() -> None:
    order = held_and_pasting()
    assert order.dismiss(1) == ()
    order.withhold(SegmentId(1, 1), "foreign")
    order.inserted(TYPED)
    say(order, 1, 2, "two")
    assert goes(order) is None and list(order.held) == [SegmentId(1, 1), SegmentId(1, 2)]


def test_paste_is_refused_while_another_is_in_progress() -> None:
    order = held_and_pasting()
    assert not order.paste(1, WINDOW), "one is on its way"
    order.inserted(HELD)
    assert order.paste(1, WINDOW) and goes(order) == "one"
    assert not order.paste(1, WINDOW), "nothing is held"


def test_paste_request_survives_end_of_earlier_insertion() -> None:
    order = order_of(1, 2)
    say(order, 1, 0, "one")
    assert goes(order, HELD) == "one"
    order.ended(1)
    say(order, 2, 0, "two")
    assert order.next() is not None
    assert order.paste(1, OTHER)
    order.inserted(TYPED)
    assert order.pasting and goes(order) == "one"


def test_paste_of_take_dropped_meanwhile_has_no_effect() -> None:
    order = order_of(1)
    say(order, 1, 0, "one")
    goes(order, HELD)
    order.paste(1, OTHER)
    order.drop(1)
    assert goes(order) is None and not order.pasting


def test_text_dropped_during_paste_is_not_held_again() -> None:
    order = held_and_pasting()
    order.drop(1)
    assert order.inserted(HELD) == () and not order.held


def test_texts_of_earlier_run_are_not_held_again_once_settled() -> None:
    order = InsertionQueue()
    before = {SegmentId(0, 0): "one", SegmentId(0, 1): "two", SegmentId(-1, 0): "three"}
    order.hold_again(before)
    assert order.holding == [0, -1] and order.holds(-1) and order.count(0) == 2
    order.paste(0, WINDOW)
    assert goes(order, Insertion(InsertionResult.HELD, "partly-typed", "two")) == "one two"
    order.dismiss(-1)
    order.hold_again(before)
    assert order.held == {SegmentId(0, 1): "two"}


def test_edited_text_that_arrived_partly_is_held_without_that_part() -> None:
    order = InsertionQueue()
    order.hold_again({SegmentId(0, 0): "one", SegmentId(0, 1): "two"})
    order.paste(0, WINDOW)
    assert order.next()
    partly = Insertion(InsertionResult.HELD, "partly-typed", "words", "Quite other words")
    assert order.inserted(partly) == (SegmentId(0, 0),)
    assert order.held == order.partly == {SegmentId(0, 1): "words"}
    order.paste(0, WINDOW)
    assert goes(order) == "words" and not order.held


def test_paste_continues_last_insertion_only_in_same_window() -> None:
    order = order_of(1, 2)
    say(order, 1, 0, "held.")
    goes(order, HELD)
    order.ended(1)
    say(order, 2, 0, "one.")
    assert goes(order) == "one."
    assert order.paste(1, OTHER, joins=True) and goes(order, HELD) == "held."
    assert order.paste(1, WINDOW) and goes(order, HELD) == "held."
    assert order.paste(1, WINDOW, joins=True, followed=True) and goes(order) == " held."
    say(order, 2, 1, "二")
    assert goes(order) == " 二", "behind the full stop of what was pasted"


def test_insertion_ending_before_paste_is_continued_only_by_its_own_take() -> None:
    order = order_of(1, 2)
    say(order, 1, 0, "one")
    assert goes(order) == "one"
    say(order, 2, 0, "二。")
    order.accept()
    assert order.next() is not None
    say(order, 1, 1, "late")
    assert order.paste(1, WINDOW, followed=True)
    order.inserted(TYPED)
    assert goes(order) == " late", "behind the first text of its take, and not behind the full stop"


def test_paste_continues_its_own_take_where_the_last_insertion_went_elsewhere() -> None:
    order = order_of(1)
    order.begin(2)
    order.set_target(2, OTHER)
    say(order, 1, 0, "one")
    assert goes(order) == "one"
    say(order, 1, 1, "two")
    assert goes(order, HELD) == " two"
    order.ended(1)
    say(order, 2, 0, "three")
    assert goes(order) == "three"
    assert order.paste(1, WINDOW, joins=True) and goes(order) == " two"


def test_texts_join_by_their_pause_after_an_earlier_take_is_forgotten() -> None:
    order = order_of(1, 2)
    say(order, 1, 0, "Before.", times_ms=(0, 900))
    assert goes(order) == "Before."
    order.ended(1)
    say(order, 2, 0, "I went to the.", times_ms=(0, 1_000))
    order.forget(1)
    say(order, 2, 1, "Store.", times_ms=(1_100, 2_000))
    assert goes(order) == " I went to the store."


def test_take_is_over_only_when_no_result_may_come() -> None:
    order = order_of(1)
    assert not order.over(1)
    order.ended(1)
    assert order.over(1)


def test_offer_begins_with_the_text_that_waits_longest() -> None:
    order = order_of(1)
    for segment, now in ((3, 7.0), (1, 5.0), (2, 6.0)):
        order.result(SegmentId(1, segment), "text", now)
    assert order.offer_at == 5.0


def test_queue_offers_nothing_while_only_a_window_is_awaited() -> None:
    order = InsertionQueue()
    order.begin(1)
    order.result(SegmentId(1, 0), "one", 1.0)
    order.ended(1)
    order.begin(2)
    order.result(SegmentId(2, 0), "two", 2.0)
    assert order.next() is None and order.offer_at is None
