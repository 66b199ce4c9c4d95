"""An assistant sees the tools that the user allows, and errors that say what to do."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from app.cli.commands import GatewayChoice
from app.journal.library import Library
from app.mcp_server.files import FileTranscriber
from app.mcp_server.recordings import RecordingReader
from tests.app.history.takes import record, session

if TYPE_CHECKING:
    from mcp.client import Client

    from app.mcp_server.server import Tools

READING = ["transcribe_file", "search_recordings", "read_recording", "status"]
DICTATION = ["start_dictation", "stop_dictation", "cancel_dictation"]


@pytest.fixture
async def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> "AsyncIterator[Tools]":
    from app.mcp_server.server import Tools  # late: every process of pytest imports this module

    monkeypatch.setenv("KIKIPOUNAMU_HOME", str(tmp_path))
    library, source = Library(tmp_path / "takes"), GatewayChoice(get_models=False)
    record(library, 1, "a red house")
    async with RecordingReader(library) as recordings, FileTranscriber(source) as files:
        yield Tools(recordings, files, source)


def client_of(tools: "Tools", records: bool = True) -> "Client":
    from mcp.client import Client

    from app.mcp_server.server import make_server

    return Client(make_server(tools, records=records))


async def answer(tools: "Tools", name: str, **arguments: Any) -> Any:
    """Call a tool, and return its structured answer, or the text of its error."""
    async with client_of(tools) as client:
        result = await client.call_tool(name, arguments)
    return result.content[0] if result.is_error else result.structured_content


async def test_dictation_needs_permission(tools: "Tools") -> None:
    for records, names in ((False, READING), (True, READING + DICTATION)):
        async with client_of(tools, records) as client:
            listed = (await client.list_tools()).tools
        assert [tool.name for tool in listed] == names
        reading = [tool.name for tool in listed if tool.annotations and tool.annotations.read_only_hint]
        assert reading == READING
        assert all(tool.description and "\n  " not in tool.description for tool in listed)


async def test_recordings_are_found_and_read(tools: "Tools") -> None:
    found = await answer(tools, "search_recordings", query="red")
    assert [one["id"] for one in found["recordings"]] == [str(session(1))]
    text = await answer(tools, "read_recording", recording=found["recordings"][0]["id"])
    assert (text["text"], text["complete"]) == ("a red house", True)


async def test_status_counts_recordings_and_names_what_is_off(tools: "Tools") -> None:
    status = await answer(tools, "status")
    assert status["recordings"] == 1
    assert not status["app"]["runs"] and not status["server"]["answers"]


@pytest.mark.parametrize(
    ("name", "arguments", "says"),
    [
        ("transcribe_file", {"path": "talk.wav"}, "absolute path"),
        ("transcribe_file", {"path": "~nobody-of-this-name/talk.wav"}, "unknown user"),
        ("transcribe_file", {"path": "/talk.wav", "language": "klingon"}, "cannot be a language"),
        ("transcribe_file", {"path": "/no such file.wav"}, "cannot be opened"),
        ("read_recording", {"recording": "zz"}, "takes list"),
        ("search_recordings", {"limit": 1_000}, "less than or equal"),
        ("start_dictation", {}, "kikipounamu app"),
        ("stop_dictation", {}, "kikipounamu app"),
        ("cancel_dictation", {}, "kikipounamu app"),
    ],
)
async def test_error_says_what_to_do(tools: "Tools", name: str, arguments: dict[str, Any], says: str) -> None:
    assert says in (await answer(tools, name, **arguments)).text
