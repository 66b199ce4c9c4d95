"""Edits while results arrive, compared with a model: each word is there once, unless the user removed it."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from app.history.history import edit_take
from app.journal.events import Begin, Edited, End
from app.journal.library import Library
from app.journal.take import Take
from protocol.session import Final
from tests.helpers.examples import examples

WORDS = ("zero", "one", "two", "three")
SPANS = {4: (0, 1), 5: (2, 3)}
RATE = 16_000
STEPS = st.lists(
    st.tuples(
        st.sampled_from(("arrive", "arrive", "span", "look", "type", "remove", "save")),
        st.integers(0, 9),
    ),
    max_size=25,
)


class Bench:
    """A take in memory, in the place of a library, and an editor. ``seen``: the segments in the editor's text."""

    def __init__(self) -> None:
        self.take = Take()
        self.samples = len(WORDS) * RATE
        for number in range(len(WORDS)):
            self._apply(Begin(number, number * RATE), End(number, RATE // 2))
        for number, pieces in SPANS.items():
            self._apply(Begin(number, pieces[0] * RATE, replaces=pieces), End(number, 3 * RATE // 2))
        self.arrived, self.seen = set[int](), set[int]()
        self.draft, self.revision, self.typed = list[str](), 0, 0
        self.stored = Counter[str]()  # the words that the take must have

    def _apply(self, *events: Any) -> None:
        for event in events:
            self.take.apply(event)

    @contextmanager
    def reopen(self, session: UUID) -> Iterator["Bench"]:
        """Serve as library and journal."""
        yield self

    def edit(self, text: str) -> None:
        """Store an edit, as a journal does."""
        self._apply(Edited(text))

    @property
    def text(self) -> str:
        """The text of the take."""
        return self.take.edited or self.take.transcript(self.samples).text

    def step(self, what: str, number: int) -> None:
        """Let a result arrive, or let the user do something."""
        match what:
            case "arrive" if (segment := number % len(WORDS)) not in self.arrived:
                self.arrived.add(segment)
                self.stored[WORDS[segment]] += 1
                self._apply(Final(segment, WORDS[segment]))
            case "span" if self.arrived.issuperset(pieces := SPANS[4 + number % 2]):
                self._apply(Final(4 + number % 2, " ".join(WORDS[piece] for piece in pieces)))
            case "look":
                self.draft, self.revision, self.seen = self.text.split(), self.take.revision, set(self.arrived)
            case "type":
                self.typed += 1
                self.draft.insert(number % (len(self.draft) + 1), f"typed{self.typed}")
            case "remove" if self.draft:
                del self.draft[number % len(self.draft)]
            case "save":
                edit_take(cast("Library", self), UUID(int=1), " ".join(self.draft), self.revision)
                later = self.arrived - self.seen if self.draft else self.arrived
                self.stored = Counter([*self.draft, *(WORDS[segment] for segment in later)])


@settings(max_examples=examples(2_000))
@given(STEPS)
def test_each_word_is_there_once_unless_the_user_removed_it(steps: list[tuple[str, int]]) -> None:
    bench = Bench()
    for what, number in steps:
        bench.step(what, number)
        assert Counter(bench.text.split()) == +bench.stored
