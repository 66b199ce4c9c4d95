"""Random interleavings of actions, run ends and restarts: bounded runs, no stuck file, no leftovers."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from app.core.errors import Note
from app.files.events import (
    Add,
    Event,
    FileInspected,
    Forget,
    Halted,
    HaltRun,
    InspectFile,
    InspectionFailed,
    Keep,
    RunFailed,
    RunFile,
    RunFinished,
    RunProgress,
)
from app.files.queue import FileQueue
from app.files.result_store import decode_queue, encode_queue
from app.files.view import (
    MOST_FILES,
    CancelFiles,
    ChooseTrack,
    FileNote,
    FileState,
    MoveFile,
    PauseFiles,
    RemoveFiles,
    ResumeFiles,
    RetryFile,
)
from speech.media_file import SoundTrack
from tests.helpers.examples import examples

NOTE = Note(FileNote.DAMAGED)
PATHS = [f"/{letter}" for letter in "abcdef"]
FILES = st.integers(1, 12)
MAYBE = st.one_of(st.none(), FILES)


class World(RuleBasedStateMachine):
    """Environment that carries out the effects.

    ``kept``: files with results on disk.
    """

    def __init__(self) -> None:
        super().__init__()
        self.queue = FileQueue()
        self.at_once = 1
        self.looking: set[int] = set()
        self.running: dict[int, bool] = {}
        self.kept: set[int] = set()

    @initialize(at_once=st.integers(1, 3))
    def begin(self, at_once: int) -> None:
        self.at_once = at_once
        self.queue = FileQueue(at_once=at_once)
        assert self.queue.start() == []

    def tell(self, event: Event) -> None:
        self.perform(event)

    def perform(self, event: Event | None) -> None:
        effects = self.queue.start() if event is None else self.queue.handle(event)
        for effect in effects:
            match effect:
                case InspectFile(file):
                    assert file not in self.looking
                    self.looking.add(file)
                case RunFile(file):
                    assert file not in self.running, "two runs of one file"
                    self.running[file] = False
                    self.kept.add(file)
                case HaltRun(file):
                    assert self.running[file] is False, "halted twice"
                    self.running[file] = True
                case Forget(file):
                    assert file not in self.running, "forgotten while it runs"
                    self.kept.discard(file)
                case Keep():
                    pass

    # -- actions -------------------------------------------------------------------------------------------

    @rule(paths=st.lists(st.sampled_from(PATHS), max_size=4, unique=True))
    def add(self, paths: list[str]) -> None:
        self.tell(Add(tuple(paths)))

    @rule(file=MAYBE)
    def pause(self, file: int | None) -> None:
        self.tell(PauseFiles(file))

    @rule(file=MAYBE)
    def resume(self, file: int | None) -> None:
        self.tell(ResumeFiles(file))

    @rule(file=MAYBE)
    def cancel(self, file: int | None) -> None:
        self.tell(CancelFiles(file))

    @rule(file=FILES)
    def retry(self, file: int) -> None:
        self.tell(RetryFile(file))

    @rule(file=FILES, track=st.integers(1, 3))
    def choose_track(self, file: int, track: int) -> None:
        self.tell(ChooseTrack(file, track))

    @rule(file=MAYBE)
    def remove(self, file: int | None) -> None:
        self.tell(RemoveFiles(file))

    @rule(file=FILES, by=st.integers(-3, 3))
    def move(self, file: int, by: int) -> None:
        self.tell(MoveFile(file, by))

    # -- events --------------------------------------------------------------------------------------------

    @precondition(lambda self: self.looking)
    @rule(data=st.data(), good=st.booleans())
    def look_ends(self, data: st.DataObject, good: bool) -> None:
        file = data.draw(st.sampled_from(sorted(self.looking)))
        self.looking.remove(file)
        self.tell(FileInspected(file, 10.0, SoundTrack(1, 2)) if good else InspectionFailed(file, NOTE))

    @precondition(lambda self: self.looking)
    @rule()
    def all_are_inspected(self) -> None:
        """Let files get as far as their runs, which single steps rarely do."""
        for file in sorted(self.looking):
            self.looking.remove(file)
            self.tell(FileInspected(file, 10.0, SoundTrack(1, 2)))

    @rule(file=FILES, position_s=st.floats(0, 10))
    def progress(self, file: int, position_s: float) -> None:
        self.tell(RunProgress(file, position_s, "text"))

    @precondition(lambda self: self.running)
    @rule(data=st.data(), how=st.sampled_from(["finished", "gaps", "broken", "halted"]))
    def run_ends(self, data: st.DataObject, how: str) -> None:
        """End a run: a halting one may still finish, but only a halting one may halt."""
        file = data.draw(st.sampled_from(sorted(self.running)))
        halting = self.running.pop(file)
        if how == "broken":
            self.tell(RunFailed(file, NOTE))
        elif how == "halted" and halting:
            self.tell(Halted(file))
        else:
            self.tell(RunFinished(file, 10.0, "text", ("/x",), gaps=how == "gaps"))

    @rule()
    def restart(self) -> None:
        """Replace the program at any moment by one that reads the saved list."""
        again = decode_queue(encode_queue(self.queue))
        assert again is not None
        before, following = self.queue.view(), self.queue.following
        self.queue = FileQueue(again.files, again.saving, again.following, self.at_once)
        self.running.clear()
        self.looking.clear()
        self.kept &= {view.file for view in before.files}
        assert self.queue.following == following
        assert [view.path for view in self.queue.view().files] == [view.path for view in before.files]
        self.perform(None)

    # -- invariants ----------------------------------------------------------------------------------------

    @invariant()
    def runs_are_bounded_and_shown(self) -> None:
        assert len(self.running) <= self.at_once
        working = {view.file for view in self.queue.view().files if view.state is FileState.WORKING}
        assert working == {file for file, halting in self.running.items() if not halting}

    @invariant()
    def nothing_is_stuck(self) -> None:
        views = self.queue.view().files
        waiting = any(view.state is FileState.WAITING and view.file not in self.running for view in views)
        assert not waiting or len(self.running) == self.at_once
        added = {view.file for view in views if view.state is FileState.ADDED}
        assert added <= self.looking

    @invariant()
    def nothing_is_left_over(self) -> None:
        wanted = {view.file for view in self.queue.view().files}
        assert self.kept <= wanted | set(self.running)

    @invariant()
    def the_list_is_bounded_and_has_nothing_twice(self) -> None:
        views = self.queue.view().files
        assert len(views) <= MOST_FILES
        assert len({view.path for view in views}) == len(views)
        assert len({view.file for view in views}) == len(views)


TestQueue = World.TestCase
TestQueue.settings = settings(max_examples=examples(200), stateful_step_count=40)
