from app.insertion.outcome import HoldReason, Insertion, InsertionResult, held


def test_held_text_has_a_reason() -> None:
    assert held(HoldReason.FOCUS_MOVED) == Insertion(InsertionResult.HELD, "focus-moved")
    assert held(HoldReason.PARTLY_TYPED, "rest") == Insertion(InsertionResult.HELD, "partly-typed", "rest")
    assert Insertion(InsertionResult.PASTED).reason == ""
