"""Sources are asked all at once, and used in their order."""

import threading
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from speech.models.catalogue import ModelFile
from speech.models.errors import SourceFailed, Stopped
from speech.models.files import Stage
from speech.models.probing import Probes
from speech.models.progress import Report
from speech.models.stopping import Stop
from tests.helpers.waiting import wait_until_sync
from tests.speech.models.asking import asked_when
from tests.speech.models.example import serve
from tests.speech.models.server import FileServer


@dataclass(frozen=True)
class Scripted:
    """A source that answers a probe as ``act`` does."""

    name: str
    act: Callable[[], None]

    def has(self, file: ModelFile) -> bool:
        raise AssertionError("only probed here")

    def scratch_bytes(self, stage: Stage) -> int:
        raise AssertionError("only probed here")

    def probe(self, deadline_s: float) -> None:
        self.act()

    def fetch(self, file: ModelFile, stage: Stage, report: Report) -> None:
        raise AssertionError("only probed here")


def refuse() -> None:
    raise SourceFailed("out of order")


def test_the_order_is_that_of_the_sources_and_failures_carry_their_reason() -> None:
    probes = Probes([Scripted("a", lambda: None), Scripted("b", refuse), Scripted("c", lambda: None)], 30)
    assert [(source.name, str(problem)) for source, problem in probes] == [
        ("a", "None"),
        ("b", "out of order"),
        ("c", "None"),
    ]


def test_all_are_asked_before_anyone_has_answered() -> None:
    together = threading.Barrier(3, timeout=30)
    probes = Probes([Scripted(name, lambda: void(together.wait())) for name in "abc"], 30)
    assert [problem for _, problem in probes] == [None, None, None]


def test_the_first_is_used_without_waiting_for_the_others() -> None:
    never = threading.Event()
    try:
        probes = Probes([Scripted("a", lambda: None), Scripted("b", lambda: void(never.wait()))], 1e6)
        source, problem = next(iter(probes))
        assert (source.name, problem) == ("a", None)
    finally:
        never.set()


def test_silent_servers_are_all_waited_for_at_once(server: FileServer) -> None:
    hubs = [serve(server, f"{name}/") for name in "abcdefgh"]
    for file in server.files.values():
        file.silent = True
    probes = Probes(hubs, 60)
    wait_until_sync(lambda: len(server.asked) == len(hubs), "all are asked while none has answered", 30)
    server.release.set()
    assert all(problem is not None for _, problem in probes)


def test_silence_has_a_deadline(server: FileServer) -> None:
    hub = serve(server)
    server.files["/weights.bin"].silent = True
    ((_, problem),) = Probes([hub], 0.2)
    assert "0.2 s" in str(problem)


def test_an_answer_can_be_read_twice() -> None:
    probes = Probes([Scripted("a", lambda: None), Scripted("b", refuse)], 30)
    assert [str(problem) for _, problem in probes] == [str(problem) for _, problem in probes]


def test_a_slow_first_byte_and_a_dead_host_are_out_and_a_living_one_is_in(server: FileServer) -> None:
    slow, living = serve(server, "slow/"), serve(server, "living/")
    for path, file in server.files.items():
        file.silent = path.startswith("/slow")
    dead = type(living)("dead", {"weights.bin": "http://127.0.0.1:9/w"}, "weights.bin")
    outcomes = {source.name: problem for source, problem in Probes([living, slow, dead], 3.0)}
    assert outcomes["living/"] is None
    assert outcomes["slow/"] is not None
    assert outcomes["dead"] is not None


def void(value: object) -> None:
    """Drop a value, so that a lambda returns nothing."""


def test_who_waits_for_an_answer_can_be_stopped() -> None:
    stop, never, asked = Stop(), threading.Event(), threading.Event()

    def silent() -> None:
        asked.set()
        never.wait()

    try:
        with asked_when(stop, asked.is_set), pytest.raises(Stopped):
            list(Probes([Scripted("a", silent)], 1e6, stop))
    finally:
        never.set()
