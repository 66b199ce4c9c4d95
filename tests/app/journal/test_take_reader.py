"""Takes are read with their damage: sealed lines are certain, lines of older versions must be consistent."""

from collections.abc import Callable
from uuid import UUID

import pytest

from app.journal.events import (
    Begin,
    Cancelled,
    End,
    Event,
    Finished,
    Mended,
    Recut,
    encode_line,
    opened_event,
    sealed,
)
from app.journal.recovery import SampleRange, certain_spans, plan
from app.journal.take import Take, TakeState
from app.journal.take_reader import read_take
from protocol.recognition import Options
from protocol.session import Final

OPENED = opened_event(UUID(int=1), Options(), 1e9)
TOLD = [  # four segments of a second each, half a second apart
    event
    for number in range(4)
    for event in (Begin(number, 24_000 * number), End(number, 16_000), Final(number, f"text {number}"))
]
WHOLE: list[Event] = [OPENED, *TOLD, Finished(96_000)]
AUDIO = 2 * 96_000


def older(*events: Event, audio: int = AUDIO) -> Take:
    return read_take(b"".join(map(encode_line, events)), audio)


def newer(*events: Event, audio: int = AUDIO) -> Take:
    return read_take(b"".join(sealed(encode_line(event), n) for n, event in enumerate(events)), audio)


def faults(take: Take) -> list[str]:
    return [str(fault) for fault in take.damage]


def changed(place: int, event: Event) -> list[Event]:
    return [*WHOLE[:place], event, *WHOLE[place + 1 :]]


@pytest.mark.parametrize(("read", "following"), [(older, 0), (newer, len(WHOLE))])
def test_whole_take_has_no_faults(read: Callable[..., Take], following: int) -> None:
    take = read(*WHOLE)
    assert take.damage == () and take.state(96_000) is TakeState.DONE
    assert take.following == following


@pytest.mark.parametrize(
    ("place", "event"),
    [
        (4, Begin(1, 900_000)),
        (4, Begin(1, 2**50)),
        (4, Begin(1, 90_000)),
        (5, End(1, 2_000_000)),
        (5, End(1, 60_000)),
        (4, Begin(70_000, 24_000)),
        (4, Begin(2**32 - 1, 24_000)),
        (5, End(70_000, 16_000)),
    ],
)
def test_impossible_boundary_of_an_older_version_affects_only_its_segment(place: int, event: Event) -> None:
    take = older(*changed(place, event))
    assert take.state(96_000) is TakeState.DAMAGED
    assert any(f"line {place + 1}:" in fault or "line 5:" in fault for fault in faults(take))
    todo = plan(take, 96_000)
    kept = {number: SampleRange(24_000 * number, 24_000 * number + 16_000) for number in (0, 2, 3)}
    spans = certain_spans(take)
    assert {number: spans[number] for number in kept} == kept
    assert any(gap.at <= 24_000 and gap.end >= 40_000 for gap in todo.gaps) or spans.get(1) == SampleRange(
        24_000, 48_000
    )
    assert len(todo.steps) <= 4


def test_both_segments_are_doubtful_when_either_boundary_may_be_wrong() -> None:
    take = older(
        OPENED, Begin(0, 0), End(0, 26_000), Begin(1, 24_000), End(1, 16_000), Finished(48_000), audio=96_000
    )
    assert take.doubtful == {0, 1}
    assert plan(take, 48_000).gaps == (SampleRange(0, 48_000),)


def test_unsealed_segment_is_doubtful_when_it_overlaps_a_sealed_one() -> None:
    before: list[Event] = [OPENED, Begin(0, 0), End(0, 30_000)]
    after: list[Event] = [Begin(1, 24_000), End(1, 16_000)]
    lines = [*map(encode_line, before), *(sealed(encode_line(event), n) for n, event in enumerate(after))]
    take = read_take(b"".join(lines), 80_000)
    assert take.doubtful == {0} and set(certain_spans(take)) == {1}


@pytest.mark.parametrize("number", [70_000, 2**32 - 1])
def test_sealed_line_with_an_absurd_segment_number_is_ignored(number: int) -> None:
    take = newer(OPENED, Begin(0, 0), End(0, 16_000), Begin(number, 24_000), Finished(48_000), audio=96_000)
    assert faults(take) == [f"events.jsonl, line 4: a journal of 5 lines has no segment {number}"]
    assert len(plan(take, 48_000).steps) == 1


