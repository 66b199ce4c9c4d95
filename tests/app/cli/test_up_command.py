"""Tests of the reports of ``kikipounamu up``, with a real gateway and workers that cannot run."""

import asyncio
from pathlib import Path

import pytest

from app.cli.up_command import report
from app.local_services.stack import Stack, StackSettings
from tests.helpers.fault_engines import ENGINE
from tests.helpers.waiting import wait_until

GATEWAY = "kikipounamu-gateway"
ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KIKIPOUNAMU_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))  # the location of the fault engine


async def test_up_reports_reason_and_keeps_gateway_when_worker_cannot_run() -> None:
    said: list[str] = []
    async with Stack(StackSettings("no-such-engine", lasting=True)) as stack:
        reporting = asyncio.create_task(stack.unless_broken(report(stack, said.append, look_s=0.05)))
        try:
            await wait_until(lambda: said, "the worker's end is said")
            assert "the worker does not run: kikipounamu-worker cannot run here (exit status 3)" in said[0]
            assert "no-such-engine" in said[0] and "the gateway stays at http" in said[0]
            assert not reporting.done() and GATEWAY in stack.children
        finally:
            reporting.cancel()
            await asyncio.gather(reporting, return_exceptions=True)


async def test_up_reports_reason_and_keeps_gateway_when_engine_is_killed(
    tmp_path: Path,
) -> None:
    said: list[str] = []
    mended = tmp_path / "mended"
    dies = ("--set", "load=kill", "--set", f"until={mended}")
    async with Stack(StackSettings(ENGINE, lasting=True, worker_arguments=dies)) as stack:
        reporting = asyncio.create_task(stack.unless_broken(report(stack, said.append, look_s=0.05)))
        try:
            await wait_until(lambda: said, "the engine's end is said")
            assert "was ended by SIGKILL" in said[0] and "the gateway stays at http" in said[0]
            mended.touch()
            await wait_until(lambda: said[-1].startswith("ready: http"), "the worker is ready")
        finally:
            reporting.cancel()
            await asyncio.gather(reporting, return_exceptions=True)
