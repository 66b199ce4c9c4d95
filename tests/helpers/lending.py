"""Run a shared gateway on a host, its owner, and devices on other hosts (``tests.helpers.hosts``)."""

import json
import socket
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from http.client import HTTPConnection
from typing import Any, ClassVar
from urllib.parse import urlsplit

from loadtest.core.checksum import checksum
from protocol.devices import DEVICES_PATH
from protocol.endpoint import Endpoint
from protocol.pairing import PAIRING_PATH
from tests.helpers.chain import KEY, Program
from tests.helpers.hosts import Host, inside
from tests.helpers.paired_device import sentence
from tests.helpers.waiting import wait_until_sync

PORT = 8765

Record = dict[str, Any]


@dataclass
class Device:
    """The program ``tests.helpers.paired_device`` on a host, with its reports."""

    program: Program
    seed: int = 0

    def records(self, what: str) -> list[Record]:
        """Return all reports of one kind so far."""
        whole = self.program.log.read_text().rpartition("\n")[0]
        lines = [json.loads(line) for line in whole.splitlines() if line.startswith("{")]
        return [line for line in lines if line["what"] == what]

    def wait(self, what: str, after: int = 0, deadline_s: float = 60.0) -> Record:
        """Wait for more than ``after`` reports of a kind, and return the last one."""

        def more() -> list[Record] | None:
            records = self.records(what)
            if len(records) > after:
                return records
            assert self.program.popen.poll() is None, f"ended without {what!r}: {self.program.log.read_text()}"
            return None

        records: list[Record] = wait_until_sync(more, f"{self.program.name} says {what!r} once more", deadline_s)
        return records[-1]

    # -- speaking devices ----------------------------------------------------------------------------------

    def mid_sentence(self) -> None:
        """Wait until the device has begun another sentence."""
        self.wait("began", len(self.records("began")))

    def seconds_to_text(self) -> float:
        """Wait for the text of the sentence being spoken now, and return the seconds until then."""
        began, segment = time.monotonic(), self.wait("began")["segment"]

        def text() -> list[Record]:
            return [line for line in self.records("text") if line["segment"] == segment]

        found: list[Record] = wait_until_sync(text, f"the text of segment {segment}", 90.0)
        return float(found[0]["at"] - began)

    def finish(self, deadline_s: float = 120.0) -> int:
        """Stop speaking and wait for all texts. Check that each is right and came once; return how many."""
        self.program.popen.terminate()
        segments = int(self.wait("finished", deadline_s=deadline_s)["segments"])
        texts = [(line["segment"], line["text"]) for line in self.records("text")]
        assert self.records("failed") == []
        twice = [segment for segment, times in Counter(segment for segment, _ in texts).items() if times > 1]
        assert not twice, f"told twice: {twice}"
        assert sorted(texts) == [(number, checksum(self.sentence(number))) for number in range(segments)]
        return segments

    def sentence(self, number: int) -> bytes:
        """Return the audio of this segment."""
        return sentence(self.seed, number)


@dataclass
class Shared:
    """A shared gateway on ``host``.

    ``secrets``: keys, codes and texts that must not be readable on the network.
    """

    options: ClassVar[tuple[str, ...]] = ()

    host: Host
    secrets: list[str] = field(default_factory=lambda: [KEY])
    program: Program = field(init=False)
    endpoint: Endpoint = field(init=False)

    def __post_init__(self) -> None:
        self.start()

    def start(self) -> None:
        """Start the gateway, also after it ended."""
        self.program, self.endpoint = self.host.chain.gateway(
            "--mode", "shared", "--name", "The desk", *self.options
        )

    @property
    def url(self) -> str:
        """The current address of the gateway."""
        return f"https://{self.host.address}:{PORT}"

    @property
    def certificate(self) -> str:
        """The digest of the gateway's certificate, as the owner sees it."""
        return str(self.owner("GET", PAIRING_PATH)["certificate_sha256"])

    def owner(self, method: str, path: str, **wish: str) -> Any:
        """Send a request as the owner from the gateway's computer, and return the response."""
        port = urlsplit(self.endpoint.url).port or 0
        connection = HTTPConnection("127.0.0.1", port, timeout=10)
        connection.sock = inside(self.host.namespace, lambda: socket.create_connection(("127.0.0.1", port), 10))
        try:
            body = json.dumps(wish) if wish else None
            connection.request(method, path, body, {"Authorization": f"Bearer {KEY}"})
            return json.loads(connection.getresponse().read())
        finally:
            connection.close()

    def show_code(self, kind: str = "client") -> str:
        """Open a pairing, and return its code."""
        code: str = self.owner("POST", PAIRING_PATH, kind=kind)["code"]
        self.secrets += [code, f"{code[:4]} {code[4:]}"]
        return code

    def stage(self) -> str:
        """Return the stage of the pairing."""
        return str(self.owner("GET", PAIRING_PATH)["stage"])

    def device(self, host: Host, *arguments: str, seed: int = 0) -> Device:
        """Start the device program on a host."""
        module = ("python", "-m", "tests.helpers.paired_device")
        return Device(host.chain.start("device", *module, *arguments, "--seed", str(seed)), seed)

    def speaker(self, host: Host, *options: str, seed: int) -> tuple[Device, Record]:
        """Start a paired device that speaks on a host."""
        device = self.device(host, "speak", self.show_code(), *options, seed=seed)
        return device, self._paired(device)

    def enlist(self, host: Host) -> Record:
        """Pair a computer that lends its GPU, and return the worker's credentials."""
        pairing = self._paired(self.device(host, "pair", self.show_code("worker"), "--worker"))
        (host.chain.root / "key").write_text(pairing["key"])
        return pairing

    def _paired(self, device: Device) -> Record:
        pairing = device.wait("paired")
        assert self.stage() == "paired"
        self.secrets.append(pairing["key"])
        return pairing

    def worker(self, host: Host, pairing: Record, *options: str, url: str = "") -> Program:
        """Start a worker on an enlisted computer."""
        through = ("--gateway", (url or self.url).replace("https:", "wss:"))
        key = ("--key-file", str(host.chain.root / "key"), "--certificate-sha256", pairing["certificate_sha256"])
        return host.chain.worker(*through, *key, "--engine", "checksum", *options)

    def workers(self) -> list[str]:
        """Return the ids of the workers that the gateway knows."""
        return [worker["id"] for worker in self.owner("GET", "/v1/workers")["workers"]]

    def revoke(self, device: str) -> float:
        """Revoke a device as the owner does in the window. Return the time, by the computer's monotonic clock."""
        began = time.monotonic()
        self.owner("DELETE", f"{DEVICES_PATH}/{device}")
        return began

    def revoke_by_hand(self, device: str) -> float:
        """Revoke a device by command. Return the time at which the file of devices changed."""
        command = self.host.chain.start("revoke", "kikipounamu-gateway", "devices", "revoke", device)
        assert command.popen.wait(30) == 0
        changed = (self.host.chain.root / "home" / "data" / "devices.json").stat().st_mtime
        return time.monotonic() - (time.time() - changed)


def texts_of(devices: Iterable[Device]) -> list[str]:
    """Return all recognised texts of the devices."""
    return [line["text"] for device in devices for line in device.records("text")]


def audio_of(devices: Iterable[Device]) -> bytes:
    """Return all audio that the devices spoke."""
    return b"".join(device.sentence(line["segment"]) for device in devices for line in device.records("began"))
