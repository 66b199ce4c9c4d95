"""Selection of the gateway, and the event loop of a load maker."""

import asyncio
import gc
import signal
import sys
from collections.abc import Coroutine
from typing import Any, Final

from client.connection import Address, Locate, fixed, named
from client.errors import Unreachable
from protocol.endpoint import ENDPOINT_FILE, Endpoint, decode_endpoint
from protocol.errors import MalformedMessage
from runtime.folders import folders

_SELDOM: Final = (50_000, 20, 100)


def located(gateway: str, key: str, certificate_sha256: str = "") -> Locate:
    """Return a locator for the given gateway, or for the current one of this computer.

    Raises ``Refused`` for an invalid certificate digest, or for a digest with an address without TLS.
    """
    if not gateway:
        return of_this_computer
    return fixed(named(gateway, key, certificate_sha256))


def of_this_computer() -> Address:
    """Return the address of this computer's gateway. Raises ``Unreachable``."""
    endpoint = _endpoint()
    return Address(endpoint.url, endpoint.key)


def local_process(gateway: str) -> int:
    """Return the process id of this gateway if it is this computer's; else 0."""
    try:
        endpoint = _endpoint()
    except Unreachable:
        return 0
    return endpoint.pid if gateway.rstrip("/") in ("", endpoint.url) else 0


def _endpoint() -> Endpoint:
    try:
        return decode_endpoint((folders().runtime / ENDPOINT_FILE).read_bytes())
    except (OSError, MalformedMessage) as error:
        raise Unreachable("no gateway is running: start one with `kikipounamu up --engine checksum`") from error


def run_loop(main: Coroutine[Any, Any, None]) -> bool:
    """Run a coroutine; return ``False`` if SIGTERM or Ctrl-C cancelled it."""
    before = gc.get_threshold()
    gc.set_threshold(*_SELDOM)  # with thousands of live tasks, garbage collection took half of the time
    try:
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            return runner.run(_cancellable(main))
    finally:
        gc.set_threshold(*before)


async def _cancellable(main: Coroutine[Any, Any, None]) -> bool:
    task = asyncio.ensure_future(main)
    told = False

    def end() -> None:
        nonlocal told
        told = True
        task.cancel()

    if sys.platform != "win32":
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, end)
    try:
        await task
    except asyncio.CancelledError:
        if not told:
            raise
        return False
    return True


def _loop_factory() -> Any:
    if sys.platform == "win32":
        return None
    import uvloop

    return uvloop.new_event_loop
