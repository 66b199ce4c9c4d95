"""Report on a session: explains every second between speech and text, with any clocks."""

import json
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as some

from app.diagnostics.timeline.session_timeline import SessionTimeline, timeline_of
from protocol.engine import DecodeFailure
from protocol.errors import ErrorCode
from protocol.session import Failed, Missing, Welcome
from tests.app.diagnostics.timeline.world import (
    DESK,
    ONE,
    SERVER,
    SESSION,
    Ways,
    World,
    name_of,
    taken_over,
    usual,
)
from worker.broker.jobs import Verdict

HOURS = some.floats(-7_200, 7_200)
SKEWS = some.tuples(HOURS, HOURS, HOURS, HOURS)


def words(story: SessionTimeline) -> str:
    return "\n".join(f"{entry.who}: {entry.what}" for entry in story.entries)


def told(world: World) -> SessionTimeline:
    return timeline_of(SESSION, world.lines, ["desk", "server", "tower", "attic"])


def test_normal_segment_is_explained_except_for_transmission() -> None:
    world = World()
    usual(world)
    story = told(world)
    (row,) = story.rows
    assert (row.ended, row.decoded, row.outcome) == (2_000, 1_000, "final")
    assert row.queued == pytest.approx(206, abs=2) and row.delivered == pytest.approx(5, abs=3)
    assert row.whole == pytest.approx(1_217, abs=2) and story.unexplained_ms == pytest.approx(6, abs=2)
    assert "queued behind 41.0 s of audio" in words(story) and "decoded in 1.0 s" in words(story)
    assert "secret" not in words(story) and story.notes == ()


def test_submitted_file_begins_with_its_first_segment_and_has_its_outcome() -> None:
    """For files submitted over REST, only the worker logs each segment."""
    world = World()
    delivery = world.takes(ONE, 0, world.broker_ms() - 55)
    world.decodes(ONE, delivery)
    world.other("backend.rest.runner", SERVER, "file.ended", session=SESSION, state="done")
    story = told(world)
    assert min(entry.at_ms for entry in story.entries) == pytest.approx(55), "nothing is before the beginning"
    assert [row.outcome for row in story.rows] == ["final"]
    assert "gateway: the file has ended: done" in words(story)


@given(SKEWS, some.integers(-7_200_000, 7_200_000), some.booleans(), some.integers(0, 200))
def test_clock_skews_do_not_change_report(
    skews: tuple[float, float, float, float], broker_ms: int, dies: bool, network_ms: int
) -> None:
    """The broker counts in milliseconds: a fraction of one would change a rounded duration by one."""
    ways = Ways(network=network_ms / 1000)
    stories = []
    for world in (World(), World((0.0, *skews[1:]), broker_ms / 1000)):
        (taken_over if dies else usual)(world, ways=ways)
        usual(world, 1, ways)
        stories.append(told(world))
    one, other = stories
    assert [entry.what for entry in one.entries] == [entry.what for entry in other.entries]
    for mine, theirs in zip(one.entries, other.entries, strict=True):
        assert mine.at_ms == pytest.approx(theirs.at_ms, abs=3)
    for row, its in zip(one.rows, other.rows, strict=True):
        assert row.unexplained == pytest.approx(its.unexplained, abs=3)
        assert row.unexplained == pytest.approx(3 * network_ms, abs=4)


def test_report_names_dead_worker_and_its_successor() -> None:
    world = World()
    taken_over(world)
    story = told(world)
    (row,) = story.rows
    assert story.unexplained_ms < 10 < 11_600 < story.whole_ms and row.queued == pytest.approx(10_206, abs=3)
    said = words(story)
    assert "worker tower: segment 0 is decoded; its last sign of life came 400 ms later" in said
    assert "worker attic: takes segment 0 over from worker tower, which died or was cut off" in said
    assert "(seen 10.0 s after its last sign, when its lease had run out)" in said
    assert "waited 203 ms in the queue" in said


def test_report_names_worker_that_helped_a_late_one() -> None:
    world = World()
    taken_over(world, borrowed=True)
    said = words(told(world))
    assert "worker attic: decodes segment 0 in place of worker tower" in said
    assert "which was silent for 10.0 s" in said


def test_takeover_is_explained_without_log_of_dead_worker() -> None:
    world = World()
    taken_over(world)
    world.raw = [(raw, computer) for raw, computer in world.raw if computer != ONE]
    story = told(world)
    assert story.unexplained_ms < 10 and "takes segment 0 over from worker tower" in words(story)
    assert "in the queue or with this worker for 603 ms" in words(story)


@pytest.mark.parametrize("reached", [True, False])
def test_report_explains_audio_that_waited_for_gateway(reached: bool) -> None:
    world = World()
    if reached:
        world.app(lambda story: story.log_message(Welcome(UUID(SESSION), "g1", True), world.now))
    world.speaks(0)
    world.app(lambda story: story.log_loss("the gateway closed the connection (1012)", 0.5, 0.0, world.now - 0.1))
    world.now += 3.0
    world.client.note_begin(1, world.now)
    world.app(lambda story: story.log_message(Welcome(UUID(SESSION), "g2", True), world.now))
    complete, queued, entry = world.uploads(0)
    delivery = world.takes(ONE, 0, entry)
    world.decodes(ONE, delivery)
    world.delivers(0, complete, queued, delivery, ONE)
    story = told(world)
    assert story.unexplained_ms < 10 and story.whole_ms > 4_000
    away = "3.1 s" if reached else "5.0 s"
    assert f"no gateway for {away}; its audio waited here" in words(story)
    assert ("connected again: no gateway for 3.1 s" in words(story)) is reached


