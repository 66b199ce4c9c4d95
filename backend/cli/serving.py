"""Serving: as one process, or as the supervisor of several."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
import typer

from backend.broker.embedded import EmbeddedSettings, embedded_broker
from backend.broker.jobs import connections_to
from backend.cli.broker_access import default_settings
from backend.configuration import Configuration, merged, settings_of, unknown_variables, usable_key
from backend.core.errors import InvalidSettings
from backend.devices.discovery import own_key
from backend.http.addresses import listen_addresses, local_url
from backend.http.modes import GatewayMode
from backend.processes.listening import Listener, forwards, listening
from backend.processes.lock import FORWARDS, only_one
from backend.processes.messages import ProcessStart
from backend.processes.slots import MAIN
from backend.processes.supervisor import ProcessPlan, run_processes
from backend.running_gateway import findable_by_clients, running_gateway
from backend.settings import GatewaySettings
from runtime import loggers
from runtime.event_names import LogEvent
from runtime.folders import Folders
from runtime.memory import collect_seldom
from runtime.programs import module_command

log = loggers.BACKEND_CLI

_PROCESS = "backend.cli.process"
_REMEDY = "is for gateways that other computers reach: say --mode shared or --mode server, or leave it out"


@dataclass(frozen=True)
class ServeOrder:
    """Options of a command line; environment and file complete them to settings.

    Each process reads environment and file itself, so that a rolling restart applies changes.
    """

    said: Configuration
    key: str
    config: Path | None

    def settings(self, here: Folders) -> GatewaySettings:
        """Return complete settings. Raises ``BackendError``."""
        said = self.configuration(here)
        if said.certificate and not _shared(said):
            # several gateways may share the file, so a setting for another mode is no error
            log.warning(
                LogEvent.GATEWAY_CERTIFICATE_UNUSED, reason=f"certificate = {said.certificate!r} {_REMEDY}"
            )
        if unknown := unknown_variables(os.environ):
            log.warning(LogEvent.GATEWAY_VARIABLE_UNKNOWN, reason=unknown)
        return settings_of(said, here, usable_key(self.key) or own_key(here.data))

    def configuration(self, here: Folders) -> Configuration:
        """Return the values of options, environment and file together. Raises ``BackendError``."""
        said = merged((self.said, *default_settings(self.config, here)))
        if self.said.certificate and not _shared(said):
            raise InvalidSettings(f"--certificate {_REMEDY}")
        return said

    def encoded(self) -> bytes:
        """Return the order for another process."""
        return msgspec.msgpack.encode((self.said, self.key, str(self.config or "")))

    @classmethod
    def decoded(cls, data: bytes) -> "ServeOrder":
        """Parse an order from the supervisor."""
        said, key, config = msgspec.msgpack.decode(data, type=tuple[Configuration, str, str])
        return cls(said, key, Path(config) if config else None)


def _shared(said: Configuration) -> bool:
    return said.mode not in (None, GatewayMode.LOCAL)


def refuse_invalid(order: ServeOrder, here: Folders) -> None:
    """Check options, environment and file as ``serve`` does. Raises ``BackendError``.

    A certificate that ``serve`` would create is created in a temporary folder.
    """
    from backend.dialects.wyoming.server import wyoming_address  # late: serving without Wyoming needs no dialect

    said = order.configuration(here)
    usable_key(order.key)
    with TemporaryDirectory() as empty:
        settings = settings_of(said, replace(here, data=Path(empty)), "a key")
    listen_addresses(settings)
    if settings.wyoming:
        wyoming_address(settings.wyoming)
    if settings.redis:
        connections_to(settings.redis, "check")


async def serve_alone(settings: GatewaySettings) -> None:
    """Serve as one process until a signal ends it. Raises ``BackendError``."""
    stopping = asyncio.Event()
    ending_with_signals(stopping, lambda: log.warning(LogEvent.PROCESSES_NOT_RESTARTED, processes=1))
    async with running_gateway(settings) as gateway:
        collect_seldom()
        gateway.failed.add_done_callback(lambda _: stopping.set())
        await stopping.wait()
        log.info(LogEvent.GATEWAY_STOPPING)
    if gateway.failed.done():
        raise typer.Exit(1)


async def serve_together(settings: GatewaySettings, order: ServeOrder) -> None:
    """Serve as the supervisor of several processes until a signal ends it. Raises ``BackendError``."""
    stopping, reloaded, folder = asyncio.Event(), asyncio.Event(), settings.broker_socket.parent
    heed_sighup(reloaded.set)  # otherwise a SIGHUP during the start would end this gateway
    async with AsyncExitStack() as stack:
        stack.enter_context(only_one(folder))
        listeners = stack.enter_context(listening(listen_addresses(settings)))
        forwarding = stack.enter_context(forwards(folder / FORWARDS))
        broker, owns = settings.redis, False
        if not broker:
            embedded = EmbeddedSettings(settings.broker_folder, settings.broker_socket)
            own = await stack.enter_async_context(embedded_broker(embedded))
            broker, owns = own.url, not own.adopted
        url = local_url(*listeners[0].socket.getsockname()[:2])
        tls_port = next((one.port for one in listeners if one.tls), 0)
        start = ProcessStart(
            slot=MAIN,
            processes=settings.processes,
            settings=order.encoded(),
            broker=broker,
            owns_broker=owns,
            url=url,
            tls_port=tls_port,
            forwards=str(folder / FORWARDS),
        )
        plan = ProcessPlan(module_command(_PROCESS), start, settings.drain_s)
        supervisor = await stack.enter_async_context(run_processes(plan, listeners, forwarding))
        ending_with_signals(stopping, supervisor.restart)
        if reloaded.is_set():  # the processes may have read the old settings
            supervisor.restart()
        supervisor.failed.add_done_callback(lambda _: stopping.set())
        await stack.enter_async_context(findable_by_clients(settings, url))
        _say(settings, listeners, url)
        await stopping.wait()
        log.info(LogEvent.GATEWAY_STOPPING)
    if supervisor.failed.done():
        raise typer.Exit(1)


def ending_with_signals(stopping: asyncio.Event, restart: Callable[[], None]) -> None:
    """Set ``stopping`` on SIGTERM and SIGINT; call ``restart`` on SIGHUP."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        try:
            loop.add_signal_handler(number, stopping.set)
        except NotImplementedError:  # Windows
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(stopping.set))
    heed_sighup(restart)


def heed_sighup(restart: Callable[[], None]) -> None:
    """Call ``restart`` on SIGHUP, unless a closed terminal sent it."""
    if sys.platform != "win32" and not (sys.stdin and sys.stdin.isatty()):
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, restart)


def run(coroutine: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine on the fastest event loop of this system."""
    if sys.platform == "win32":
        asyncio.run(coroutine)
        return
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(coroutine)


def raise_file_limit() -> None:
    """Allow as many open files as the system permits."""
    if os.name != "posix":
        return
    import resource

    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _say(settings: GatewaySettings, listeners: tuple[Listener, ...], url: str) -> None:
    log.info(LogEvent.GATEWAY_LISTENING, url=url, processes=settings.processes)
    certificate = settings.certificate.sha256 if settings.certificate else ""
    if shared := next((one for one in listeners if one.tls), None):
        host = shared.socket.getsockname()[0]
        log.info(LogEvent.GATEWAY_SHARED, host=host, port=shared.port, certificate=certificate)
