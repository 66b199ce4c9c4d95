"""Operator's command against the real chain."""

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

from aiohttp import web

from backend.http.certificates import own_certificate, server_context
from tests.helpers.chain import KEY, running_chain
from tests.helpers.valkey import Broker
from tests.helpers.waiting import wait_until_sync

SHORT = "1695"
"""Seed with which the first session soon sends a short segment."""
PROGRAM = str(Path(sys.executable).parent / "kikipounamu-loadtest")


def run(home: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    environment = os.environ | {"KIKIPOUNAMU_HOME": str(home)}
    command = [PROGRAM, *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=100, check=False)


def start(home: Path, *arguments: str) -> "subprocess.Popen[str]":
    environment = os.environ | {"KIKIPOUNAMU_HOME": str(home)}
    return subprocess.Popen([PROGRAM, *arguments], env=environment, stdout=subprocess.PIPE, text=True)


def test_sessions_command_finds_every_digest_right(tmp_path: Path, broker: Broker) -> None:
    with running_chain(tmp_path, broker.url) as chain:
        _, endpoint = chain.gateway()
        chain.worker()
        here = run(tmp_path / "home", "sessions", "--count", "8", "--seconds", "6", "--pace", "0")
        there = run(
            tmp_path, "sessions", "--count", "2", "--seconds", "1.5", "--gateway", endpoint.url, "--key", KEY
        )
    assert here.returncode == 0, here.stderr + here.stdout
    summary = json.loads(here.stdout)
    assert (summary["sessions"], summary["lost_sessions"], summary["audio_s"]) == (8, 0, 48.0)
    assert summary["right"] == summary["segments"] >= 8
    assert summary["p50_ms"] <= summary["p95_ms"] <= summary["p99_ms"]
    assert there.returncode == 0, there.stderr + there.stdout


def test_scenario_commands_print_figures_and_write_reports(tmp_path: Path, broker: Broker) -> None:
    with running_chain(tmp_path, broker.url) as chain:
        chain.gateway()
        chain.worker()
        home = tmp_path / "home"
        herd = start(
            home, "herd", "--clients", "3", "--ramp", "0", "--spread", "0.2", "--report", str(tmp_path / "h")
        )
        brief = ("--count", "1", "--minutes", "0.01", "--ramp", "0", "--seed", SHORT)
        streams = run(home, "streams", *brief, "--report", str(tmp_path / "s"))
        cut, _ = herd.communicate(timeout=60)
        told = run(home, "plan", "--streams", "1000000", "--json")
    assert streams.returncode == 0, streams.stderr + streams.stdout
    assert json.loads(streams.stdout)["right"] == 1
    assert (json.loads(cut)["back"]["returned"], json.loads(cut)["right"], herd.returncode) == (3, 6, 0)
    for scenario in ("h", "s"):
        assert "Flawless" in (tmp_path / scenario / "report.html").read_text()
        assert json.loads((tmp_path / scenario / "report.json").read_text())["complete"]
    assert told.returncode == 1, "one worker is not enough for a million"
    assert json.loads(told.stdout)["workers"] == 1


def test_interrupted_command_leaves_a_partial_report(tmp_path: Path, broker: Broker) -> None:
    with running_chain(tmp_path, broker.url) as chain:
        _, endpoint = chain.gateway()
        where = ("--gateway", endpoint.url, "--key", KEY, "--report", str(tmp_path / "s"))
        streams = start(tmp_path, "streams", "--count", "2", "--ramp", "0", *where)
        wait_until_sync(lambda: b"audit.stream_opened" in chain.programs[0].log.read_bytes(), "somebody speaks")
        streams.terminate()
        streams.communicate(timeout=60)
    assert streams.returncode == 130
    report = json.loads((tmp_path / "s" / "report.json").read_text())
    assert (report["complete"], report["passed"], report["note"]) == (False, False, "interrupted")
    assert KEY not in json.dumps(report)


def test_command_reports_a_missing_gateway(tmp_path: Path) -> None:
    done = run(tmp_path, "sessions")
    assert done.returncode == 1
    assert "kikipounamu up" in done.stderr
    assert done.stdout == ""


def test_command_with_a_wrong_key_is_not_flawless(tmp_path: Path, broker: Broker) -> None:
    with running_chain(tmp_path, broker.url) as chain:
        _, endpoint = chain.gateway()
        done = run(tmp_path, "sessions", "--count", "1", "--gateway", endpoint.url, "--key", "wrong")
    assert done.returncode == 1
    assert "--key" in json.loads(done.stdout)["complaints"][0]


def test_plan_command_reports_an_unreachable_gateway(tmp_path: Path) -> None:
    done = run(tmp_path, "plan", "--streams", "1", "--gateway", "http://127.0.0.1:9")
    assert (done.returncode, done.stdout) == (1, "")
    assert "no connection to the gateway" in done.stderr


def test_command_accepts_an_untrusted_certificate_by_its_digest(tmp_path: Path) -> None:
    certificate = own_certificate(tmp_path)

    async def both() -> "list[subprocess.CompletedProcess[str]]":
        runner = web.AppRunner(web.Application())
        await runner.setup()
        try:
            site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=server_context(certificate))
            await site.start()
            ask = ("plan", "--streams", "1", "--gateway", f"https://127.0.0.1:{runner.addresses[0][1]}")
            return [
                await asyncio.to_thread(run, tmp_path, *ask, *options)
                for options in ((), ("--certificate-sha256", certificate.sha256))
            ]
        finally:
            await runner.cleanup()

    unnamed, named = asyncio.run(both())
    assert "--certificate-sha256" in unnamed.stderr
    assert "is not a kikipounamu gateway (it answers 404 to /readyz)" in named.stderr, "it was spoken to"


def test_unwritable_report_is_reported_before_the_run(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = run(tmp_path, "herd", "--gateway", "http://127.0.0.1:9", "--report", str(tmp_path / "file" / "x"))
    assert (done.returncode, done.stdout) == (1, "")
    assert "Name another folder" in done.stderr


def test_command_with_wrong_usage_ends_with_status_2(tmp_path: Path) -> None:
    assert run(tmp_path, "sessions", "--count", "0").returncode == 2
    assert run(tmp_path, "plan").returncode == 2