@pytest.mark.parametrize("end", [Finished(2**41), Mended(2**41, 0)])
def test_end_after_more_than_two_years_is_a_fault(end: Event) -> None:
    take = newer(OPENED, *TOLD, end)
    assert faults(take) == [f"events.jsonl, line 14: no recording has {2**41} samples"]
    assert not take.finished and set(certain_spans(take)) == {0, 1, 2, 3}


@pytest.mark.parametrize("size", [0, 2, AUDIO - 1, AUDIO - 2])
def test_audio_that_ends_early_stays_a_fault_after_mending(size: int) -> None:
    take = newer(*WHOLE, Mended(size // 2, 0), audio=size)
    assert faults(take) == [f"audio.pcm16: the audio ends at byte {size}, but {AUDIO} bytes were recorded"]
    assert take.state(size // 2) is TakeState.DAMAGED


def test_audio_that_ends_early_is_a_fault_in_an_unfinished_take() -> None:
    assert faults(newer(OPENED, *TOLD, audio=175_998)) == [
        "audio.pcm16: the audio ends at byte 175998, but 176000 bytes were recorded"
    ]
    assert newer(OPENED, *TOLD, audio=176_001).damage == ()


@pytest.mark.parametrize("more", [1, 2, 64_000])
def test_audio_after_the_end_of_the_take_is_a_fault(more: int) -> None:
    take = newer(*WHOLE, audio=AUDIO + more)
    assert faults(take) == [f"audio.pcm16: the audio has {AUDIO + more} bytes, but only {AUDIO} were recorded"]
    assert plan(take, 96_000 + more // 2).gaps[-1:] == (
        (SampleRange(88_000, 96_000 + more // 2),) if more > 1 else ()
    )


def test_mended_faults_are_hidden_but_a_new_one_is_reported() -> None:
    lines = [sealed(encode_line(event), n) for n, event in enumerate(WHOLE)]
    del lines[4]
    hurt = read_take(b"".join(lines), AUDIO)
    assert hurt.line_faults and hurt.faults_found == 1
    mend: list[Event] = [Recut(1), Begin(9, 24_000), End(9, 16_000), Final(9, "again"), Mended(96_000, 1)]
    lines += [sealed(encode_line(event), len(WHOLE) + n) for n, event in enumerate(mend)]
    assert read_take(b"".join(lines), AUDIO).state(96_000) is TakeState.DONE
    assert read_take(b"".join(lines), AUDIO).transcript(96_000).text == "text 0 again text 2 text 3"
    lines[7] = b"?\n"
    assert read_take(b"".join(lines), AUDIO).state(96_000) is TakeState.DAMAGED


def test_missing_opened_line_is_a_fault() -> None:
    assert faults(older(*TOLD)) == ["events.jsonl: the line that begins the recording is missing"]
    assert faults(read_take(b"", 2)) == ["events.jsonl: the line that begins the recording is missing"]
    assert read_take(b"", 0).damage == ()


@pytest.mark.parametrize("seal", [sealed, lambda line, number: line])
@pytest.mark.parametrize(("event", "lost"), [(Finished(9), 1), (Begin(2, 9), 0)])
def test_unreadable_line_may_have_begun_a_segment_after_the_last_one(
    seal: Callable[[bytes, int], bytes], event: Event, lost: int
) -> None:
    """The number of a segment must not be used again."""
    lines = [encode_line(OPENED), encode_line(Begin(0, 0)), b"?\n", seal(encode_line(event), 0)]
    assert read_take(b"".join(lines), 18).lost == lost


def test_cancelled_segment_of_an_older_version_needs_no_length() -> None:
    take = older(OPENED, Begin(0, 0), Cancelled(0, 0), Begin(1, 0), End(1, 9), Finished(9), audio=18)
    assert take.damage == ()


def test_events_of_a_segment_without_a_beginning_are_a_fault() -> None:
    take = older(OPENED, End(0, 9), Begin(1, 24_000), End(1, 9), Finished(96_000))
    assert "events.jsonl, line 2: segment 0 has no beginning" in faults(take)
    assert plan(take, 96_000).gaps[0] == SampleRange(0, 24_000)


def test_segment_that_begins_twice_is_doubtful() -> None:
    take = older(OPENED, Begin(0, 0), End(0, 9), Begin(0, 5), Finished(96_000))
    assert faults(take)[0] == "events.jsonl, line 2: the boundaries of segment 0 contradict others"
    assert plan(take, 96_000).recut == (0,)
    assert older(OPENED, Begin(0, 0), Begin(0, 0), End(0, 9), Finished(96_000)).damage == ()
