"""Implement ``kikipounamu dashboard``: open a gateway's status page in the browser, authorised by its key."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated
from urllib.parse import quote

import typer

from app.cli.options import PairedGateway
from runtime.terminal import say

if TYPE_CHECKING:
    from client.connection import Address


def dashboard(
    print_only: Annotated[
        bool, typer.Option("--print", help="Print the address with its key instead of opening it.")
    ] = False,
    gateway: PairedGateway = "",
) -> None:
    """Open the dashboard of a server in the browser."""
    import webbrowser

    from app.core import process

    process.run("kikipounamu", lambda: show(gateway, webbrowser.open, print_only=print_only))


async def show(gateway: str, browse: Callable[[str], bool], *, print_only: bool = False) -> int:
    """Print or open the dashboard's address and return the exit status. Raises ``AppError`` or ``Unreachable``."""
    import asyncio

    from app.cli.dashboard_relay import Relay

    at = await asyncio.to_thread(address, gateway)
    if print_only:
        say(page_of(at))
        return 0
    say(f"Opening {page_of(at).partition('#')[0]} in a browser")
    if at.certificate_sha256:
        say(f"The browser will warn of the certificate. Go on if its SHA-256 is {at.certificate_sha256}")
    if await Relay(page_of(at)).show(browse):
        return 0
    say("no browser could be opened here: `kikipounamu dashboard --print` prints the address", err=True)
    return 1


def page_of(at: "Address") -> str:
    """Return the dashboard's address, with the key in the fragment, which browsers do not send to servers."""
    from protocol.monitor import DASHBOARD_PATH

    key = f"#key={quote(at.key, safe='')}" if at.key else ""
    return f"{at.url.rstrip('/')}{DASHBOARD_PATH}{key}"


def address(name: str) -> "Address":
    """Return the address of a paired gateway, or of this computer's. Raises ``AppError`` or ``Unreachable``."""
    if not name:
        from app.local_services.local_gateway import locate

        return locate()
    from app.gateways.store import gateways_file, paired_as

    return paired_as(name, gateways_file()).addresses[0]
