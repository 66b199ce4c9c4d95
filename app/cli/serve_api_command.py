"""Implement ``kikipounamu serve-api``: open a port that needs no key to the programs of this computer."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.options import PairedGateway
from runtime.terminal import say

if TYPE_CHECKING:
    from app.cli.commands import RemoteStack
    from app.local_services.stack import Stack


def serve_api(
    port: Annotated[int, typer.Option(min=0, max=65_535, help="Port on 127.0.0.1; 0: any free port.")] = 9876,
    gateway: PairedGateway = "",
) -> None:
    """Let programs of this computer use a server, without a key, until Ctrl-C."""
    from app.cli.commands import GatewayChoice, RemoteStack
    from app.core import process

    if gateway or own_gateway_runs():
        process.run("kikipounamu", lambda: serve(gateway, port, RemoteStack))
    own = GatewayChoice(engine="")
    process.run("kikipounamu", lambda: serve("", port, own.serving), own.prepare)


def own_gateway_runs() -> bool:
    """Return whether a gateway of this user runs, with or without a worker."""
    from app.local_services.local_gateway import alive, read_endpoint

    endpoint = read_endpoint()
    return endpoint is not None and alive(endpoint.pid)


async def serve(gateway: str, port: int, services: "Callable[[], Stack | RemoteStack]") -> int:
    """Serve until cancelled. ``services`` returns the context in which recognition runs. Raises ``AppError``."""
    import asyncio

    from app.cli.dashboard_command import address
    from app.local_api.service import local_api

    if gateway:
        await asyncio.to_thread(address, gateway)  # raises at once if the name is not paired
    async with services() as running, local_api(lambda: address(gateway), port) as bound:
        say(f"Programs of this computer need no key at http://127.0.0.1:{bound}/v1 until you press Ctrl-C here.")
        await running.unless_broken(asyncio.Event().wait())
    return 0
