"""Program of one process of a gateway with several processes; only the supervisor starts it.

    python -m backend.cli.process CONTROL PLAIN TLS FORWARDS

The arguments are descriptors of inherited sockets; -1: none.
"""

import asyncio
import signal
import sys

import typer

from backend.cli.serving import ServeOrder, raise_file_limit, run
from backend.core.errors import BackendError
from backend.processes.link import ProcessLink, connect_supervisor
from backend.running_gateway import running_gateway
from runtime import loggers
from runtime.event_names import LogEvent
from runtime.folders import Folders, folders
from runtime.logger import bound_fields
from runtime.logs import logging_to
from runtime.memory import collect_seldom
from runtime.terminal import reason

log = loggers.BACKEND_CLI


async def _serve(descriptors: tuple[int, int, int, int], here: Folders) -> None:
    stopping = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopping.set)
    async with connect_supervisor(descriptors, stopping.set) as link:
        with bound_fields(process=link.start.slot):
            try:
                await _serve_linked(link, stopping, here)
            except (BackendError, OSError) as error:
                link.cannot_run(reason(error))
                log.error(LogEvent.GATEWAY_CANNOT_RUN, reason=reason(error))
                raise typer.Exit(1) from None


async def _serve_linked(link: ProcessLink, stopping: asyncio.Event, here: Folders) -> None:
    settings = ServeOrder.decoded(link.start.settings).settings(here).of_one_process()
    async with running_gateway(settings, link) as gateway:
        collect_seldom()
        gateway.failed.add_done_callback(lambda _: stopping.set())
        link.ready()
        await stopping.wait()
        log.info(LogEvent.GATEWAY_STOPPING)
    if gateway.failed.done():
        raise typer.Exit(1)


def main() -> None:
    """Serve until SIGTERM, or until the supervisor is gone; then drain and exit."""
    control, plain, tls, forwards = map(int, sys.argv[1:])
    here = folders()
    with logging_to("gateway", here.logs):
        raise_file_limit()
        try:
            run(_serve((control, plain, tls, forwards), here))
        except typer.Exit as ended:
            sys.exit(ended.exit_code)


if __name__ == "__main__":
    main()
