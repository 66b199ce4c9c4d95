"""Every benchmark, or those that are named, one after the other: ``make bench``, ``make bench ARGS="vad engine"``.

Figures land in ``bench-results/`` as JSON.
"""

import subprocess
import sys

_BENCHMARKS = ("vad", "engine", "gateway", "observing", "latency", "monitor", "history", "history-store", "app")


def main() -> int:
    """Run them; the exit status is that of the first that failed."""
    for name in sys.argv[1:] or _BENCHMARKS:
        module = f"benchmarks.{name.replace('-', '_')}"
        command = [sys.executable, "-m", module, "--json", f"bench-results/{name}.json"]
        if status := subprocess.run(command, check=False).returncode:
            return status
    return 0


if __name__ == "__main__":
    sys.exit(main())
