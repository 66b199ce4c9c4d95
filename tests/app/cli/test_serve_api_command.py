"""``kikipounamu serve-api`` serves this computer's gateway, or a paired one, until a signal ends it."""

import asyncio
import os
from pathlib import Path

import pytest

from app.cli.commands import RemoteStack
from app.cli.serve_api_command import own_gateway_runs, serve
from app.core.errors import AppError
from app.local_services.local_gateway import endpoint_file
from protocol.endpoint import Endpoint, encode_endpoint
from tests.helpers.waiting import wait_until


async def test_unknown_server_is_reported_at_once(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KIKIPOUNAMU_HOME", str(tmp_path))
    with pytest.raises(AppError, match="no server called no such server"):
        async with asyncio.timeout(30):
            await serve("no such server", 0, RemoteStack)


async def test_port_is_open_while_the_services_run(capsys: pytest.CaptureFixture[str]) -> None:
    """A new user has no running gateway: the command starts one, as the others do."""
    closed: list[bool] = []

    class Services(RemoteStack):
        async def close(self) -> None:
            closed.append(True)

    serving = asyncio.create_task(serve("", 0, Services))
    await wait_until(lambda: "need no key at http://127.0.0.1:" in capsys.readouterr().out, "the port is open")
    assert not closed
    serving.cancel()
    await asyncio.gather(serving, return_exceptions=True)
    assert closed


def test_running_gateway_is_used_whatever_recognises_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KIKIPOUNAMU_HOME", str(tmp_path))
    assert not own_gateway_runs()
    place = endpoint_file()
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(encode_endpoint(Endpoint("http://127.0.0.1:1", "key", os.getpid())))
    assert own_gateway_runs()
