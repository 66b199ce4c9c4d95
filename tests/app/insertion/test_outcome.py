from app.insertion.outcome import How, Insertion, Reason, held


def test_a_held_text_says_why() -> None:
    assert held(Reason.FOCUS_MOVED) == Insertion(How.HELD, "focus-moved")
    assert held(Reason.PARTLY_TYPED, "rest") == Insertion(How.HELD, "partly-typed", "rest")
    assert Insertion(How.PASTED).reason == ""
