"""The model of ``test_state_machine_model`` with room for two takes, and with events of the system.

The oldest take is put aside when a third begins. The screen locks, the computer sleeps, recordings reach a limit,
the user quits and returns, texts are in another script, and texts are copied instead of inserted.
"""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from app.core.errors import Note
from app.core.transcript import TranscriptSegment
from app.dictation.actions import Verb
from app.dictation.insertion_queue import SegmentId
from app.dictation.messages import Effect, Locked, PutAside, Recognised, TakeLimit, Woke
from app.dictation.state_machine import Dictation
from app.insertion.outcome import InsertionResult
from tests.app.dictation.test_state_machine_model import WORDS, Take, World
from tests.helpers.examples import examples


class CrowdedWorld(World):
    """Model in which takes are put aside."""

    def __init__(self) -> None:
        super().__init__()
        self.dictation = Dictation(most_takes=2)
        self.aside: list[Take] = []

    def perform(self, effect: Effect) -> None:
        if not isinstance(effect, PutAside):
            return super().perform(effect)
        take = self.takes[effect.take]
        assert not take.recording and not take.closed
        take.ended = True
        self.aside.append(take)

    @rule(event=st.sampled_from([Woke(), Locked()]))
    def recording_is_ended_by_the_system(self, event: Woke | Locked) -> None:
        self.tell(event)
        assert self.dictation.recording is None

    @precondition(lambda self: self.dictation.recording is not None)
    @rule()
    def recording_reaches_a_limit(self) -> None:
        assert self.dictation.recording is not None
        self.tell(TakeLimit(self.dictation.recording, Note("too-long")))
        assert self.dictation.recording is None

    @precondition(lambda self: self.dictation.pending)
    @rule()
    def user_quits_and_returns(self) -> None:
        self.tell(Verb.QUIT)
        assert not self.left, "texts are awaited"
        self.tell(Verb.SHOW)

    @precondition(lambda self: any(take.open for take in self.live))
    @rule(data=st.data(), word=st.sampled_from(WORDS))
    def foreign_result(self, data: st.DataObject, word: str) -> None:
        take = self.some(data, [take for take in self.live if take.open])
        segment = data.draw(st.sampled_from(take.open))
        take.texts[segment] = word
        self.tell(Recognised(take.number, TranscriptSegment(segment, 0, 1, text=word), foreign=True))
        held = SegmentId(take.number, segment) in self.held
        assert held is (bool(word.strip()) and not take.dropped), "inserted although the user has not asked for it"

    @precondition(lambda self: self.flight is not None and self.flight.pasted)
    @rule()
    def text_is_copied(self) -> None:
        self.end_insertion(InsertionResult.COPIED, 0)

    def teardown(self) -> None:
        for take in self.aside:  # the search for its window goes on
            self.aim(take)
        super().teardown()


CrowdedWorld.TestCase.settings = settings(max_examples=examples(400), stateful_step_count=60)
test_crowded_world = CrowdedWorld.TestCase
