"""The streaming worker beside this computer's worker."""

from pathlib import Path

import pytest

from app.local_services import local_worker as module
from app.local_services.local_worker import installed_live_model, live_text
from runtime.folders import folders
from tests.helpers.waiting import wait_until


async def test_streaming_worker_runs_during_the_context(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KIKIPOUNAMU_HOME", str(tmp_path))
    folders().logs.mkdir(parents=True)
    program = tmp_path / "program"
    program.write_text('#!/bin/sh\necho "$@"\nexec sleep 600\n')
    program.chmod(0o700)
    monkeypatch.setattr(module, "find_program", lambda name: str(program))
    output = folders().logs / "kikipounamu-worker-stream.out"
    async with live_text(lambda: "a-model") as child:
        assert child is not None
        await wait_until(lambda: output.exists() and output.read_text().strip(), "it runs")
        assert output.read_text().split() == ["stream", "--model", "a-model"] and child.pid
    assert child.pid is None


async def test_streaming_worker_needs_an_installed_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KIKIPOUNAMU_HOME", str(tmp_path))
    assert installed_live_model() == ""
    async with live_text() as child:
        assert child is None
