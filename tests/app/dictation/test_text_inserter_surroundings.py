"""Texts are fitted to the text around the caret, and held if no field accepts them."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from app.dictation.delivery_log import DeliveryLog
from app.dictation.insertion_queue import ReadyTexts, SegmentId
from app.dictation.messages import Event, InsertionEnded, InsertText
from app.dictation.text_inserter import InsertionMeans, TextInserter
from app.insertion.outcome import (
    FocusKind,
    HoldReason,
    Insertion,
    InsertionResult,
    Target,
    TextSurroundings,
    held_insertion,
)
from app.insertion.plan import ProgramRule, Rules
from app.journal.library import Library
from runtime.tasks import Tasks
from tests.app.dictation.world import WINDOW, FakeInserter
from tests.helpers.waiting import wait_until


@pytest.fixture
async def tasks() -> AsyncIterator[Tasks]:
    async with Tasks("test") as tasks:
        yield tasks


async def surrounded(
    tmp_path: Path,
    tasks: Tasks,
    found: TextSurroundings | None,
    texts: ReadyTexts,
    inserter: FakeInserter | None = None,
    rules: Rules | None = None,
) -> tuple[FakeInserter, Insertion]:
    """Insert texts on a desktop that reports these surroundings; return the inserter and the outcome."""

    async def read(target: Target) -> TextSurroundings | None:
        return found

    inserter, events = inserter or FakeInserter(), list[Event]()
    means = InsertionMeans(inserter, read_around=read, rules=lambda: rules or Rules())
    work = TextInserter(means, DeliveryLog(Library(tmp_path)), events.append, tasks)
    work.perform(InsertText(texts))
    await wait_until(lambda: events, "the outcome is told")
    (ended,) = events
    assert isinstance(ended, InsertionEnded)
    return inserter, ended.insertion


@pytest.mark.parametrize(
    ("found", "pasted", "outcome"),
    [
        (TextSurroundings(FocusKind.PASSWORD), False, held_insertion(HoldReason.PASSWORD)),
        (TextSurroundings(FocusKind.PASSWORD), True, held_insertion(HoldReason.PASSWORD)),
        (TextSurroundings(FocusKind.NO_FIELD), False, held_insertion(HoldReason.NO_FIELD)),
        (TextSurroundings(FocusKind.NO_FIELD), True, Insertion(InsertionResult.TYPED)),
        (None, False, Insertion(InsertionResult.TYPED)),
    ],
)
async def test_text_is_held_where_no_field_takes_it(
    found: TextSurroundings | None, pasted: bool, outcome: Insertion, tmp_path: Path, tasks: Tasks
) -> None:
    texts = ReadyTexts((SegmentId(1, 0),), ("kia ora",), "kia ora", WINDOW, pasted)
    inserter, insertion = await surrounded(tmp_path, tasks, found, texts)
    assert insertion == outcome
    assert inserter.texts == ([("kia ora", WINDOW)] if insertion.how is InsertionResult.TYPED else [])


async def test_text_fits_to_the_text_before_the_caret(tmp_path: Path, tasks: Tasks) -> None:
    texts = ReadyTexts((SegmentId(1, 0),), ("This is it.",), "This is it.", WINDOW)
    inserter, _ = await surrounded(tmp_path, tasks, TextSurroundings(FocusKind.FIELD, "I think"), texts)
    assert inserter.texts == [(" this is it.", WINDOW)]


@pytest.mark.parametrize(
    ("rest", "outcome"),
    [
        ("", Insertion(InsertionResult.TYPED)),
        (" ", Insertion(InsertionResult.TYPED)),
        ("it. ", held_insertion(HoldReason.PARTLY_TYPED, "it.")),
    ],
)
async def test_space_before_the_word_after_the_caret_is_no_part_of_a_missing_rest(
    rest: str, outcome: Insertion, tmp_path: Path, tasks: Tasks
) -> None:
    class Partly(FakeInserter):
        async def insert(self, text: str, target: Target | None) -> Insertion:
            self.texts.append((text, target))
            return held_insertion(HoldReason.PARTLY_TYPED, rest) if rest else Insertion(InsertionResult.TYPED)

    texts = ReadyTexts((SegmentId(1, 0),), ("This is it.",), "This is it.", WINDOW)
    found = TextSurroundings(FocusKind.FIELD, "Yes. ", "D")
    inserter, ended = await surrounded(tmp_path, tasks, found, texts, Partly())
    assert inserter.texts == [("This is it. ", WINDOW)] and ended == outcome


async def test_joint_within_a_recording_stays(tmp_path: Path, tasks: Tasks) -> None:
    texts = ReadyTexts((SegmentId(1, 1),), (" This is it.",), " This is it.", WINDOW, continues="I think")
    inserter, _ = await surrounded(tmp_path, tasks, TextSurroundings(FocusKind.FIELD, "I think"), texts)
    assert inserter.texts == [(" This is it.", WINDOW)]


CHAT = replace(WINDOW, program="chat")
RULES = Rules(programs=(ProgramRule("chat", full_stop=False),))


@pytest.mark.parametrize(
    ("before", "said", "inserted"),
    [
        ((None, None), ("你好。", "世界。"), ("你好", " 世界")),
        (("", "你好"), ("你好。", "世界。"), ("你好", "。世界")),
        (("", ""), ("你好。", "世界。"), ("你好", "世界")),
        ((None, None), ("It works.", " Next we test."), ("It works", " Next we test")),
        (("", "It works"), ("It works.", " Next we test."), ("It works", ". Next we test")),
        (("", "Yes"), ("Is it?", " Next we test."), ("Is it?", " next we test")),
        ((None, None), ("Is it?", "世界。"), ("Is it?", "世界")),
    ],
)
async def test_full_stop_that_a_program_did_not_get_comes_before_the_next_text(
    before: tuple[str | None, ...],
    said: tuple[str, str],
    inserted: tuple[str, str],
    tmp_path: Path,
    tasks: Tasks,
) -> None:
    there = iter(before)

    async def read(target: Target) -> TextSurroundings | None:
        found = next(there)
        return None if found is None else TextSurroundings(FocusKind.FIELD, found)

    inserter, events = FakeInserter(CHAT), list[Event]()
    means = InsertionMeans(inserter, read_around=read, rules=lambda: RULES)
    work = TextInserter(means, DeliveryLog(Library(tmp_path)), events.append, tasks)
    for number, text in enumerate(said):
        continues = said[0] if number else ""
        work.perform(InsertText(ReadyTexts((SegmentId(1, number),), (text,), text, CHAT, continues=continues)))
        await wait_until(lambda: len(events) == number + 1, "the outcome is told")  # noqa: B023 # read at once
    assert inserter.texts == [(text, CHAT) for text in inserted]


async def test_missing_rest_has_the_full_stop_that_the_program_does_not_get(tmp_path: Path, tasks: Tasks) -> None:
    class Partly(FakeInserter):
        async def insert(self, text: str, target: Target | None) -> Insertion:
            self.texts.append((text, target))
            return held_insertion(HoldReason.PARTLY_TYPED, "it")

    texts = ReadyTexts((SegmentId(1, 0),), ("This is it.",), "This is it.", CHAT)
    inserter, ended = await surrounded(tmp_path, tasks, None, texts, Partly(), RULES)
    assert inserter.texts == [("This is it", CHAT)]
    assert ended == held_insertion(HoldReason.PARTLY_TYPED, "it.")
