"""Run only the broker tunnel of a gateway, with devices that can be revoked."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from backend.broker.jobs import open_jobs
from backend.devices.records import DeviceStore
from backend.devices.registry import DeviceRegistry
from backend.http.access import ACCESS, WORKERS, Access, admit
from backend.http.responses import errors_as_json
from backend.http.settings import HttpSettings
from backend.workers.tunnel import BrokerTunnel
from protocol.broker import BROKER_PATH
from protocol.devices import DeviceKind
from runtime.tasks import cancel_and_wait

OWNER_KEY = "a key of the tests"
GATEWAY = "g"


@dataclass
class Tunnelled:
    """A running tunnel: ``url`` of the gateway, ``roster`` of its devices."""

    url: str
    roster: DeviceRegistry
    tunnel: BrokerTunnel

    async def paired(self, kind: DeviceKind = DeviceKind.WORKER) -> tuple[str, str]:
        """Add a device, and return its id and key."""
        device, key = await self.roster.add("a computer", kind)
        return device.id, key


@asynccontextmanager
async def tunnelling(
    broker_url: str, folder: Path, tls: ssl.SSLContext | None = None, port: int = 0
) -> AsyncIterator[Tunnelled]:
    """Run the tunnel on loopback, with TLS if a context is given."""
    roster = DeviceRegistry(DeviceStore(folder / "devices.json"))
    async with open_jobs(broker_url, GATEWAY) as jobs:
        tunnel = BrokerTunnel(jobs, lambda request: admit(request, WORKERS))
        app = web.Application(middlewares=[errors_as_json])
        app[ACCESS] = Access(HttpSettings(key=OWNER_KEY), roster, lambda: 0.0)
        app.router.add_get(BROKER_PATH, tunnel.serve)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", port, ssl_context=tls)
        await site.start()
        tidies = asyncio.create_task(tunnel.run())
        try:
            scheme = "wss" if tls else "ws"
            yield Tunnelled(f"{scheme}://127.0.0.1:{runner.addresses[0][1]}", roster, tunnel)
        finally:
            tunnel.close()
            await runner.cleanup()
            await cancel_and_wait([tidies])


def command(*words: bytes) -> bytes:
    """Encode words as a command of the broker."""
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in words)
