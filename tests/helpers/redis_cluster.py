"""Run real Redis Clusters and Sentinel set-ups for a test: servers on loopback, all ended by pid."""

import os
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from redis import Redis
from redis.exceptions import RedisError

from protocol.broker_url import SLOTS, slot_of
from tests.helpers.ports import free_port
from tests.helpers.valkey import valkey_binary
from tests.helpers.waiting import wait_until_sync

NODE_TIMEOUT_MS = 1_000
MASTER = "kiki"
START_S = 60.0


@dataclass(eq=False)
class Server:
    """A server of a set-up, which can be killed and started again with its data."""

    folder: Path
    port: int
    arguments: tuple[str, ...]
    password: str = ""
    process: "subprocess.Popen[bytes] | None" = None

    def start(self) -> None:
        """Start it, and wait until it answers."""
        self.folder.mkdir(exist_ok=True)
        command = [valkey_binary(), *self.arguments, "--port", str(self.port), "--bind", "127.0.0.1"]
        command += ["--dir", str(self.folder), "--logfile", str(self.folder / "log")]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until_sync(self.answers, f"the server on port {self.port} answers", START_S)

    @property
    def running(self) -> bool:
        """Return whether its process lives."""
        return self.process is not None and self.process.poll() is None

    def kill(self) -> None:
        """Send kill -9 and wait, whether it is stopped or not."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def freeze(self) -> None:
        """Send SIGSTOP: it lives but does nothing."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Send SIGCONT: it continues."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        assert self.process is not None
        os.kill(self.process.pid, number)

    def client(self) -> "Redis":
        """Return a client of this server alone."""
        there: dict[str, Any] = {"host": "127.0.0.1", "port": self.port, "password": self.password or None}
        return Redis(**there, socket_timeout=5, protocol=2)

    def ask(self, *command: str) -> Any:
        """Run one command on this server."""
        with self.client() as client:
            return client.execute_command(*command)

    def answers(self) -> bool:
        """Return whether it answers."""
        assert self.process is not None and self.process.poll() is None, (self.folder / "log").read_text()
        try:
            return bool(self.ask("PING"))
        except RedisError:
            return False

    @property
    def is_primary(self) -> bool:
        """Return whether the server runs and claims to be a primary."""
        try:
            return self.running and self.ask("ROLE")[0] == b"master"
        except RedisError:
            return False


@dataclass
class SetUp:
    """Servers of one broker. ``sentinels``: those that watch, if any."""

    url: str
    servers: list[Server]
    sentinels: list[Server] = field(default_factory=list)

    def primary(self, key: str = "kiki:{0}:backlog") -> Server:
        """Wait until exactly one server claims to be the primary of ``key``, and return it."""
        found: Server = wait_until_sync(lambda: self._primary(key), "there is a primary", START_S)
        return found

    def _primary(self, key: str) -> Server | None:
        alive = [server for server in self.servers if server.running and server.is_primary]
        if not self.sentinels:
            alive = [server for server in alive if _has_slot(server, slot_of(key))]
        return alive[0] if len(alive) == 1 else None

    def replicas(self, primary: Server) -> list[Server]:
        """Return the living servers that replicate from ``primary`` and are linked to it."""
        try:
            role = primary.ask("ROLE")
        except RedisError:
            return []
        ports = {int(port) for _, port, _ in role[2]} if role[0] == b"master" else set()
        return [server for server in self.servers if server.port in ports]

    def whole(self) -> bool:
        """Return whether all servers live, and each primary has a replica with all its data."""
        alive = [server for server in self.servers if server.running]
        primaries = [server for server in alive if server.is_primary]
        expected = len(self.servers) // 2
        return (
            len(alive) == len(self.servers)
            and len(primaries) == expected
            and all(len(self.replicas(primary)) == 1 for primary in primaries)
            and all(_is_linked(server) for server in alive if server not in primaries)
            and (bool(self.sentinels) or all(_is_ok(server) for server in alive))
        )

    def close(self) -> None:
        """Kill all sentinels and servers."""
        for server in (*self.sentinels, *self.servers):
            server.kill()


def _has_slot(server: Server, slot: int) -> bool:
    nodes = server.ask("CLUSTER", "SLOTS")
    return any(first <= slot <= last and one[1] == server.port for first, last, one, *_ in nodes)


def _is_ok(server: Server) -> bool:
    return b"cluster_state:ok" in server.ask("CLUSTER", "INFO")


def _is_linked(server: Server) -> bool:
    try:
        return bool(server.ask("ROLE")[3] == b"connected")
    except (RedisError, IndexError):
        return False


