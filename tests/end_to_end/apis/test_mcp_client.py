"""The client of the MCP library asks ``kikipounamu mcp``, which works with a real gateway."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from protocol.endpoint import Endpoint
from protocol.texts import join_texts
from tests.app.speech import SPEECH, window_digests
from tests.helpers.api_chain import kill_broker, running_api_chain
from tests.helpers.chain import Chain

if TYPE_CHECKING:
    from mcp.client import Client

FILE = SPEECH / "en-03.flac"


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Chain, Endpoint]]:
    with running_api_chain(tmp_path_factory.mktemp("mcp")) as running:
        yield running


@asynccontextmanager
async def assistant(endpoint: Endpoint, models: Path, home: Path) -> "AsyncIterator[Client]":
    """Start the server as assistants do, and connect with it."""
    from mcp.client import Client  # late: every process of pytest imports this module, and few run these tests
    from mcp.client.stdio import StdioServerParameters, stdio_client

    environment = os.environ | {"KIKIPOUNAMU_HOME": str(home), "KIKIPOUNAMU_MODELS": str(models)}
    command = str(Path(sys.executable).with_name("kikipounamu"))
    options = ["mcp", "--gateway", endpoint.url, "--key", endpoint.key]
    parameters = StdioServerParameters(command=command, args=options, env=environment)
    async with Client(stdio_client(parameters)) as client:
        yield client


async def text_of(client: "Client") -> Any:
    result = await client.call_tool("transcribe_file", {"path": str(FILE)})
    assert not result.is_error, result.content
    return result.structured_content


async def test_text_of_a_file_equals_ours_with_progress_though_worker_and_broker_are_killed(
    chain: tuple[Chain, Endpoint], models: Path, tmp_path: Path
) -> None:
    running, endpoint = chain
    expected = join_texts(window_digests(FILE, models))
    heard: list[float] = []

    async def note(progress: float, total: float | None, message: str | None) -> None:
        heard.append(progress)

    async with assistant(endpoint, models, tmp_path) as client:
        assert (await text_of(client))["text"] == expected != ""
        await asyncio.to_thread(running.programs[-1].kill)
        late = asyncio.create_task(
            client.call_tool("transcribe_file", {"path": str(FILE)}, progress_callback=note)
        )
        status = (await client.call_tool("status", {})).structured_content
        assert status is not None and status["server"]["answers"]
        await asyncio.to_thread(kill_broker, running.programs[0])
        running.worker("--engine", "checksum")
        result = await late
        found = result.structured_content
        assert found is not None and (found["text"], found["complete"], found["problems"]) == (expected, True, [])
        assert heard == sorted(set(heard)) != []


async def test_killed_gateway_is_an_error_and_nothing_is_logged(
    chain: tuple[Chain, Endpoint], models: Path, tmp_path: Path
) -> None:
    running, endpoint = chain
    async with assistant(endpoint, models, tmp_path) as client:
        text = (await text_of(client))["text"]
        await asyncio.to_thread(running.programs[0].kill)
        result = await client.call_tool("transcribe_file", {"path": str(FILE)})
        assert result.is_error and "gateway" in str(result.content)
    logs = b"".join(path.read_bytes() for path in (tmp_path / "logs").iterdir())
    assert logs and text.encode() not in logs and FILE.name.encode() not in logs
