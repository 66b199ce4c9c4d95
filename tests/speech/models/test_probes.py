"""Probes of sources: sent concurrently, used in order."""

import threading
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from speech.models.catalogue import ModelFile
from speech.models.errors import SourceAway, SourceFailed, Stopped
from speech.models.files import StagingArea
from speech.models.probes import Probes
from speech.models.progress import Report
from speech.models.stop import Stop
from tests.helpers.waiting import wait_until_sync
from tests.speech.models.example import serve
from tests.speech.models.server import FileServer
from tests.speech.models.stopping import stopped_when


@dataclass(frozen=True)
class Scripted:
    """Source that answers a probe as ``act`` does."""

    name: str
    act: Callable[[], None]

    def has(self, file: ModelFile) -> bool:
        raise AssertionError("only probed here")

    def scratch_bytes(self, stage: StagingArea) -> int:
        raise AssertionError("only probed here")

    def probe(self, deadline_s: float) -> None:
        self.act()

    def fetch(self, file: ModelFile, stage: StagingArea, report: Report) -> None:
        raise AssertionError("only probed here")


def refuse() -> None:
    raise SourceFailed("out of order")


def test_probes_keep_the_order_of_sources_and_their_errors() -> None:
    probes = Probes([Scripted("a", lambda: None), Scripted("b", refuse), Scripted("c", lambda: None)], 30)
    assert [(source.name, str(problem)) for source, problem in probes] == [
        ("a", "None"),
        ("b", "out of order"),
        ("c", "None"),
    ]


def test_probes_run_concurrently() -> None:
    together = threading.Barrier(3, timeout=30)
    probes = Probes([Scripted(name, lambda: void(together.wait())) for name in "abc"], 30)
    assert [problem for _, problem in probes] == [None, None, None]


def test_first_probe_result_does_not_wait_for_the_others() -> None:
    never = threading.Event()
    try:
        probes = Probes([Scripted("a", lambda: None), Scripted("b", lambda: void(never.wait()))], 1e6)
        source, problem = next(iter(probes))
        assert (source.name, problem) == ("a", None)
    finally:
        never.set()


def test_probes_wait_for_silent_servers_concurrently(server: FileServer) -> None:
    hubs = [serve(server, f"{name}/") for name in "abcdefgh"]
    for file in server.files.values():
        file.silent = True
    probes = Probes(hubs, 60)
    wait_until_sync(lambda: len(server.asked) == len(hubs), "all are asked while none has answered", 30)
    server.release.set()
    assert all(problem is not None for _, problem in probes)


def test_probe_of_a_silent_server_has_a_deadline(server: FileServer) -> None:
    hub = serve(server)
    server.files["/weights.bin"].silent = True
    ((_, problem),) = Probes([hub], 0.2)
    assert "0.2 s" in str(problem)


def test_probe_results_can_be_iterated_twice() -> None:
    probes = Probes([Scripted("a", lambda: None), Scripted("b", refuse)], 30)
    assert [str(problem) for _, problem in probes] == [str(problem) for _, problem in probes]


def test_probes_exclude_slow_and_dead_hosts(server: FileServer) -> None:
    slow, living = serve(server, "slow/"), serve(server, "living/")
    for path, file in server.files.items():
        file.silent = path.startswith("/slow")
    dead = type(living)("dead", {"weights.bin": "http://127.0.0.1:9/w"}, "weights.bin")
    outcomes = {source.name: problem for source, problem in Probes([living, slow, dead], 3.0)}
    assert outcomes["living/"] is None
    assert isinstance(outcomes["slow/"], SourceAway)
    assert isinstance(outcomes["dead"], SourceAway)


def void(value: object) -> None:
    """Drop a value, so that a lambda returns ``None``."""


def test_stop_ends_the_wait_for_a_probe() -> None:
    stop, never, probed = Stop(), threading.Event(), threading.Event()

    def silent() -> None:
        probed.set()
        never.wait()

    try:
        with stopped_when(stop, probed.is_set), pytest.raises(Stopped):
            list(Probes([Scripted("a", silent)], 1e6, stop))
    finally:
        never.set()
