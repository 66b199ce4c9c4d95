"""``kikipounamu-loadtest``: load for a gateway whose workers run the checksum engine."""

import asyncio
from typing import Annotated

import msgspec
import typer

from client.connection import Address, fixed
from client.errors import GatewayError, Unreachable
from loadtest.sessions import Plan, run_sessions
from protocol.endpoint import ENDPOINT_FILE, decode_endpoint
from protocol.errors import MalformedMessage
from runtime.folders import folders
from runtime.logs import logging_to

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


@app.callback()
def _program() -> None:
    """Load for a gateway, with workers started by `kikipounamu-worker run --engine checksum`."""


@app.command()
def sessions(
    count: Annotated[int, typer.Option(min=1, help="Sessions at the same time.")] = 20,
    seconds: Annotated[float, typer.Option(min=0.001, help="Audio of each session.")] = 30.0,
    pace: Annotated[float, typer.Option(min=0.0, help="1: as people speak; 0: as fast as it goes.")] = 1.0,
    seed: Annotated[int, typer.Option(help="The same seed gives the same audio.")] = 1,
    gateway: Annotated[str, typer.Option(help="http(s)://HOST:PORT [default: the one of this computer]")] = "",
    key: Annotated[str, typer.Option(envvar="KIKIPOUNAMU_KEY", help="What that gateway wants to be shown.")] = "",
) -> None:
    """Speak noise in many sessions and check every digest. Prints a summary as JSON; 0 only if it is flawless."""
    with logging_to("loadtest", folders().logs, terminal=False):
        locate = fixed(Address(gateway, key)) if gateway else _of_this_computer
        try:
            locate()
            summary = asyncio.run(run_sessions(Plan(count, seconds, pace, seed), locate))
        except GatewayError as error:
            typer.echo(str(error), err=True)
            raise typer.Exit(1) from None
    typer.echo(msgspec.json.format(msgspec.json.encode(summary), indent=2).decode())
    raise typer.Exit(0 if summary.flawless else 1)


def _of_this_computer() -> Address:
    """Raises ``Unreachable``."""
    try:
        endpoint = decode_endpoint((folders().runtime / ENDPOINT_FILE).read_bytes())
    except (OSError, MalformedMessage) as error:
        raise Unreachable("no gateway runs here: start one with `kikipounamu up --engine checksum`") from error
    return Address(endpoint.url, endpoint.key)


def main() -> None:
    """The console script."""
    app()
