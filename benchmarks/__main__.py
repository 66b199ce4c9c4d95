"""Every benchmark, or those that are named, one after the other: ``make bench``, ``make bench ARGS="vad engine"``.

Figures land in ``bench-results/`` as JSON.
"""

import subprocess
import sys

_BENCHMARKS = ("vad", "engine", "gateway", "observing", "latency", "monitor", "history", "app")


def main() -> int:
    """Run them; the exit status is that of the first that failed."""
    for name in sys.argv[1:] or _BENCHMARKS:
        command = [sys.executable, "-m", f"benchmarks.{name}", "--json", f"bench-results/{name}.json"]
        if status := subprocess.run(command, check=False).returncode:
            return status
    return 0


if __name__ == "__main__":
    sys.exit(main())
