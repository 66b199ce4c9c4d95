from app.insertion.held_inserter import HeldInserter
from app.insertion.outcome import HoldReason, Target, held


async def test_held_inserter_holds_every_text() -> None:
    inserter = HeldInserter()
    assert await inserter.target() is None
    assert await inserter.insert("text", Target(1)) == held(HoldReason.TARGET_UNKNOWN)
    await inserter.close()
