"""The history joins the texts of a recording as they were inserted, however they were grouped."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.dictation.insertion_queue import InsertionQueue, SegmentId
from app.insertion.outcome import Insertion, InsertionResult, Target
from app.journal.events import Begin, End, Inserted, Inserting, Replaced
from app.journal.take import Take
from protocol.audio import SAMPLE_RATE, samples_to_ms
from protocol.session import Final
from tests.helpers.examples import examples

TARGET = Target(1)
TEXTS = st.sampled_from(
    (
        "I saw it this afternoon.",
        "And then we left.",
        "and then we left",
        "It is for the",
        "With the dog.",
        "7.",
        "8.",
        "He said that",
        "Of course.",
        "我知道。",
        "然后我们走了。",
        "\n",
        "Dear Anna,\n",
        "\nIn the end.",
    )
)
PAUSES_S = st.sampled_from((0.0, 0.1, 0.5, 1.0, 2.5, 5.0))


class Document:
    """Recording with its journal and the document into which its texts are inserted."""

    def __init__(self, spoken: list[tuple[str, float]]) -> None:
        self.spoken, self.text, self.samples = spoken, "", 0
        self.take, self.queue = Take(), InsertionQueue()
        self.times: list[tuple[int, int]] = []
        self.queue.begin(1)
        self.queue.set_target(1, TARGET)
        for number, (text, pause_s) in enumerate(spoken):
            for event in (Begin(number, self.samples), End(number, SAMPLE_RATE), Final(number, "x" + text)):
                self.take.apply(event)
            self.take.apply(Replaced(number, text))
            self.times.append((samples_to_ms(self.samples), samples_to_ms(self.samples + SAMPLE_RATE)))
            self.samples += SAMPLE_RATE + round(pause_s * SAMPLE_RATE)

    def arrive(self, number: int) -> None:
        self.queue.result(SegmentId(1, number), self.spoken[number][0], 0.0, self.times[number])
        self.begin_insertion()

    def begin_insertion(self) -> None:
        if self.queue.inserting is None and (ready := self.queue.next()):
            for piece in ready.pieces:
                self.take.apply(Inserting(piece.segment))

    def end_insertion(self) -> None:
        if (ready := self.queue.inserting) is not None:
            self.text += ready.text
            for piece in self.queue.inserted(Insertion(InsertionResult.TYPED)):
                self.take.apply(Inserted(piece.segment))
            self.begin_insertion()

    def end_all(self) -> None:
        while self.queue.inserting is not None:
            self.end_insertion()


@settings(max_examples=examples(400))
@given(spoken=st.lists(st.tuples(TEXTS, PAUSES_S), min_size=2, max_size=6), data=st.data())
def test_history_has_each_text_as_it_was_inserted(spoken: list[tuple[str, float]], data: st.DataObject) -> None:
    document = Document(spoken)
    for number in data.draw(st.permutations(range(len(spoken)))):
        document.arrive(number)
        if data.draw(st.booleans()):
            document.end_insertion()
    document.end_all()
    assert document.take.transcript(document.samples).text == document.text.strip()


@pytest.mark.parametrize(
    "texts",
    [
        ("and then we left", "我知道。", "With the dog.", "I saw it this afternoon."),
        ("And then we left", "with the", "dog.", "I saw it this afternoon."),
    ],
)
def test_history_and_document_join_the_same_sentences(texts: tuple[str, ...]) -> None:
    document = Document([(text, 0.0) for text in texts])
    for number, _ in enumerate(texts):
        document.arrive(number)
        if number == len(texts) - 3:
            document.end_insertion()
    document.end_all()
    assert document.take.transcript(document.samples).text == document.text.strip()


def test_history_has_texts_that_were_inserted_together_after_another() -> None:
    document = Document([("It is for the", 0.0), ("Of course.", 0.5), ("He said that", 0.5)])
    for number in range(3):
        document.arrive(number)
    document.end_all()
    assert document.take.transcript(document.samples).text == document.text.strip()
