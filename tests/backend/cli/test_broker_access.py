"""Commands that use the broker without a gateway: which broker, and errors without one."""

from pathlib import Path

import pytest
import typer

from backend.broker.jobs import Jobs
from backend.cli.broker_access import default_settings, with_jobs
from backend.core.errors import InvalidSettings
from runtime.folders import folders
from tests.helpers.valkey import Broker


@pytest.mark.parametrize("named", [True, False])
def test_command_uses_named_broker_or_that_of_the_running_gateway(
    broker: Broker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: bool
) -> None:
    monkeypatch.setenv("KIKIPOUNAMU_HOME", str(tmp_path))
    if not named:
        folders().broker_socket.parent.mkdir(parents=True)
        folders().broker_socket.symlink_to(broker.socket)
    seen: list[str] = []

    async def look(jobs: Jobs) -> None:
        seen.append(jobs.version)

    with_jobs(broker.url if named else "", None, look)
    assert seen and seen[0].startswith("valkey")


async def unused(jobs: Jobs) -> None:
    raise AssertionError("no broker was expected")


def test_command_without_broker_exits_with_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("backend.broker.layout.CONNECT_S", 0.1)
    with pytest.raises(typer.Exit) as ended:
        with_jobs("redis://127.0.0.1:1", None, unused)
    assert ended.value.exit_code == 1
    assert "is it running" in capsys.readouterr().err


def test_command_without_gateway_says_how_to_start_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("KIKIPOUNAMU_HOME", str(tmp_path))
    with pytest.raises(typer.Exit) as ended:
        with_jobs("", None, unused)
    assert ended.value.exit_code == 1
    assert capsys.readouterr().err == (
        "no gateway with an embedded broker is running: start one with `kikipounamu-gateway serve`, or name a "
        "broker with --redis\n"
    )


def test_named_configuration_file_must_exist(tmp_path: Path) -> None:
    with pytest.raises(InvalidSettings, match="does not exist"):
        default_settings(tmp_path / "none.toml", folders())
