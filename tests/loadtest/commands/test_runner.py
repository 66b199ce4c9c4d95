"""Frame of all commands: missing gateways, certificates, unwritable and partial reports."""

import asyncio
import json
import subprocess
from pathlib import Path

from backend.http.certificates import own_certificate, server_context
from protocol.endpoint import decode_endpoint
from tests.helpers.chain import KEY, Chain
from tests.helpers.waiting import wait_until_sync
from tests.helpers.web_server import serving
from tests.loadtest.program import run, run_apart, start


def test_interrupted_command_leaves_a_partial_report(tmp_path: Path, chain: Chain) -> None:
    url = decode_endpoint(chain.endpoint_file().read_bytes()).url
    where = ("--gateway", url, "--key", KEY, "--report", str(tmp_path / "s"))
    log = chain.programs[0].log
    before = len(log.read_bytes())
    streams = start(tmp_path, "streams", "--count", "2", "--ramp", "0", *where)
    wait_until_sync(lambda: b"audit.stream_opened" in log.read_bytes()[before:], "a stream is open")
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


def test_command_does_not_start_load_on_what_is_no_address(tmp_path: Path) -> None:
    done = run(tmp_path, "streams", "--gateway", "desk")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "desk is not an address: write https://HOST:PORT\n"


def test_chaos_prints_no_plan_for_a_missing_gateway(tmp_path: Path) -> None:
    done = run(tmp_path, "chaos")
    assert done.returncode == 1
    assert done.stderr == "no gateway is running: start one with `kikipounamu up --engine checksum`\n"


def test_command_accepts_an_untrusted_certificate_by_its_digest(tmp_path: Path) -> None:
    certificate = own_certificate(tmp_path)

    async def both() -> "list[subprocess.CompletedProcess[str]]":
        async with serving(tls=server_context(certificate)) as url:
            ask = ("plan", "--streams", "1", "--gateway", url)
            return [
                await asyncio.to_thread(run_apart, tmp_path, *ask, *options)
                for options in ((), ("--certificate-sha256", certificate.sha256))
            ]

    unnamed, named = asyncio.run(both())
    assert "--certificate-sha256" in unnamed.stderr
    assert "is not a kikipounamu gateway (it answers 404 to /readyz)" in named.stderr, "it was spoken to"


def test_unwritable_report_is_reported_before_the_run(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = run(tmp_path, "herd", "--gateway", "http://127.0.0.1:9", "--report", str(tmp_path / "file" / "x"))
    assert (done.returncode, done.stdout) == (1, "")
    assert "Name another folder" in done.stderr
