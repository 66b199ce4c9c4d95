"""Child process that is restarted whenever it ends."""

import asyncio
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import psutil

from loadtest.chaos.clock import SteppedClock
from loadtest.chaos.targets import Absent, TargetProcess
from runtime.leash import leashed_command

_PAUSE_S: Final = 0.25
_LONGEST_PAUSE_S: Final = 3.0
_STEADY_S: Final = 3.0
_END_S: Final = 25.0  # a gateway drains for up to 20 s


class ChaosChild(TargetProcess):
    """Process of our own stack, named after ``log``, the file of its output.

    ``ends``: number of ends by status; a negative status is a signal. The process has a session of its own, so
    that Ctrl-C ends only the load maker.
    """

    def __init__(
        self, command: Sequence[str], environment: Mapping[str, str], log: Path, clock: SteppedClock | None = None
    ) -> None:
        self.name = log.stem
        self.clock = clock
        self.ends: Counter[int] = Counter()
        self._command = command
        self._environment = {**environment, **(clock.environment if clock else {})}
        self._log = log
        self._process: asyncio.subprocess.Process | None = None
        self._away_until = 0.0
        self._stopped = asyncio.Event()

    @property
    def process(self) -> psutil.Process:
        """The process that runs now. Raises ``Absent``."""
        if self._process is None or self._process.returncode is not None:
            raise Absent(f"{self.name} is not running")
        try:
            return psutil.Process(self._process.pid)
        except psutil.NoSuchProcess as error:
            raise Absent(f"{self.name} has just ended") from error

    @property
    def log_tail(self) -> str:
        """End of the output in its log file."""
        try:
            return self._log.read_text(errors="replace")[-2000:]
        except OSError:
            return ""

    def delay_restart(self, seconds: float) -> None:
        """Make the next start wait at least so long from now on."""
        self._away_until = time.monotonic() + seconds

    async def run(self) -> None:
        """Start the process, and again after each end, until ``stop``."""
        pause = _PAUSE_S
        while not self._stopped.is_set():
            began = time.monotonic()
            with self._log.open("ab") as output:
                self._process = await asyncio.create_subprocess_exec(
                    *leashed_command(self._command),
                    env=self._environment,
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    start_new_session=True,
                )
            if self._stopped.is_set():  # while it was started
                self._process.terminate()
            self.ends[await self._process.wait()] += 1
            steady = time.monotonic() - began >= _STEADY_S
            pause = _PAUSE_S if steady else min(2 * pause, _LONGEST_PAUSE_S)
            await asyncio.sleep(max(pause, self._away_until - time.monotonic()))

    async def stop(self) -> None:
        """End the process for good: SIGTERM, and SIGKILL after a deadline. Safe to call twice."""
        self._stopped.set()
        process = self._process
        if process is None or process.returncode is not None:
            return
        process.terminate()
        try:
            async with asyncio.timeout(_END_S):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()
