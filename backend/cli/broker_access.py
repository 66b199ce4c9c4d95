"""Shared parts of ``kikipounamu-gateway`` commands that use the broker without a gateway."""

import asyncio
import os
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from backend.broker.embedded import socket_url
from backend.broker.jobs import Jobs, open_jobs
from backend.configuration import (
    CONFIGURATION_FILE,
    VARIABLE,
    Configuration,
    merged,
    read_configuration,
    read_environment,
)
from backend.core.errors import BackendError, BrokerUnreachable
from runtime.command_line import exit_on
from runtime.folders import Folders, folders

Redis = Annotated[
    str,
    typer.Option(
        envvar="KIKIPOUNAMU_REDIS", help="URL of a Redis or Valkey; default: from the file, or embedded."
    ),
]
Config = Annotated[Path | None, typer.Option(envvar=f"{VARIABLE}CONFIG", help="TOML file; default: gateway.toml.")]

_NO_GATEWAY: Final = (
    "no gateway with an embedded broker is running: start one with `kikipounamu-gateway serve`, or name a broker "
    "with --redis"
)


def default_settings(config: Path | None, here: Folders) -> tuple[Configuration, Configuration]:
    """Return the settings of the environment, then those of the file. Raises ``InvalidSettings``."""
    file = config or here.config / CONFIGURATION_FILE
    return read_environment(os.environ), read_configuration(file, must_exist=config is not None)


def with_jobs(redis: str, config: Path | None, use: Callable[[Jobs], Coroutine[Any, Any, None]]) -> None:
    """Run ``use`` with the broker of a gateway with these settings. Exits with the status of an error."""

    async def connected() -> None:
        here = folders()
        named = redis or merged(default_settings(config, here)).redis
        if not named and not here.broker_socket.exists():
            raise BrokerUnreachable(_NO_GATEWAY)
        async with open_jobs(named or socket_url(here.broker_socket), f"cli-{os.getpid()}") as jobs:
            await use(jobs)

    with exit_on(BackendError):
        asyncio.run(connected())
