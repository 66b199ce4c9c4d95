from app.insertion.outcome import HeldInserter, HoldReason, Insertion, InsertionResult, Target, held_insertion


def test_held_text_has_a_reason() -> None:
    assert held_insertion(HoldReason.FOCUS_MOVED) == Insertion(InsertionResult.HELD, "focus-moved")
    assert held_insertion(HoldReason.PARTLY_TYPED, "rest") == Insertion(
        InsertionResult.HELD, "partly-typed", "rest"
    )
    assert Insertion(InsertionResult.PASTED).reason == ""


async def test_held_inserter_holds_every_text() -> None:
    inserter = HeldInserter()
    assert await inserter.target() is None
    assert await inserter.insert("text", Target(1)) == held_insertion(HoldReason.TARGET_UNKNOWN)
    await inserter.close()
