"""Log lines become facts about segments."""

from app.diagnostics.timeline.segment_facts import gather
from tests.app.diagnostics.timeline.world import ONE, SERVER, TWO, World, name_of, taken_over, usual


def test_gather_collects_lines_by_segment() -> None:
    world = World()
    usual(world)
    usual(world, 1)
    world.other("app.insertion.story", 0, "text.inserted", session="s", segment=1, after_ms=3)
    world.other("backend.story", SERVER, "session.done", session="s", segments=2)
    found = gather(world.lines)
    assert list(found) == [0, 1]
    assert found[0].app is not None and len(found[0].gateway) == 1 and found[0].inserted is None
    assert found[1].inserted is not None
    (claim,) = found[0].claims
    assert (claim.worker, claim.outcome, claim.delivered) == (name_of(ONE), "final", True)
    assert (claim.decode, claim.store) == (1_000.0, 2.0)
    assert claim.ended == claim.taken + 1_002 and claim.taken == claim.entry + 203


def test_gather_separates_assignments_by_worker() -> None:
    world = World()
    taken_over(world)
    first, second = gather(world.lines)[0].claims
    assert (first.worker, first.ended, first.seen - first.taken) == (name_of(ONE), None, 400.0)
    assert (second.worker, second.taken_from, second.silent) == (name_of(TWO), name_of(ONE), 10_000.0)
    assert not first.delivered and second.delivered


def test_gather_finds_no_assignment_in_job_lines_without_times() -> None:
    world = World()
    world.other("worker.story", ONE, "job.ended", session="s", segment=0, job="x-0", queue_ms=1)
    world.other("worker.story", ONE, "job.ended", session="s", segment=0, job="5-0")
    assert gather(world.lines)[0].claims == []
