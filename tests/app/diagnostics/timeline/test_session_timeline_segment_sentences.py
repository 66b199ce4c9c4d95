"""Sentences about a segment, in order of time."""

from app.diagnostics.timeline.segment_facts import gather
from app.diagnostics.timeline.segment_timeline import timeline
from app.diagnostics.timeline.session_timeline import segment_entries
from tests.app.diagnostics.timeline.world import ONE, TWO, World, name_of, taken_over, usual


def told(world: World) -> list[tuple[str, str]]:
    one = timeline(gather(world.lines)[0])
    names = {name_of(ONE): "worker tower", name_of(TWO): "worker attic"}
    return [(who, what) for _, who, what in sorted(segment_entries(one, (), names))]


def test_normal_segment_has_sentences_in_order() -> None:
    world = World()
    world.other("app.capture.story", 0, "segment.cut", session="s", segment=0, audio_ms=2_000, silence_ms=800)
    usual(world)
    world.now += 0.3
    world.other("app.insertion.story", 0, "text.inserted", session="s", segment=0, after_ms=300)
    assert told(world) == [
        ("app", "segment 0 begins"),
        ("app", "segment 0 is complete: 2.0 s, including 800 ms of silence that ended it"),
        ("gateway", "segment 0 is queued behind 41.0 s of audio"),
        ("gateway", "segment 0 waited 203 ms in the queue"),
        ("worker tower", "segment 0 is decoded in 1.0 s"),
        ("app", "the text of segment 0 arrives 1.2 s after its end"),
        ("app", "the text of segment 0 is inserted 300 ms after it arrived"),
    ]


def test_takeover_has_sentences_in_order() -> None:
    world = World()
    taken_over(world)
    assert [who for who, _ in told(world)] == [
        "app",
        "app",
        "gateway",
        "gateway",
        "worker tower",
        "worker attic",
        "worker attic",
        "app",
    ]


def test_unfinished_segment_is_reported_up_to_last_sign() -> None:
    world = World()
    world.speaks(0)
    _, _, entry = world.uploads(0)
    delivery = world.takes(ONE, 0, entry)
    world.worker(ONE, lambda story: story.log_renewal([delivery], world.now + 2.5))
    assert told(world) == [("worker tower", "segment 0 is decoded; its last sign of life came 2.5 s later")]
