"""Commands about capacity: ``plan``."""

import asyncio
from typing import Annotated

import msgspec
import typer

from loadtest.capacity.planning import ask_fleet, need, words
from loadtest.commands.options import Certificate, Gateway, Key
from loadtest.commands.playing import reachable, told
from runtime import command_line
from runtime.folders import folders
from runtime.logs import logging_to
from runtime.terminal import say


def plan(  # noqa: PLR0913 - typer: an option is a parameter
    streams: Annotated[int, typer.Option(min=1, help="Number of parallel streams.")],
    talk: Annotated[float, typer.Option(min=0.01, max=1.0, help="Fraction of time with speech.")] = 1.0,
    headroom: Annotated[float, typer.Option(min=0.0, max=0.9, help="Fraction of the fleet to keep free.")] = 0.3,
    as_json: command_line.AsJson = False,
    gateway: Gateway = "",
    key: Key = "",
    certificate: Certificate = "",
) -> None:
    """Estimate how many workers like those of a gateway the given speakers need.

    Exit status 0 only if the gateway has enough.
    """
    with logging_to("loadtest", folders().logs, terminal=False), told():
        fleet = asyncio.run(ask_fleet(reachable(gateway, key, certificate)()))
    found = need(streams, fleet, talk, headroom)
    say(msgspec.json.encode(found).decode() if as_json else words(found))
    raise typer.Exit(0 if found.enough else 1)
