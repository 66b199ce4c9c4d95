"""Run schemathesis against a real gateway: valid and invalid requests must agree with the document.

It runs as a separate program: imported into pytest it would slow down every run.
"""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis

from backend.gateway import Gateway
from backend.history.settings import HistorySettings
from backend.rest.file_settings import FileSettings
from backend.running_gateway import running_gateway
from backend.settings import GatewaySettings
from protocol.endpoint import Endpoint
from protocol.job import WORKERS_KEY, encode_status
from protocol.monitor import WorkerState, WorkerStatus
from runtime.tasks import Tasks
from tests.backend.conftest import KEY
from tests.helpers.postgres import running_postgres
from tests.helpers.valkey import Broker
from tests.helpers.waiting import wait_until

STREAMS = ("/v1/monitor", "/v1/stream", "/v1/broker")
"""Excluded because these streams stay open, and schemathesis would wait for their ends."""
CONFIG = """
[warnings]
fail-on = []

# A form has only texts: what breaks the schema as JSON, such as an empty list, may be gone from what is sent.
[[operations]]
include-name = "POST /v1/sessions"
checks.negative_data_rejection.enabled = false
"""


@pytest.fixture
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Return the URL of the history's database; SQLite by default."""
    if getattr(request, "param", "sqlite") == "sqlite":
        yield f"sqlite:///{tmp_path / 'history.sqlite'}"
        return
    with running_postgres() as server:
        yield server.new_database()


@pytest.fixture
async def whole(tmp_path: Path, broker: Broker, database: str) -> AsyncIterator[Gateway]:
    """Run a gateway with all routes, and keep the status of a worker valid."""
    settings = GatewaySettings(
        redis=broker.url,
        key=KEY,
        devices_file=tmp_path / "devices.json",
        history=HistorySettings(database),
        files=FileSettings(tmp_path / "submitted", spare_bytes=0),
    )
    async with (
        Redis.from_url(broker.url) as redis,
        Tasks("worker") as tasks,
        running_gateway(settings) as gateway,
    ):
        tasks.start(keep_worker_alive(redis), "status")
        assert gateway.history is not None
        history = gateway.history.history
        await wait_until(lambda: gateway.monitor.survey.workers and history.up, "worker and history are seen")
        yield gateway


async def keep_worker_alive(redis: "Redis") -> None:
    """Renew the status of a worker, as its heartbeat would."""
    while True:
        now_ms = int((await redis.time())[0]) * 1000
        status = WorkerStatus("w", "h", "e", "m", "cpu", WorkerState.IDLE, speed=4.0, at_ms=now_ms)
        await redis.hset(WORKERS_KEY, "w", encode_status(status))
        await asyncio.sleep(1.0)


def endpoint_of(gateway: Gateway) -> Endpoint:
    """Return the address of a gateway in this process."""
    return Endpoint(gateway.url, KEY, 0)


async def run_schemathesis(
    endpoint: Endpoint, folder: Path, *arguments: str, document: dict[str, Any] | None = None
) -> str:
    """Run schemathesis and return its report; empty if it found no problem.

    ``document``: a description of other routes than our own, whose valid requests name no audio and no recording.
    """
    description = f"{endpoint.url}/v1/openapi.json"
    if document:
        description, arguments = "described.json", ("--exclude-checks", "positive_data_acceptance", *arguments)
        (folder / description).write_text(json.dumps(document))
    (folder / "schemathesis.toml").write_text(CONFIG)
    command = [str(Path(sys.executable).parent / "schemathesis"), "--config-file", "schemathesis.toml", "run"]
    command += [description, "--url", endpoint.url]
    command += ["--header", f"Authorization: Bearer {endpoint.key}"]
    command += [argument for path in STREAMS if not document for argument in ("--exclude-path", path)]
    command += ["--no-color", "--seed", "1", *arguments]
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*command, cwd=folder, stdout=pipe, stderr=pipe)
    try:
        out, errors = await process.communicate()
    except BaseException:
        process.kill()
        await process.wait()
        raise
    report = (out + errors).decode()
    sys.stdout.write("".join(f"{line.strip()}\n" for line in report.splitlines() if " generated, " in line))
    return "" if process.returncode == 0 else report


async def test_schemathesis_finds_no_problem(whole: Gateway, tmp_path: Path) -> None:
    report = await run_schemathesis(
        endpoint_of(whole), tmp_path, "--max-examples", "2", "--phases", "examples,fuzzing"
    )
    assert not report, report


async def test_schemathesis_finds_slow_response(whole: Gateway, tmp_path: Path) -> None:
    """An impossible response time must be reported as a problem."""
    one = ("--max-examples", "2", "--phases", "fuzzing", "--max-response-time", "0.000001")
    assert "healthz" in await run_schemathesis(endpoint_of(whole), tmp_path, *one, "--include-path", "/healthz")


@pytest.mark.proof(minutes=5)
@pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)
async def test_schemathesis_finds_no_problem_in_many_tries(whole: Gateway, tmp_path: Path) -> None:
    many = ("--max-examples", "200", "--phases", "examples,coverage,fuzzing,stateful", "--continue-on-failure")
    report = await run_schemathesis(endpoint_of(whole), tmp_path, *many)
    assert not report, report
