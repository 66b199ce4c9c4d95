from app.insertion.outcome import How, Insertion, Reason, held


def test_held_text_has_a_reason() -> None:
    assert held(Reason.FOCUS_MOVED) == Insertion(How.HELD, "focus-moved")
    assert held(Reason.PARTLY_TYPED, "rest") == Insertion(How.HELD, "partly-typed", "rest")
    assert Insertion(How.PASTED).reason == ""
