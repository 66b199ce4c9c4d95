"""Commands ``fuzz``, and ``hostile`` without a gateway; with one: ``tests/end_to_end/test_hostile.py``."""

import json
from pathlib import Path

from tests.helpers.chain import running_chain
from tests.helpers.valkey import Broker
from tests.loadtest.program import run


def test_fuzz_command_reads_the_logs_of_this_computer(tmp_path: Path, broker: Broker) -> None:
    with running_chain(tmp_path, broker.url) as chain:
        chain.gateway()
        chain.worker()
        brief = ("--messages", "500", "--connections", "2", "--speakers", "1")
        done = run(tmp_path / "home", "fuzz", *brief, "--report", str(tmp_path / "f"))
    promises = json.loads(done.stdout)["promises"]
    late = [promise for promise in promises if "p95_ms" in promise["values"] and promise["kept"] is False]
    assert all(promise["kept"] for promise in promises if promise not in late), promises
    assert (done.returncode == 0) is not bool(late), "the speed of a busy machine is no fault of the command"
    assert ("Every promise was kept" in (tmp_path / "f" / "report.html").read_text()) is not bool(late)


def test_hostile_command_reports_a_missing_gateway(tmp_path: Path) -> None:
    done = run(tmp_path, "hostile", "--hostile-key", "k")
    assert (done.returncode, done.stdout) == (1, "")
    assert "kikipounamu up" in done.stderr
