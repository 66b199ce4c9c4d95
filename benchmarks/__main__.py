"""Every benchmark, one after the other: ``make bench``. Figures land in ``bench-results/`` as JSON."""

import subprocess
import sys

_BENCHMARKS = ("vad", "engine", "gateway")


def main() -> int:
    """Run all; the exit status is that of the first that failed."""
    for name in _BENCHMARKS:
        command = [sys.executable, "-m", f"benchmarks.{name}", "--json", f"bench-results/{name}.json"]
        if status := subprocess.run(command, check=False).returncode:
            return status
    return 0


if __name__ == "__main__":
    sys.exit(main())
