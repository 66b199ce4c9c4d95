"""A fleet of the previous and of this version: is every segment recognised exactly once?

    python -m benchmarks.mixed_versions [--previous COMMIT|WHEEL] [--segments 500] [--only NAME,…] [--json FILE]

Client, gateway and worker run as programs, each from the previous or the new version, in all six mixtures. In the
directions ``upgrade`` and ``downgrade`` the worker and then the gateway are replaced by the other version while
the client speaks. The broker's data stays where it is. The client checks the digest of each segment.
``--previous``: default the commit of the stored home. Exit status 0: no segment lost, wrong or twice.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from benchmarks.installed_version import build_wheel, install, previous_commit
from benchmarks.report import arguments, report
from tests.helpers.chain import BIN, Chain, Program, running_chain
from tests.helpers.waiting import wait_until_sync

_MEAN_S: Final = 3.5
"""Mean length of a segment of ``kikipounamu-loadtest sessions``."""
_EACH: Final = 20
"""Segments of one session."""
_SECONDS: Final = _EACH * _MEAN_S * 1.2
"""Audio of one session, with a fifth more than ``_EACH`` segments have on average."""
_PATIENCE_S: Final = 300.0


@dataclass(frozen=True)
class Direction:
    """The versions of the programs; ``replaced``: worker and gateway become the other version meanwhile."""

    name: str
    client: bool
    gateway: bool
    worker: bool
    replaced: bool = False


# ``True``: the new version.
DIRECTIONS: Final = (
    Direction("old client", False, True, True),
    Direction("old gateway", True, False, True),
    Direction("old worker", True, True, False),
    Direction("new client", True, False, False),
    Direction("new gateway", False, True, False),
    Direction("new worker", False, False, True),
    Direction("upgrade", False, False, False, replaced=True),
    Direction("downgrade", True, True, True, replaced=True),
)


@dataclass(frozen=True)
class Outcome:
    """Result row: numbers of segments of one direction, by outcome."""

    direction: str
    client: str
    gateway: str
    worker: str
    segments: int
    right: int
    wrong: int
    failed: int
    missing: int
    twice: int
    seconds: float

    @property
    def flawless(self) -> bool:
        """True if every segment ended once, with the digest of its samples."""
        return self.segments > 0 and self.right == self.segments and not self.twice


def chosen(names: str, directions: Sequence[Direction] = DIRECTIONS) -> list[Direction]:
    """Return the directions with these names, separated by commas; without names all of them."""
    wanted = {name.strip() for name in names.split(",") if name.strip()}
    if unknown := wanted - {direction.name for direction in directions}:
        sys.exit(f"no direction: {', '.join(sorted(unknown))}")
    return [direction for direction in directions if not wanted or direction.name in wanted]


class Fleet:
    """Gateway and worker with the checksum engine, of versions that can change."""

    def __init__(self, chain: Chain, programs: dict[bool, Path]) -> None:
        self._chain, self._programs = chain, programs
        self._running: dict[str, Program] = {}

    def start_gateway(self, new: bool) -> None:
        """Start a gateway and wait until it announces its address."""
        place = self._chain.endpoint_file()
        place.unlink(missing_ok=True)
        self._start("gateway", new, "serve")
        wait_until_sync(place.exists, "the gateway is ready")

    def start_worker(self, new: bool) -> None:
        """Start a worker; it waits for the broker by itself."""
        self._start("worker", new, "run", "--engine", "checksum")

    def replace(self, new: bool, pause_s: float, client: "subprocess.Popen[str]") -> None:
        """Replace the worker and then the gateway, each after a pause, while the client speaks."""
        for name, start in (("worker", self.start_worker), ("gateway", self.start_gateway)):
            time.sleep(pause_s)
            if client.poll() is not None:
                sys.exit(f"the client ended before the {name} was replaced")
            self._running.pop(name).stop()
            start(new)

    def speak(self, new: bool, segments: int, pace: float) -> "subprocess.Popen[str]":
        """Start a client that speaks about this many segments or more; ``pace``: seconds for a second of audio."""
        count = str(-(-segments // _EACH))
        words = ["--count", count, "--seconds", f"{_SECONDS:.1f}", "--pace", f"{pace:g}"]
        program = str(self._programs[new] / "kikipounamu-loadtest")
        environment = os.environ | {"KIKIPOUNAMU_HOME": str(self._chain.root / "home")}
        return subprocess.Popen(
            [program, "sessions", *words],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def _start(self, name: str, new: bool, *words: str) -> None:
        program = str(self._programs[new] / f"kikipounamu-{name}")
        self._running[name] = self._chain.start(f"{name}-{_called(new)}", program, *words)


def run_direction(direction: Direction, programs: dict[bool, Path], segments: int) -> Outcome:
    """Run one direction in a home of its own, and return what its client saw."""
    began = time.monotonic()
    with _fleet(programs) as fleet:
        fleet.start_gateway(direction.gateway)
        fleet.start_worker(direction.worker)
        pace = 0.5 if direction.replaced else 0.1  # a replacement happens while people speak
        with fleet.speak(direction.client, segments, pace) as client:
            try:
                if direction.replaced:
                    fleet.replace(not direction.gateway, pace * _SECONDS / 3, client)
                output, errors = client.communicate(timeout=_PATIENCE_S)
            finally:
                client.kill()
    return outcome(direction, output, errors, time.monotonic() - began)


def outcome(direction: Direction, output: str, errors: str, seconds: float) -> Outcome:
    """Return the row of a direction from the summary that its client printed."""
    try:
        summary = json.loads(output)
    except ValueError:
        sys.exit(f"{direction.name}: the client printed no summary: {errors[-2000:]}")
    counts = {name: summary[name] for name in ("segments", "right", "wrong", "failed", "missing", "twice")}
    client, gateway, worker = (
        _called(version) for version in (direction.client, direction.gateway, direction.worker)
    )
    if direction.replaced:
        gateway = worker = "new to old" if direction.gateway else "old to new"
    return Outcome(direction.name, client, gateway, worker, **counts, seconds=round(seconds, 1))


@contextmanager
def _fleet(programs: dict[bool, Path]) -> Iterator[Fleet]:
    with tempfile.TemporaryDirectory() as root, running_chain(Path(root), quiet=True) as chain:
        yield Fleet(chain, programs)


def _called(new: bool) -> str:
    return "new" if new else "old"


def measure(previous: str, directions: Sequence[Direction], segments: int) -> list[Outcome]:
    """Install the previous version, a commit or a wheel, and run the directions one after the other."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        wheel = Path(previous) if previous.endswith(".whl") else build_wheel(previous, folder)
        programs = {True: BIN, False: install(wheel, folder / "environment")}
        outcomes = []
        for direction in directions:
            outcomes.append(run_direction(direction, programs, segments))
            print(outcomes[-1], file=sys.stderr, flush=True)
        return outcomes


def main() -> None:
    """Run the directions, print their table, and exit with 1 if one of them has a flaw."""
    options = arguments(__doc__, previous=previous_commit(), segments=500, only="")
    outcomes = measure(options.previous, chosen(options.only), options.segments)
    report("mixed versions", [asdict(outcome) for outcome in outcomes], options.json)
    sys.exit(0 if all(outcome.flawless for outcome in outcomes) else 1)


if __name__ == "__main__":
    main()
