"""Gateways as child processes, and checks of processes."""

import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from protocol.endpoint import ENDPOINT_FILE, Endpoint, decode_endpoint
from protocol.errors import MalformedMessage
from tests.helpers.waiting import wait_until


def broker_of(pid: int) -> int:
    """Return the pid of the broker that this process started."""
    (child,) = psutil.Process(pid).children()
    return int(child.pid)


@dataclass
class GatewayProcess:
    """Gateway process. ``home`` holds all its files."""

    home: Path
    process: "subprocess.Popen[bytes]"
    endpoint: Endpoint

    @property
    def broker(self) -> int:
        """Pid of the gateway's broker."""
        return broker_of(self.process.pid)

    def end(self, number: signal.Signals) -> int:
        """Send a signal, wait, and return the exit status."""
        self.process.send_signal(number)
        return self.process.wait(timeout=30)


def start_gateway(home: Path, *arguments: str, log: Path | None = None) -> "subprocess.Popen[bytes]":
    """Start ``kikipounamu-gateway serve`` with its own home."""
    command = [sys.executable, "-c", "from backend.cli.entry import main; main()", "serve", *arguments]
    with (log or Path(os.devnull)).open("ab") as errors:
        return subprocess.Popen(command, env=os.environ | {"KIKIPOUNAMU_HOME": str(home)}, stderr=errors)


async def endpoint_of(home: Path, process: "subprocess.Popen[bytes]") -> Endpoint:
    """Wait for the endpoint file of the gateway."""

    def written() -> Endpoint | None:
        assert process.poll() is None, "the gateway ended"
        with suppress(FileNotFoundError, MalformedMessage):
            endpoint = decode_endpoint((home / "run" / ENDPOINT_FILE).read_bytes())
            return endpoint if endpoint.pid == process.pid else None
        return None

    found: Endpoint = await wait_until(written, "the endpoint file")
    return found


@asynccontextmanager
async def gateway_process(home: Path, *arguments: str) -> AsyncIterator[GatewayProcess]:
    """Run a gateway whose endpoint file is written; kill it at the end."""
    process = start_gateway(home, *arguments, log=home / "stderr")
    try:
        yield GatewayProcess(home, process, await endpoint_of(home, process))
    finally:
        process.kill()
        process.wait()
