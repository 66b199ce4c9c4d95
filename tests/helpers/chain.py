"""Run the real chain in a test: gateways, workers and a broker as processes with separate folders."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from protocol.endpoint import Endpoint, decode_endpoint
from protocol.errors import MalformedMessage
from tests.helpers.waiting import DEADLINE_S, wait_until_sync

BIN = Path(sys.executable).parent
KEY = "a key for tests only"


@dataclass
class Program:
    """A running program of the project. ``log``: its terminal output."""

    name: str
    popen: subprocess.Popen[bytes]
    log: Path

    def kill(self) -> None:
        """Send kill -9, and wait until the process has ended."""
        self.popen.kill()
        self.popen.wait(DEADLINE_S)

    def stop(self) -> int:
        """Send SIGTERM, and return the exit status."""
        self.popen.terminate()
        return self.popen.wait(30)

    def freeze(self) -> None:
        """Send SIGSTOP: the process lives but does nothing."""
        self.popen.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Send SIGCONT: the process continues."""
        self.popen.send_signal(signal.SIGCONT)


@dataclass
class Chain:
    """The programs of a test under ``root``; all of them end together.

    Each gateway has a separate home folder. ``inside``: command prefix that runs a program in another place,
    such as a network namespace.
    """

    root: Path
    redis: str | None = None
    inside: tuple[str, ...] = ()
    programs: list[Program] = field(default_factory=list)

    def start(self, name: str, *command: str, home: str = "home") -> Program:
        """Start a console script of the project."""
        log = self.root / f"{name}-{len(self.programs)}.log"
        environment = os.environ | {"KIKIPOUNAMU_HOME": str(self.root / home)}
        with log.open("wb") as output:
            popen = subprocess.Popen(
                [*self.inside, str(BIN / command[0]), *command[1:]],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        program = Program(name, popen, log)
        self.programs.append(program)
        return program

    def gateway(self, *arguments: str, home: str = "home") -> tuple[Program, Endpoint]:
        """Start a gateway and wait until it announces its address."""
        place = self.endpoint_file(home)
        before = place.read_bytes() if place.exists() else b""
        redis = ["--redis", self.redis] if self.redis else []
        program = self.start(
            f"gateway-{home}", "kikipounamu-gateway", "serve", "--key", KEY, *redis, *arguments, home=home
        )
        return program, wait_until_sync(lambda: self._endpoint(program, place, before), "the gateway is ready")

    def configure(self, settings: str) -> None:
        """Write the file of the next gateway's settings."""
        file = self.root / "home" / "config" / "gateway.toml"
        file.parent.mkdir(parents=True)
        file.write_text(settings)

    def worker(self, *arguments: str, name: str = "worker", home: str = "home") -> Program:
        """Start a worker on this chain's broker; by default with the checksum engine."""
        redis = ["--redis", self.redis] if self.redis else []
        chosen = arguments or ("--engine", "checksum")
        return self.start(name, "kikipounamu-worker", "run", *redis, *chosen, home=home)

    def endpoint_file(self, home: str = "home") -> Path:
        """Return the file in which a gateway with this home announces its address."""
        return self.root / home / "run" / "gateway.json"

    def close(self) -> None:
        """End all programs that still run."""
        self.end(self.programs)

    def end(self, programs: Iterable[Program]) -> None:
        """End these programs: first with SIGTERM, so that their children end too, then with SIGKILL."""
        running = [program for program in programs if program.popen.poll() is None]
        for program in running:
            program.thaw()
            program.popen.terminate()
        for program in running:
            try:
                program.popen.wait(10)
            except subprocess.TimeoutExpired:
                program.kill()

    def logs(self) -> str:
        """Return the output of every program, for the message of a failed test."""
        return "\n".join(f"--- {p.log.name}\n{p.log.read_text(errors='replace')}" for p in self.programs)

    def _endpoint(self, program: Program, place: Path, before: bytes) -> Endpoint | None:
        assert program.popen.poll() is None, f"the gateway ended: {program.log.read_text()}"
        try:
            data = place.read_bytes()
            return decode_endpoint(data) if data != before else None
        except (FileNotFoundError, MalformedMessage):
            return None


@contextmanager
def running_chain(root: Path, redis: str | None = None, *, quiet: bool = False) -> Iterator[Chain]:
    """Run a chain that leaves no process behind. Its output is printed, so that a failed test shows it."""
    chain = Chain(root, redis)
    try:
        yield chain
    finally:
        chain.close()
        if not quiet:
            sys.stderr.write(chain.logs())
