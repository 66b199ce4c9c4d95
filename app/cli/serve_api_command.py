"""Implement ``kikipounamu serve-api``: a port without a key for programs of this computer."""

from typing import Annotated

import typer

from app.cli.options import PairedGateway
from runtime.terminal import say


def serve_api(
    port: Annotated[int, typer.Option(min=0, max=65_535, help="Port on 127.0.0.1; 0: any free port.")] = 9876,
    gateway: PairedGateway = "",
) -> None:
    """Let programs of this computer use a server, without a key, until Ctrl-C."""
    from app.core import process

    process.run("kikipounamu", lambda: serve(gateway, port))


async def serve(gateway: str, port: int) -> int:
    """Serve until cancelled. Raises ``AppError``."""
    import asyncio

    from app.cli.dashboard_command import address
    from app.local_api.service import local_api

    await asyncio.to_thread(address, gateway)  # a name that is not paired is told at once
    async with local_api(lambda: address(gateway), port) as bound:
        say(f"Programs of this computer need no key at http://127.0.0.1:{bound}/v1 until you press Ctrl-C here.")
        await asyncio.get_running_loop().create_future()
    return 0