def test_time_without_log_lines_is_unexplained() -> None:
    world = World()
    world.speaks(0)
    complete, queued, entry = world.uploads(0)
    delivery = world.takes(ONE, 0, entry)
    world.decodes(ONE, delivery)
    world.now += 2.5
    world.delivers(0, complete, queued, delivery, ONE)
    story = told(world)
    assert story.unexplained_ms == pytest.approx(2_506, abs=3)
    assert "segment 0: the 2.5 s before this are unexplained" in words(story)


def test_broker_outage_explains_its_time() -> None:
    world = World()
    world.speaks(0)
    complete, queued, entry = world.uploads(0)
    delivery = world.takes(ONE, 0, entry)
    world.decodes(ONE, delivery)
    world.other("backend.writer", SERVER, "broker.disconnected", error="gone")
    world.now += 2.5
    world.other("backend.writer", SERVER, "broker.reconnected", away_s=2.5)
    world.delivers(0, complete, queued, delivery, ONE)
    story = told(world)
    assert story.unexplained_ms < 10
    said = words(story)
    assert "gateway: no connection to the broker; commands wait: gone" in said and "back, after 2.5 s" in said


def test_report_ignores_process_events_of_other_times() -> None:
    world = World()
    world.other("backend.writer", SERVER, "broker.reconnected", away_s=1.0)
    world.now += 60.0
    usual(world)
    assert "broker" not in words(told(world))


def test_report_begins_at_gateway_when_only_its_log_exists() -> None:
    world = World((0.0, 55.0, 0.0, 0.0))
    usual(world)
    world.raw = [(raw, computer) for raw, computer in world.raw if computer == SERVER]
    story = told(world)
    (row,) = story.rows
    assert row.queued == pytest.approx(206, abs=2) and row.decoded == 1_000
    assert story.unexplained_ms < 10 and len(story.notes) == 2


def test_report_notes_missing_logs_and_corrected_clocks() -> None:
    world = World((0.0, 7.0, 0.0, 0.0))
    usual(world, segment=3)
    story = told(world)
    assert any("the logs lack 3 earlier segments" in note for note in story.notes)
    assert any("clock of the logs in server is corrected by -7.0 s" in note for note in story.notes)
    world.raw = [(raw, computer) for raw, computer in world.raw if computer == DESK]
    assert [note.partition(":")[0] for note in told(world).notes[:2]] == [
        "no log of a gateway is here",
        "no log of a worker is here",
    ]


def test_report_reports_failed_attempts_and_repeated_audio() -> None:
    world = World()
    world.speaks(0)
    complete, queued, entry = world.uploads(0)
    delivery = world.takes(ONE, 0, entry)
    world.workers[ONE].note_decoding([delivery], world.now)
    world.now += 0.5
    why = DecodeFailure(ErrorCode.ENGINE_DIED, "the engine's process ended")
    world.worker(ONE, lambda story: story.log_failure(delivery, why, Verdict.AGAIN, world.now))
    world.now += 1.0
    again = world.takes(ONE, 0, entry, count=2)
    world.decodes(ONE, again)
    world.app(lambda story: story.log_message(Missing(0, 0), world.now))
    world.delivers(0, complete, queued, again, ONE)
    story = told(world)
    said = words(story)
    assert story.unexplained_ms < 10
    assert f"failed ({ErrorCode.ENGINE_DIED}: the engine's process ended); it goes back" in said
    assert "is decoded for 500 ms, without a result" in said and "waited 1.0 s until it was tried again" in said
    assert "app: audio is missing from 0 ms on: asking for it again" in said


def test_report_reports_segment_without_text() -> None:
    world = World()
    world.speaks(0)
    world.uploads(0)
    failed = Failed(0, ErrorCode.DECODE_TIMEOUT, "too long", attempt=2)
    world.now += 1.0
    world.client.note_event(failed, world.now)
    world.app(lambda story: story.log_result(failed, world.now))
    story = told(world)
    assert story.rows[0].outcome == ErrorCode.DECODE_TIMEOUT
    assert "the failure of segment 0" in words(story)


def test_report_works_with_lines_of_any_single_computer() -> None:
    for computer in range(4):
        world = World((1.0, 2.0, 3.0, 4.0))
        taken_over(world)
        world.raw = [(raw, where) for raw, where in world.raw if where == computer]
        story = told(world)
        assert [row.segment for row in story.rows] == [0]
        assert [note for note in story.notes if "not here" in note or "no log of" in note], (
            "it says what is missing"
        )


@pytest.mark.parametrize("field", ["kept", "told", "complete", "queued", "queue_ms", "job", "segment", "held_ms"])
@pytest.mark.parametrize("value", [None, "x", -1, 10**12, True, [1]])
def test_report_tolerates_nonsense_values(field: str, value: Any) -> None:
    world = World()
    taken_over(world)
    world.raw = [
        (json.dumps({**fields, field: value} if field in (fields := json.loads(raw)) else fields).encode(), where)
        for raw, where in world.raw
    ]
    numbered = field != "segment" or value == 10**12
    assert [row.outcome for row in told(world).rows] == ["final"] * numbered


def test_report_names_every_program() -> None:
    world = World()
    taken_over(world)
    assert {entry.who for entry in told(world).entries} == {"app", "gateway", "worker tower", "worker attic"}
    assert name_of(ONE).startswith("tower-")