def _secured(password: str) -> tuple[str, ...]:
    return ("--requirepass", password, "--masterauth", password) if password else ()


_USUAL = ("--save", "", "--repl-diskless-sync-delay", "0", "--loglevel", "notice")


@contextmanager
def running_cluster(primaries: int = 3, password: str = "", *arguments: str) -> Iterator[SetUp]:
    """Run a cluster of this many primaries, each with a replica, with the slots spread evenly."""
    with tempfile.TemporaryDirectory(prefix="kiki-cluster-") as folder:
        more = (*_CLUSTER, *_USUAL, *_secured(password), *arguments)
        servers = [
            Server(Path(folder) / str(n), free_port(), (*more, "--cluster-port", str(free_port())), password)
            for n in range(2 * primaries)
        ]
        places = ",".join(f"127.0.0.1:{server.port}" for server in servers[:primaries])
        set_up = SetUp(f"redis+cluster://{_login(password)}{places}", servers)
        try:
            for server in servers:
                server.start()
            _join(servers, primaries)
            wait_until_sync(set_up.whole, "the cluster is whole", START_S)
            yield set_up
        finally:
            set_up.close()


_CLUSTER = (
    *("--cluster-enabled", "yes", "--cluster-node-timeout", str(NODE_TIMEOUT_MS)),
    *("--cluster-replica-validity-factor", "0", "--cluster-allow-replica-migration", "no"),
    *("--cluster-require-full-coverage", "no"),
)


def _login(password: str) -> str:
    return f":{quote(password, safe='')}@" if password else ""


def _join(servers: list[Server], primaries: int) -> None:
    for number, server in enumerate(servers):
        server.ask("CLUSTER", "SET-CONFIG-EPOCH", str(number + 1))
        if number < primaries:
            first, last = number * SLOTS // primaries, (number + 1) * SLOTS // primaries - 1
            server.ask("CLUSTER", "ADDSLOTSRANGE", str(first), str(last))
        servers[0].ask("CLUSTER", "MEET", "127.0.0.1", str(server.port), server.arguments[-1])
    known = f"cluster_known_nodes:{len(servers)}".encode()

    def met() -> bool:
        return all(known in server.ask("CLUSTER", "INFO") for server in servers)

    wait_until_sync(met, "all nodes know each other", START_S)
    for number, server in enumerate(servers[primaries:]):
        server.ask("CLUSTER", "REPLICATE", servers[number].ask("CLUSTER", "MYID").decode())


@contextmanager
def running_sentinels(password: str = "", *arguments: str) -> Iterator[SetUp]:
    """Run a primary and a replica, watched by three sentinels.

    Each server has a file in which sentinels keep its role, so that a primary that restarts at once stays one.
    """
    with tempfile.TemporaryDirectory(prefix="kiki-sentinel-") as folder:
        more = (*_USUAL, *_secured(password), *arguments)
        files = [Path(folder) / f"server-{n}.conf" for n in range(2)]
        servers = [Server(file.with_suffix(""), free_port(), (str(file), *more), password) for file in files]
        files[0].touch()
        files[1].write_text(f"replicaof 127.0.0.1 {servers[0].port}\n")
        sentinels = [_sentinel(Path(folder) / f"sentinel-{n}", servers[0].port, password) for n in range(3)]
        places = ",".join(f"127.0.0.1:{sentinel.port}" for sentinel in sentinels)
        set_up = SetUp(f"redis+sentinel://{_login(password)}{places}/{MASTER}", servers, sentinels)
        try:
            for server in (*servers, *sentinels):
                server.start()
            wait_until_sync(set_up.whole, "the replica is linked", START_S)
            wait_until_sync(lambda: all(map(_watches, sentinels)), "the sentinels know each other", START_S)
            yield set_up
        finally:
            set_up.close()


def _sentinel(folder: Path, port: int, password: str) -> Server:
    folder.mkdir()
    lines = [
        f"sentinel monitor {MASTER} 127.0.0.1 {port} 2",
        f"sentinel down-after-milliseconds {MASTER} {NODE_TIMEOUT_MS}",
        f"sentinel failover-timeout {MASTER} 3000",
        *([f"sentinel auth-pass {MASTER} {password}"] if password else []),
    ]
    (folder / "sentinel.conf").write_text("\n".join(lines) + "\n")
    return Server(folder, free_port(), (str(folder / "sentinel.conf"), "--sentinel"))


def _watches(sentinel: Server) -> bool:
    flat = sentinel.ask("SENTINEL", "MASTER", MASTER)
    about = dict(zip(flat[::2], flat[1::2], strict=True))
    return bool(about[b"num-other-sentinels"] == b"2" and about[b"num-slaves"] == b"1")
