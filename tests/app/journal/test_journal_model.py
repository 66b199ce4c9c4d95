"""The journal against a model, with crashes, power losses and full disks at any moment."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from app.journal.disk import AUDIO, EVENTS
from app.journal.errors import NotKept
from app.journal.journal import Journal
from app.journal.recovery import Replay, plan
from client.events import Outcome
from protocol.errors import ErrorCode
from protocol.recognition import Options
from protocol.session import Failed, Final
from tests.app.journal.files import FaultyFile, opened_in, tone
from tests.helpers.examples import examples

ID = UUID(int=9)
MEMORY = 2 * 40_000


@dataclass
class Said:
    """The expected state of a segment."""

    at: int
    samples: int | None = None
    outcome: Outcome | None = None
    cancelled: bool = False


class JournalModel(RuleBasedStateMachine):
    """A model of the journal: completed calls are never lost, and nothing else is recorded."""

    def __init__(self) -> None:
        super().__init__()
        self.root = Path(tempfile.mkdtemp(prefix="kiki-journal-"))
        self.lives = 0
        self.heard = 0
        self.said: list[Said] = []
        self.lines = 1  # events recorded by completed calls
        self.torn = False  # half of a refused event may follow them
        self.files: dict[str, FaultyFile] = {}

    @initialize()
    def create(self) -> None:
        Journal.create(self.root / "0", ID, Options(), 0).close()
        self.open()

    def open(self) -> None:
        place = self.root / str(self.lives)
        self.journal = Journal.reopen(place, ID, lambda path: opened_in(self.files, path, patient=False), MEMORY)
        self.torn = False

    @contextmanager
    def recording(self) -> Iterator[None]:
        """Record one event in the model, unless the disk refuses it."""
        try:
            yield
        except NotKept:
            self.torn = True
        else:
            self.lines += 1
            self.torn = False

    @property
    def current(self) -> Said | None:
        """The segment that has not ended yet, if any."""
        return self.said[-1] if self.said and self.said[-1].samples is None else None

    # -- recording -----------------------------------------------------------------------------------------

    @rule(samples=st.integers(0, 4_000))
    def append(self, samples: int) -> None:
        try:
            self.journal.append(tone(self.heard, samples))
        except NotKept:
            assert self.files[AUDIO].room is not None
        else:
            self.heard += samples

    @precondition(lambda self: self.current is None)
    @rule(gap=st.integers(0, 500))
    def begin(self, gap: int) -> None:
        at = min(self.heard, (self.said[-1].at + (self.said[-1].samples or 0) if self.said else 0) + gap)
        with self.recording():
            self.journal.begin(len(self.said), at)
            self.said.append(Said(at))

    @precondition(lambda self: self.current is not None and not self.current.cancelled)
    @rule(back=st.integers(0, 100))
    def end(self, back: int) -> None:
        said = self.said[-1]
        samples = max(0, self.heard - said.at - back)
        with self.recording():
            self.journal.end(len(self.said) - 1, samples)
            said.samples = samples

    @precondition(lambda self: self.said)
    @rule(which=st.integers(0, 9), how=st.sampled_from(["final", "final", "failed", "cancel"]), text=st.text())
    def settle(self, which: int, how: str, text: str) -> None:
        number = which % len(self.said)
        said = self.said[number]
        outcomes: dict[str, Outcome] = {
            "final": Final(number, text),
            "failed": Failed(number, ErrorCode.BUSY, text),
        }
        outcome = outcomes.get(how)
        if said.cancelled or isinstance(said.outcome, Final):
            return self.journal.settle(number, outcome)  # writes nothing
        with self.recording():
            self.journal.settle(number, outcome)
            if outcome is None:
                said.cancelled = True
                said.samples = 0 if said.samples is None else said.samples
            said.outcome = outcome or said.outcome

    # -- disk ----------------------------------------------------------------------------------------------

    @rule(room=st.one_of(st.none(), st.integers(0, 3_000)))
    def disk_gets_room(self, room: int | None) -> None:
        for file in self.files.values():
            file.room = room

    @rule()
    def flush(self) -> None:
        with suppress(NotKept):
            self.journal._writer.record()
            assert self.files[AUDIO].synced == 2 * self.heard

    @rule(power=st.booleans(), share=st.floats(0, 1))
    def crash(self, power: bool, share: float) -> None:
        """Simulate ``kill -9``, which keeps all written data, or a power loss.

        A power loss keeps the synced data and any share of the rest.
        """
        before, after = self.root / str(self.lives), self.root / str(self.lives + 1)
        sizes = {name: self.left_of(file, power, share) for name, file in self.files.items()}
        shutil.copytree(before, after)
        for name, size in sizes.items():
            with (after / str(ID) / name).open("r+b") as copy:
                copy.truncate(size)
        self.disk_gets_room(None)
        self.journal.close()
        self.lives += 1
        self.open()
        assert sizes[AUDIO] // 2 <= self.journal.samples <= self.heard
        self.heard = self.journal.samples
        for said in self.said:  # an event on disk never refers to audio that is not
            assert said.at + (said.samples or 0) <= self.heard

    @staticmethod
    def left_of(file: FaultyFile, power: bool, share: float) -> int:
        return file.synced + round((file.size - file.synced) * share) if power else file.size

    @rule()
    def end_properly(self) -> None:
        self.disk_gets_room(None)
        self.journal.close()
        self.open()
        assert self.journal.samples == self.heard

    # -- invariants ----------------------------------------------------------------------------------------

    @invariant()
    def everything_is_there(self) -> None:
        spoken = self.journal.take.segments
        found = [Said(each.at, each.samples, each.outcome, each.cancelled) for each in spoken.values()]
        assert found == self.said
        assert self.journal.samples == self.heard
        assert np.array_equal(np.frombuffer(self.journal.audio(0, self.heard), "<i2"), tone(0, self.heard))

    @invariant()
    def what_has_no_text_can_be_sent_again(self) -> None:
        for step in plan(self.journal.take, self.heard).steps:
            if isinstance(step, Replay):
                pcm = self.journal.audio(step.at, step.samples)
                assert pcm == tone(step.at, step.samples).tobytes()
                assert step.samples == self.said[step.segment].samples

    @invariant()
    def events_are_whole_lines_before_half_of_a_refused_one(self) -> None:
        """Allow at most half a line of a refused event, until the next event or the next opening removes it."""
        whole, _, rest = (self.journal.folder / EVENTS).read_bytes().rpartition(b"\n")
        assert whole.count(b"\n") + 1 == self.lines
        assert self.torn or not rest

    def teardown(self) -> None:
        try:
            self.crash(power=True, share=0)
            self.everything_is_there()
            self.journal.close()
        finally:
            shutil.rmtree(self.root)


TestJournalModel = JournalModel.TestCase
TestJournalModel.settings = settings(max_examples=examples(40), stateful_step_count=25)
