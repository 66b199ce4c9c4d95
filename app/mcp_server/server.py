"""The tools as the Model Context Protocol offers them.

Texts go to the calling program only. Log lines of the library can hold arguments, so it logs only failures.
"""

import asyncio
import logging
import os
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from importlib import metadata
from inspect import getdoc
from pathlib import Path
from typing import Annotated, Any, Final, Literal, cast

from anyio import AsyncFile
from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.stdio import stdio_server
from mcp_types import ToolAnnotations
from pydantic import Field

from app.control.client import ControlError, NotRunning, ask
from app.core.daemon_thread import in_daemon_thread
from app.core.errors import AppError, UsageMistake
from app.core.format import Format
from app.dictation.actions import Verb
from app.mcp_server.files import FileTranscriber, GatewaySource, TranscribedFile
from app.mcp_server.recordings import MOST_FOUND, FoundRecordings, RecordingReader, RecordingText
from app.settings import checks
from client.errors import GatewayError
from client.models import loaded_models
from speech.errors import SpeechError

_INSTRUCTIONS: Final = (
    "Speech to text on the user's own computers: transcribe audio and video files, search what the user has "
    "dictated, and see whether recognition works. Texts are private: use them only for what the user asked."
)
_READS: Final = ToolAnnotations(read_only_hint=True, open_world_hint=False)
_RECORDS: Final = ToolAnnotations(read_only_hint=False, destructive_hint=False, open_world_hint=False)

_Path = Annotated[str, Field(description="File on this computer: an absolute path, or one that begins with ~.")]
_Form = Annotated[
    Literal["txt", "srt", "vtt"], Field(description="txt: plain text; srt and vtt: subtitles with times.")
]
_Id = Annotated[str, Field(description="Id from search_recordings, or its beginning.")]
_Language = Annotated[str, Field(description="Spoken language: auto, or an ISO 639 code such as en or zh.")]
_Query = Annotated[str, Field(description="Words that the text contains, all of them; empty: any recording.")]
_Limit = Annotated[int, Field(ge=1, le=MOST_FOUND, description="Most recordings to return.")]
_Older = Annotated[str, Field(description="`older` of the previous answer, to go on from there.")]
_Track = Annotated[
    int, Field(ge=0, description="Number of the sound track of a film; 0: its default, else the first.")
]
_LONGEST_LINE: Final = 4 * 1024 * 1024


@dataclass(frozen=True)
class AppState:
    """The running app. ``waiting``: recordings that are not done. ``to_paste``: those with text to paste."""

    runs: bool
    state: str = ""
    seconds: float = 0.0
    waiting: int = 0
    to_paste: int = 0
    problem: str = ""


@dataclass(frozen=True)
class ServerState:
    """The gateway that recognises. ``models``: those loaded now."""

    name: str
    answers: bool
    models: list[str]
    problem: str = ""


async def app_state() -> AppState:
    """Return what the running app does, without any text."""
    try:
        answer = await asyncio.to_thread(ask, {"verb": "status"})
    except NotRunning as error:
        return AppState(runs=False, problem=str(error))
    except ControlError as error:
        return AppState(runs=True, problem=str(error))
    view = answer["view"]
    return AppState(
        runs=True,
        state=view["state"],
        seconds=round(view["seconds"], 1),
        waiting=view["waiting"],
        to_paste=view["held"] + view["earlier"],
    )


async def server_state(source: GatewaySource) -> ServerState:
    """Return whether the gateway answers, and with which models."""
    name = source.gateway or "this computer"
    try:
        locate = await asyncio.to_thread(source.locate)
        models = await loaded_models(await asyncio.to_thread(locate))
    except (AppError, GatewayError) as error:
        return ServerState(name, answers=False, models=[], problem=str(error))
    return ServerState(name, answers=True, models=[one.model for one in models])


async def send_to_app(verb: Verb) -> AppState:
    """Send a verb to the running app, and return its state afterwards. Raises ``ControlError``."""
    await asyncio.to_thread(ask, {"verb": verb.value})
    return await app_state()


@dataclass(frozen=True)
class ComputerStatus:
    """State of this computer. ``app``: the dictation app. ``server``: what recognises files."""

    version: str
    app: AppState
    server: ServerState
    recordings: int


