"""Implement ``kikipounamu mcp``: serve tools to an assistant over standard input and output."""

from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.options import with_gateway_options

if TYPE_CHECKING:
    from app.cli.commands import GatewayChoice
    from app.mcp_server.files import GatewaySource


@with_gateway_options()
def mcp(
    source: "GatewayChoice",
    allow_dictation: Annotated[
        bool, typer.Option("--allow-dictation", help="The assistant may start, stop and cancel dictation.")
    ] = False,
) -> None:
    """Let an assistant transcribe files and search recordings (MCP).

    Assistants start it themselves: enter it there as a server with this command. It serves on standard input and
    output, and only reads. Needs the mcp extra.
    """
    from app.core import process

    process.run("kikipounamu", lambda: serve(source, allow_dictation=allow_dictation), check_installed)


def check_installed() -> None:
    """Raise ``AppError`` if the library is not installed."""
    from importlib.util import find_spec

    if find_spec("mcp") is None:
        from app.core.errors import AppError
        from runtime.installing import extra_command

        raise AppError(f"the MCP library is not installed: run `{extra_command('mcp')}`")


async def serve(source: "GatewaySource", *, allow_dictation: bool) -> int:
    """Serve until standard input ends."""
    from app.journal.library import users_library
    from app.mcp_server.files import FileTranscriber
    from app.mcp_server.recordings import RecordingReader
    from app.mcp_server.server import Tools, make_server

    async with RecordingReader(users_library()) as recordings, FileTranscriber(source) as files:
        server = make_server(Tools(recordings, files, source), records=allow_dictation)
        await server.run_stdio_async()
    return 0
