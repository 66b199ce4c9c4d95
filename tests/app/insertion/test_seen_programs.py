from app.insertion.outcome import Insertion, InsertionResult, Target
from app.insertion.seen_programs import MOST_SEEN, ProgramTrackingInserter
from tests.app.dictation.world import FakeInserter


async def test_recent_programs_are_reported_once_each_newest_first() -> None:
    told: list[tuple[str, ...]] = []
    inserter = FakeInserter()
    seeing = ProgramTrackingInserter(inserter, told.append)
    targets = [Target(1, "slack"), Target(2, "slack"), Target(3, "kitty"), Target(4, ""), None, Target(5, "slack")]
    for target in [*targets, Target(6, "kikipounamu", own=True)]:
        inserter.focus = target
        assert await seeing.target() == target
    assert told == [("slack",), ("kitty", "slack"), ("slack", "kitty")]
    for number in range(2 * MOST_SEEN):
        inserter.focus = Target(number, f"program {number}")
        await seeing.target()
    assert len(seeing.seen) == MOST_SEEN and seeing.seen[0] == f"program {2 * MOST_SEEN - 1}"


async def test_seeing_inserter_delegates_to_the_wrapped_inserter() -> None:
    inserter = FakeInserter()
    seeing = ProgramTrackingInserter(inserter, lambda names: None)
    assert await seeing.insert("text", inserter.focus) == Insertion(InsertionResult.TYPED)
    assert inserter.text() == "text"
    await seeing.close()