class Tools:
    """The tools. Their docstrings are what assistants read. All of them may raise ``ToolError``."""

    def __init__(self, recordings: RecordingReader, files: FileTranscriber, source: GatewaySource) -> None:
        self._recordings, self._files, self._source = recordings, files, source

    async def transcribe_file(
        self,
        path: _Path,
        context: Context[Any, Any],
        language: _Language = "auto",
        form: _Form = "txt",
        track: _Track = 0,
    ) -> TranscribedFile:
        """Transcribe an audio file (wav, flac, ogg, mp3), or m4a and video where support is installed.

        A long file takes minutes. If `complete` is false, the text has gaps: tell the user what `problems` says.
        """

        async def report(elapsed_s: float, message: str) -> None:
            await context.report_progress(elapsed_s, message=message)

        with _explain_errors():
            return await self._files.transcribe(_file(path), _language(language), Format(form), report, track)

    async def search_recordings(
        self, query: _Query = "", limit: _Limit = 20, older: _Older = ""
    ) -> FoundRecordings:
        """List what the user has dictated, newest first, or search it for words.

        Each has the beginning of its text, or the part around the words. If `older` is not empty, there are more.
        """
        with _explain_errors():
            return await self._recordings.search(query, limit, older)

    async def read_recording(self, recording: _Id, form: _Form = "txt") -> RecordingText:
        """Return the whole text of a recording.

        If `complete` is false, some of its speech has no text: tell the user so.
        """
        with _explain_errors():
            return await self._recordings.text(recording, Format(form))

    async def status(self) -> ComputerStatus:
        """Tell whether the dictation app runs and what it does, and whether files can be transcribed now."""
        with _explain_errors():
            server = await server_state(self._source)
            return ComputerStatus(_version(), await app_state(), server, await self._recordings.count())


async def start_dictation() -> AppState:
    """Start dictation: the app records the user's microphone and inserts the text where the cursor is.

    Use it only when the user asks for it now.
    """
    with _explain_errors():
        return await send_to_app(Verb.START)


async def stop_dictation() -> AppState:
    """Stop dictation. The app inserts the text, and search_recordings finds it."""
    with _explain_errors():
        return await send_to_app(Verb.STOP)


async def cancel_dictation() -> AppState:
    """Cancel dictation: nothing is inserted, and the recording is kept."""
    with _explain_errors():
        return await send_to_app(Verb.CANCEL)


class StandardStreamsServer(MCPServer[Any]):
    """Server over standard input and output.

    The library reads in a thread that the end of the process would wait for; this class uses a daemon thread.
    """

    async def run_stdio_async(self) -> None:
        """Serve until standard input ends."""
        low, lines = self._lowlevel_server, _lines(os.dup(sys.stdin.fileno()))
        async with stdio_server(stdin=cast(AsyncFile[str], lines)) as (read, write):
            await low.run(read, write, low.create_initialization_options())


async def _lines(descriptor: int) -> AsyncIterator[str]:
    """Yield the lines. A line over the limit is split, so that its parts are invalid messages."""
    stream = os.fdopen(descriptor, "rb")
    while line := await in_daemon_thread(partial(stream.readline, _LONGEST_LINE), "mcp/stdin"):
        yield line.decode("utf-8", "replace")


def make_server(tools: Tools, *, records: bool) -> StandardStreamsServer:
    """Return the server, without a connection; ``records``: the user allows starting and stopping dictation."""
    server = StandardStreamsServer(
        "kikipounamu", instructions=_INSTRUCTIONS, version=_version(), log_level="ERROR"
    )
    logging.getLogger("mcp").setLevel(logging.ERROR)
    for tool in (tools.transcribe_file, tools.search_recordings, tools.read_recording, tools.status):
        server.add_tool(tool, description=getdoc(tool), annotations=_READS)
    for verb in (start_dictation, stop_dictation, cancel_dictation) if records else ():
        server.add_tool(verb, description=getdoc(verb), annotations=_RECORDS)
    return server


@contextmanager
def _explain_errors() -> Iterator[None]:
    """Convert errors whose message says what to do to errors that the assistant reads."""
    try:
        yield
    except (AppError, GatewayError, SpeechError) as error:
        raise ToolError(str(error)) from error


def _file(path: str) -> Path:
    try:
        file = Path(path).expanduser()
    except RuntimeError as error:
        raise UsageMistake(f"{path!r} begins with an unknown user: give an absolute path") from error
    if not file.is_absolute():
        raise UsageMistake(f"{path!r} is not an absolute path: give one")
    return file


def _language(code: str) -> str:
    if refused := checks.language(code):
        raise UsageMistake(f"{code!r} cannot be a language: {refused}")
    return code


def _version() -> str:
    return metadata.version("kikipounamu")
