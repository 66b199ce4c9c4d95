"""No mutation of a line or a byte loses a sample silently, in takes of any version. Pure.

A take is written, one line or byte of it is changed, and the take is read. It is then recovered with a perfect
cutter and a perfect engine, and read again. The engine's text is the range of samples that it heard, so every text
names its origin.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from hypothesis import event, given, settings
from hypothesis import strategies as st

from app.journal.events import (
    Begin,
    Cancelled,
    Chosen,
    Cutting,
    End,
    Event,
    Finished,
    Inserted,
    Inserting,
    Mended,
    Recut,
    Wanted,
    encode_line,
    opened_event,
    sealed,
)
from app.journal.recovery import PassOver, RecoveryPlan, Replay, certain_spans, plan
from app.journal.take import TRANSCRIBED, Take, TakeState
from app.journal.take_reader import read_take
from protocol.recognition import Options
from protocol.session import Final, Queued
from tests.helpers.examples import examples

LONGEST = 480_000


@dataclass(frozen=True)
class Spoken:
    """A range of samples with speech, as written to the journal."""

    at: int
    end: int
    how: str


@dataclass(frozen=True)
class Written:
    """A take on disk: its lines, its audio in bytes, and its speech."""

    lines: tuple[bytes, ...]
    audio: int
    spoken: tuple[Spoken, ...]


def said(at: int, end: int) -> str:
    return f"{at}-{end}"


@st.composite
def takes(draw: st.DrawFn, *, seals: bool = True) -> Written:
    """Draw a take of segments with gaps: each with or without a text, or cancelled, and with or without an end.

    A span may replace segments since the last insertion.
    """
    events: list[Event] = [opened_event(UUID(int=1), Options(), 1e9, Cutting("toggle")), Wanted(True)]
    spoken: list[Spoken] = []
    at = number = 0
    pieces: list[tuple[int, int]] = []
    for _ in range(draw(st.integers(0, 5))):
        at += draw(st.integers(0, 3_000))
        end = at + draw(st.integers(1, 30_000))
        how = draw(st.sampled_from(("text", "text", "inserted", "open", "cancelled")))
        events += [Begin(number, at), End(number, end - at), Queued(number)]
        if how == "cancelled":
            events.append(Cancelled(number, end - at))
        elif how != "open":
            events.append(Final(number, said(at, end)))
        if how == "inserted":
            events += [Inserting(number), Inserted(number)]
        spoken.append(Spoken(at, end, how))
        pieces = [*pieces, (number, at)] if how in ("text", "open") else []
        at, number = end, number + 1
        if seals and len(pieces) > 1 and draw(st.booleans()):
            events += draw(spans(number, tuple(piece for piece, _ in pieces), pieces[0][1], end))
            pieces, number = [], number + 1
    samples = at + draw(st.integers(0, 2_000))
    if draw(st.booleans()):
        events.append(Finished(samples))
    lines = [encode_line(each) for each in events]
    older = 0 if seals else draw(st.integers(1, len(lines)))  # lines written by an older version
    return Written(
        (*lines[:older], *(sealed(line, number) for number, line in enumerate(lines[older:]))),
        2 * samples,
        tuple(spoken),
    )


@st.composite
def spans(draw: st.DrawFn, number: int, pieces: tuple[int, ...], at: int, end: int) -> list[Event]:
    """Draw a span over these pieces: with or without a text, and with or without a choice."""
    events: list[Event] = [Begin(number, at, replaces=pieces), End(number, end - at)]
    if draw(st.booleans()):
        events.append(Final(number, said(at, end)))
    if draw(st.booleans()):
        events.append(Chosen(number, draw(st.booleans())))
    return events


LINES: dict[str, Callable[[list[bytes], int, int], object]] = {
    "line lost": lambda lines, one, other: lines.pop(one),
    "line twice": lambda lines, one, other: lines.insert(other, lines[one]),
    "lines swapped": lambda lines, one, other: lines.insert(max(one, other) - 1, lines.pop(min(one, other))),
}
BYTES: dict[str, Callable[[bytearray, int, int], object]] = {
    "bit flipped": lambda data, place, value: data.__setitem__(place, data[place] ^ (1 << value % 8)),
    "byte changed": lambda data, place, value: data.__setitem__(place, value),
    "byte lost": lambda data, place, value: data.pop(place),
    "byte inserted": lambda data, place, value: data.insert(place, value),
    "block of zeros": lambda data, place, value: data.__setitem__(
        slice(place, place + 512), bytes(min(512, len(data) - place))
    ),
    "file cut": lambda data, place, value: data.__delitem__(slice(place, None)),
}


@st.composite
def mutations(draw: st.DrawFn, written: Written) -> tuple[bytes, int]:
    """Return the bytes of the journal and the size of the audio after one random mutation."""
    kind = draw(st.sampled_from((*LINES, *BYTES, "audio cut or longer")))
    event(kind)
    if mutate_lines := LINES.get(kind):
        lines = list(written.lines)
        numbers = st.integers(0, len(lines) - 1)
        mutate_lines(lines, draw(numbers), draw(numbers))
        return b"".join(lines), written.audio
    data = bytearray(b"".join(written.lines))
    if mutate_bytes := BYTES.get(kind):
        mutate_bytes(data, draw(st.integers(0, len(data) - 1)), draw(st.integers(0, 255)))
        return bytes(data), written.audio
    return bytes(data), draw(st.integers(0, written.audio + 4))


def recovered(data: bytes, take: Take, audio: int) -> bytes:
    """Do the work of ``Resender`` with an engine that returns the heard range, and a perfect cutter."""
    samples = audio // 2
    todo = plan(take, samples)
    events: list[Event] = [Recut(number) for number in todo.recut]
    events += [
        Final(step.segment, said(step.at, step.at + step.samples))
        for step in todo.steps
        if isinstance(step, Replay) and samples > step.at
    ]
    number = len(todo.steps)
    for at, end in todo.again:
        events += [Begin(number, at), End(number, end - at), Final(number, said(at, end))]
        number += 1
    for at, end in _to_cut(todo, samples):
        for start in range(at, end, LONGEST):
            length = min(LONGEST, end - start)
            segment = number if todo.unended is None or start > at else todo.unended
            events += [Begin(segment, start), End(segment, length), Final(segment, said(start, start + length))]
            number += segment == number
    if todo.mends:
        events.append(Mended(samples, take.faults_found))
    if not take.finished:
        events.append(Finished(samples))
    whole = data[: data.rfind(b"\n") + 1]
    return whole + b"".join(sealed(encode_line(each), take.following + n) for n, each in enumerate(events))


def _to_cut(todo: RecoveryPlan, samples: int) -> Sequence[tuple[int, int]]:
    return todo.gaps if todo.rest is None else [(todo.rest, samples)]


def covered(take: Take, samples: int) -> bytearray:
    """Mark every sample that has a text or was cancelled by the speaker."""
    marks = bytearray(samples)
    for spoken in take.counted.values():
        if isinstance(spoken.outcome, Final) and not spoken.cancelled:
            at, end = map(int, spoken.outcome.text.split("-"))
            marks[at:end] = b"\1" * len(marks[at:end])
        elif spoken.cancelled and not spoken.recut:
            end = spoken.at + (spoken.samples or 0)
            marks[spoken.at : end] = b"\1" * len(marks[spoken.at : end])
    return marks


def assert_nothing_is_lost(written: Written, take: Take, audio: int) -> None:
    samples = audio // 2
    marks = covered(take, samples)
    for spoken in written.spoken:
        if spoken.how != "cancelled":
            assert all(marks[spoken.at : min(spoken.end, samples)]), f"{spoken} is lost"


def texts(take: Take, numbers: Iterable[int] | None = None) -> list[str]:
    counted = take.counted
    wanted = (counted[number] for number in (counted if numbers is None else numbers) if number in counted)
    wanted = (spoken for spoken in wanted if not spoken.cancelled)
    return [spoken.outcome.text for spoken in wanted if isinstance(spoken.outcome, Final)]


def assert_texts_are_once(take: Take) -> None:
    ranges = sorted(tuple(map(int, text.split("-"))) for text in texts(take))
    assert all(before[1] <= after[0] for before, after in zip(ranges, ranges[1:], strict=False)), ranges


@given(takes(), st.data())
@settings(max_examples=examples(1_500))
def test_random_mutation_loses_no_sample_silently(written: Written, data: st.DataObject) -> None:
    journal, audio = data.draw(mutations(written))
    take = read_take(journal, audio)
    if take.state(audio // 2) in TRANSCRIBED:
        assert audio == written.audio or not take.finished
        return assert_nothing_is_lost(written, take, audio)
    before = set(texts(take, certain_spans(take)))
    journal = recovered(journal, take, audio)
    again = read_take(journal, audio)
    assert_nothing_is_lost(written, again, audio)
    assert_texts_are_once(again)
    assert before <= set(texts(again)), "a text that was certain is recognised twice"
    assert again.state(audio // 2) in TRANSCRIBED | {TakeState.DAMAGED, TakeState.FAILED, TakeState.WAITING}
    if audio == written.audio:
        assert again.state(audio // 2) in TRANSCRIBED
    elif again.finished and audio < again.heard * 2:
        assert again.state(audio // 2) is TakeState.DAMAGED
    used = {spoken for spoken in again.segments if spoken >= len(written.spoken)}
    assert not used & set(range(len(written.spoken))), "a gateway may know another segment of this number"
    assert plan(again, audio // 2).gaps == ()


@given(takes(seals=False), st.data())
@settings(max_examples=examples(700))
def test_damaged_line_of_an_older_version_loses_no_sample_silently(written: Written, data: st.DataObject) -> None:
    """Without checksums, a changed digit can be undetectable. An unreadable line is always detected."""
    lines = list(written.lines)
    place = data.draw(st.integers(0, len(lines) - 1))
    spoiled = data.draw(st.sampled_from((b"", b"{", b"\0" * 40, lines[place].replace(b'"', b"'"))))
    journal = b"".join((*lines[:place], spoiled + b"\n", *lines[place + 1 :]))
    take = read_take(journal, written.audio)
    if take.state(written.audio // 2) in TRANSCRIBED:
        return assert_nothing_is_lost(written, take, written.audio)
    again = read_take(recovered(journal, take, written.audio), written.audio)
    assert_nothing_is_lost(written, again, written.audio)
    assert_texts_are_once(again)
    assert again.state(written.audio // 2) in TRANSCRIBED


@given(takes(), st.data())
@settings(max_examples=examples(300))
def test_take_is_not_damaged_when_a_crash_cuts_its_journal_anywhere(written: Written, data: st.DataObject) -> None:
    """The journal may end in half a line. The audio that a line refers to is on disk before the line."""
    whole = b"".join(written.lines)
    journal = whole[: data.draw(st.integers(len(written.lines[0]), len(whole)))]
    take = read_take(journal, written.audio)
    assert take.damage == ()
    steps = plan(take, written.audio // 2).steps
    assert not any(isinstance(step, PassOver) for step in steps)


def test_damage_to_any_single_byte_loses_no_sample_silently() -> None:
    """Damage every byte of one journal: flip a bit, remove it, or begin a block of zeros there.

    Only with all examples, each byte is damaged in all three ways.
    """
    spoken = (Spoken(10, 1_010, "text"), Spoken(1_500, 2_000, "text"), Spoken(2_100, 2_500, "inserted"))
    events: list[Event] = [opened_event(UUID(int=1), Options(), 1e9)]
    for number, each in enumerate(spoken):
        events += [Begin(number, each.at), End(number, each.end - each.at), Final(number, said(each.at, each.end))]
    events += [Inserting(2), Inserted(2), Finished(2_600)]
    written = Written(tuple(sealed(encode_line(each), n) for n, each in enumerate(events)), 5_200, spoken)
    whole = b"".join(written.lines)
    kinds = ("bit flipped", "byte lost", "block of zeros") * 2
    for place in range(len(whole)):
        for kind in kinds[place % 3 :][: examples(30) // 10]:  # one of them, or all three
            journal = bytearray(whole)
            BYTES[kind](journal, place, place)
            take = read_take(bytes(journal), written.audio)
            if take.state(2_600) not in TRANSCRIBED:
                take = read_take(recovered(bytes(journal), take, written.audio), written.audio)
                assert plan(take, 2_600).idle
            assert take.state(2_600) in TRANSCRIBED
            assert_nothing_is_lost(written, take, written.audio)
            assert_texts_are_once(take)
