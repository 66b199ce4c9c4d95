"""Command ``chaos`` on its own stack, and its refusals."""

import json
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from tests.helpers.chain import KEY, running_chain
from tests.helpers.ports import free_port
from tests.helpers.processes import gone
from tests.helpers.valkey import Broker, running_broker
from tests.helpers.waiting import wait_until_sync
from tests.loadtest.chaos.sleepers import stands
from tests.loadtest.program import run, run_apart, start

SMALL = ("chaos", "--own-stack", "--seed", "1", "--speakers", "4")


def below(popen: "subprocess.Popen[str]") -> list[psutil.Process]:
    """Return all descendants of the program."""
    with suppress(psutil.Error):
        return psutil.Process(popen.pid).children(recursive=True)
    return []


def standing(popen: "subprocess.Popen[str]") -> bool:
    """Return whether a process of the program is stopped."""
    with suppress(psutil.Error):
        return any(stands(process) for process in below(popen))
    return False


def listens(port: int) -> bool:
    """Return whether a program listens on the port of this computer."""
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1.0):
        return True
    return False


@pytest.mark.serial
@pytest.mark.timeout(300)
def test_every_kind_of_event_loses_no_segment(tmp_path: Path) -> None:
    """About one event per second: each kind once, at processes and networks that are all our own."""
    events = ("--minutes", "0.4", "--rate", "84", "--longest", "1.5")
    done = run_apart(tmp_path, *SMALL, *events, "--report", str(tmp_path / "r"), timeout=270.0)
    report = json.loads((tmp_path / "r" / "report.json").read_text())
    assert done.returncode == 0, (report["figures"], report["marks"], done.stderr)
    figures = report["figures"]
    assert figures["right"] == figures["segments"] > 10
    assert (figures["errors"], figures["finished"]) == (0, 4)
    assert len(report["marks"]) == len(report["plan"]["events"]) == 26
    kinds = {(event["kind"], event["target"]) for event in report["plan"]["events"]}
    assert len(kinds) >= 23, "every kind has come"
    page = (tmp_path / "r" / "report.html").read_text()
    assert "Every promise was kept" in page and "<h2>Events</h2>" in page and 'class="span"' in page
    printed = re.findall(r"^ +\d+\.\d\d s .*$", done.stderr, re.MULTILINE)
    assert len(printed) == 26, "the plan is printed"
    again = run(tmp_path, "chaos", "--own-stack", "--replay", str(tmp_path / "r" / "report.json"), "--dry-run")
    assert (again.returncode, again.stderr.splitlines()) == (0, printed)


@pytest.mark.proof(minutes=7)
def test_hundred_events_lose_no_segment(tmp_path: Path) -> None:
    program = start(tmp_path, *SMALL, "--minutes", "5", "--rate", "20", "--report", str(tmp_path / "r"))
    program.communicate(timeout=600)
    report = json.loads((tmp_path / "r" / "report.json").read_text())
    sys.stdout.write(f"{[promise['found'] for promise in report['promises']]}\n")
    assert program.returncode == 0, (report["figures"], report["marks"])


@pytest.mark.serial
def test_interrupted_run_leaves_nothing_behind(tmp_path: Path) -> None:
    options = ("--kind", "pause", "--longest", "600", "--rate", "120", "--report", str(tmp_path / "r"))
    program = start(tmp_path, *SMALL, *options)
    wait_until_sync(lambda: standing(program), "a program is paused")
    processes = below(program)
    program.terminate()
    program.communicate(timeout=60)
    assert program.returncode == 130
    wait_until_sync(lambda: all(gone(process.pid) for process in processes), "all are gone")
    report = json.loads((tmp_path / "r" / "report.json").read_text())
    assert (report["complete"], report["note"]) == (False, "interrupted")


