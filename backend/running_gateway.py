"""Run a gateway, from the first contact with the broker to the end of the drain."""

import secrets
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, nullcontext
from importlib import metadata

from backend.broker.embedded import EmbeddedSettings, embedded_broker
from backend.broker.jobs import open_jobs
from backend.devices.discovery import findable
from backend.devices.records import DeviceStore
from backend.devices.registry import DeviceRegistry
from backend.gateway import Gateway
from backend.history.service import run_history
from backend.http.access import WORKERS, Access, AdmittedRequest, admit
from backend.http.addresses import interfaces, listen_addresses, reachable
from backend.processes.link import ProcessLink
from backend.settings import GatewaySettings
from backend.workers.tunnel import BrokerTunnel
from protocol.discovery import Announcement
from runtime.tasks import Tasks


def findable_by_clients(settings: GatewaySettings, url: str) -> AbstractAsyncContextManager[None]:
    """Keep the endpoint file for clients on this computer until the context ends."""
    shown = settings.certificate.sha256 if settings.certificate else ""
    return findable(settings.endpoint_file, url, settings.key, shown)


def _announce_gateway(settings: GatewaySettings, port: int) -> AbstractAsyncContextManager[None]:
    if not (settings.announce and settings.certificate and port):
        return nullcontext()
    from backend.devices.announcement import Announced, announcing  # imported late: only shared gateways need it

    said = Announcement(settings.certificate.sha256, metadata.version("kikipounamu"))
    return announcing(Announced(settings.name, port, said), lambda: reachable(settings.host, interfaces()))


def _wyoming(settings: GatewaySettings, gateway: Gateway, *, main: bool) -> AbstractAsyncContextManager[object]:
    """Serve the Wyoming protocol if its port is set. Raises ``InvalidSettings``."""
    if not (settings.wyoming and main):
        return nullcontext()
    from backend.dialects.sessions import DialectSessions  # imported late: only few gateways serve it
    from backend.dialects.wyoming.server import wyoming_address, wyoming_server

    sessions = DialectSessions(gateway.hub, gateway.refusal_of, settings.files.vad_folder)
    owner = AdmittedRequest(gateway.access, gateway.access.owner)
    name = settings.name if settings.announce else ""
    return wyoming_server(wyoming_address(settings.wyoming), sessions, lambda: owner, name)


async def _broker(
    stack: AsyncExitStack, settings: GatewaySettings, link: ProcessLink | None
) -> tuple[str, Callable[[], bool]]:
    """Return the broker's URL, and a function that returns whether this gateway owns the broker now."""
    if link is not None:
        return link.start.broker, lambda: link.start.owns_broker
    if settings.redis:
        return settings.redis, lambda: False
    embedded = EmbeddedSettings(settings.broker_folder, settings.broker_socket)
    broker = await stack.enter_async_context(embedded_broker(embedded))
    return broker.url, lambda: not broker.adopted


@asynccontextmanager
async def running_gateway(settings: GatewaySettings, link: ProcessLink | None = None) -> AsyncIterator[Gateway]:
    """Run a gateway until the context ends, then drain it. Raises ``BackendError``.

    ``link``: the link to the supervisor, if this process is one of several.
    """
    where = () if link is not None else listen_addresses(settings)
    main = link is None or link.is_main
    roster = DeviceRegistry(DeviceStore(settings.devices_file) if settings.devices_file else None)
    async with AsyncExitStack() as stack:
        url, owns = await _broker(stack, settings, link)
        opening = open_jobs(url, secrets.token_hex(8), settings.admission.unqueued_bytes, settings.shards)
        jobs = await stack.enter_async_context(opening)
        keeping = run_history(settings.history, jobs.shards, jobs.gateway, owns)
        history = await stack.enter_async_context(keeping) if main else None
        tasks = await stack.enter_async_context(Tasks("gateway"))
        tunnel = BrokerTunnel(jobs, lambda request: admit(request, WORKERS))
        gateway = Gateway(settings, jobs, Access(settings, roster, time.monotonic), tunnel, history, tasks.failed)
        if link is not None:
            gateway.join(link)
        tasks.start(roster.run(), "devices")
        await gateway.run(tasks)
        try:
            await gateway.start(where)
            async with (
                _announce_gateway(settings, gateway.tls_port if main else 0),
                _wyoming(settings, gateway, main=main),
                findable_by_clients(settings, gateway.url) if link is None else nullcontext(),
            ):
                yield gateway
        finally:
            try:
                await gateway.drain()
            finally:
                gateway.observers.flush()
