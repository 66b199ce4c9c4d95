"""Session of a process that dies, and of the next one, which only has what the journal kept."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from client.segment import Outgoing
from client.session import Session
from protocol.audio import FRAME_SAMPLES
from protocol.recognition import Options
from protocol.session import PLAIN, Failed, Final, SegmentCancel, SegmentDetails
from tests.client.test_session_model import ID, AgainstModelGateway
from tests.helpers.examples import examples


class OfProcessesThatDie(AgainstModelGateway):
    """Processes that die at random: each segment ends once, whatever the gateway knows that the next process does
    not.

    A result may be kept in memory only, as on a disk that became read-only, or the disk may lose one that it kept.
    A process begins known segments again, and recognises those again that had failed.
    """

    def __init__(self) -> None:
        super().__init__()
        self.details: list[SegmentDetails] = []
        self.read_only = False
        self.on_disk: dict[int, Final] = {}
        self.given_up = False

    @precondition(lambda self: not self.speaking and len(self.spoken) < 6)
    @rule(details=st.sampled_from([PLAIN, SegmentDetails(replaces=(0,))]))
    def begin(self, details: SegmentDetails) -> None:
        super().begin(details)
        self.details.append(details)

    @precondition(lambda self: not self.speaking and len(self.spoken) < 6)
    @rule()
    def all_goes_well(self) -> None:
        """Let a whole segment end, which single steps rarely do."""
        if not self.connected:
            self.connect()
        self.begin(PLAIN)
        self.speak(FRAME_SAMPLES)
        self.end()
        for _ in range(3):
            self.client_sends(12)
            self.gateway_reads(12)
            if self.gateway.broker.jobs:
                self.job_ends("recognise")
            self.client_reads(12)
        self.client_sends(12)
        self.gateway_reads(12)

    @rule()
    def disk_changes(self) -> None:
        self.read_only = not self.read_only

    def check(self, outgoing: Outgoing) -> None:
        """Also note segments that a gateway forgets although only this process has their results."""
        super().check(outgoing)
        if isinstance(outgoing, SegmentCancel) and outgoing.segment not in self.on_disk.keys() | self.cancelled:
            self.given_up = True

    def keep(self, outcome: Final | Failed) -> None:
        """Keep a result; the gateway may forget only one that is on the disk."""
        number = outcome.segment
        self.results[number] += 1
        assert number not in self.cancelled
        if self.read_only:
            return
        self.session.confirm_stored(number)
        if isinstance(outcome, Final):
            self.on_disk[number] = outcome

    @precondition(lambda self: self.results)
    @rule(arrived=st.integers(0, 5), lost=st.sampled_from([False, False, True]))
    def process_dies(self, arrived: int, lost: bool) -> None:
        if self.connected:
            self.connection_breaks(arrived, gateway_dies=False)
        if lost and self.on_disk:
            self.on_disk.popitem()
            self.given_up = True
        self.begin_again()

    def begin_again(self) -> None:
        self.speaking = False
        self.results.clear()
        self.guesses.clear()
        self.session = Session(ID, Options(), resume=True)
        for number, samples in enumerate(self.spoken):
            self.session.begin(number, 0, self.details[number])
            if number in self.on_disk or number in self.cancelled:
                self.session.cancel(number)
            else:
                self.session.append(number, samples)
                self.session.end(number)
            if number in self.on_disk:
                self.results[number] = 1

    def complete(self) -> None:
        """Resume in another session if the gateway has lost a segment that has no result here."""
        super().complete()
        if not self.session.done and self.session.owed:
            assert self.given_up
            self.connection_breaks(0, gateway_dies=False)
            self.begin_again()
            self.another_broker()
            super().complete()


TestOfProcessesThatDie = OfProcessesThatDie.TestCase
TestOfProcessesThatDie.settings = settings(max_examples=examples(100), stateful_step_count=50)