@pytest.fixture
def paused_worker(tmp_path: Path, broker: Broker) -> Iterator[tuple[psutil.Process, list[str]]]:
    """Run a gateway and a worker, and return the worker with the options that name it."""
    with running_chain(tmp_path, broker.url) as chain:
        _, endpoint = chain.gateway()
        worker = chain.worker()
        named = [f"worker={worker.popen.pid}", f"gateway={chain.endpoint_file()}"]
        wait_until_sync(lambda: b"worker.ready" in worker.log.read_bytes(), "it is ready")
        options = [word for name in named for word in ("--may-kill", name)]
        yield (
            psutil.Process(worker.popen.pid),
            [*options, "--gateway", endpoint.url, "--key", KEY],
        )


def test_named_process_is_disturbed_and_continues(
    tmp_path: Path, paused_worker: tuple[psutil.Process, list[str]]
) -> None:
    worker, options = paused_worker
    rest = ("--kind", "pause", "--minutes", "0.15", "--rate", "60", "--longest", "0.5", "--speakers", "1")
    done = run(tmp_path, "chaos", *options, *rest, "--report", str(tmp_path / "r"))
    assert done.returncode == 0, done.stderr + done.stdout
    marks = json.loads((tmp_path / "r" / "report.json").read_text())["marks"]
    assert {mark["what"] for mark in marks} == {"pause worker 0", "pause gateway 0"}
    assert not any(mark["outcome"] for mark in marks)
    assert worker.is_running() and not stands(worker)


def test_named_networks_to_gateway_and_broker_are_disturbed(tmp_path: Path) -> None:
    """Gateway and worker reach their broker through the program."""
    gateway, link, port = free_port(), free_port(), free_port()
    where = ("--gateway", f"http://127.0.0.1:{gateway}", "--key", KEY, "--broker-link", f"{link}=127.0.0.1:{port}")
    events = ("--minutes", "0.3", "--rate", "60", "--longest", "0.5", "--speakers", "2")
    with running_broker(None, "--port", str(port)), running_chain(tmp_path, f"redis://127.0.0.1:{link}") as chain:
        program = start(tmp_path, "chaos", *where, *events, "--report", str(tmp_path / "r"))
        wait_until_sync(lambda: listens(link), "the link is there")
        chain.gateway("--port", str(gateway))
        chain.worker()
        program.communicate(timeout=100)
    report = json.loads((tmp_path / "r" / "report.json").read_text())
    assert program.returncode == 0, report["figures"]
    assert {event["target"] for event in report["plan"]["events"]} == {"client link", "broker link"}


@pytest.mark.parametrize(
    ("options", "advice"),
    [
        (("--may-kill", "worker"), "worker=PID_FILE"),
        (("--own-stack", "--may-kill", "sshd"), "name one of gateway, worker, broker"),
        (("--own-stack", "--broker-link", "1=h:1"), "leave out --broker-link"),
        (("--own-stack", "--replay", "none.json"), "none.json cannot be read"),
        ((), "kikipounamu up"),
    ],
)
def test_unclear_command_is_refused(tmp_path: Path, options: tuple[str, ...], advice: str) -> None:
    done = run(tmp_path, "chaos", "--minutes", "0.05", *options)
    assert (done.returncode, done.stdout) == (1, "")
    assert advice in done.stderr


def test_replayed_plan_needs_the_same_permissions(tmp_path: Path) -> None:
    plan = {"seed": 1, "seconds": 9.0, "speakers": 1, "ramp_s": 1.0, "patience_s": 9.0}
    events = [{"at_s": 1.0, "kind": "kill", "target": "worker", "number": 1}]
    (tmp_path / "report.json").write_text(json.dumps({"plan": {**plan, "events": events}}))
    replay = ("chaos", "--own-stack", "--dry-run", "--replay", str(tmp_path / "report.json"))
    for refused in (("--may-kill", "gateway"), ("--workers", "1")):
        done = run(tmp_path, *replay, *refused)
        assert (done.returncode, "disturbs worker 1" in done.stderr) == (1, True), done.stderr
    assert run(tmp_path, *replay).returncode == 0
