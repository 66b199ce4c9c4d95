"""Run the benchmarks one after the other: all with ``make bench``, some with ``make bench ARGS="vad engine"``.

Figures are written to ``bench-results/`` as JSON.
"""

import argparse
import subprocess
import sys

from runtime.program_start import set_environment

_BENCHMARKS = (
    "vad",
    "engine",
    "onnx",
    "gateway",
    "observing",
    "latency",
    "monitor",
    "history",
    "history-store",
    "replication",
    "audio-path",
    "insertion-wayland",
    "app",
    "first-run",
)


def main() -> int:
    """Run the named benchmarks, or all. Stop at the first failure and return its exit status."""
    about = "Measure, and write the figures as JSON."
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=about)
    parser.add_argument("name", nargs="*", default=_BENCHMARKS, help=f"all by default: {', '.join(_BENCHMARKS)}")
    names = parser.parse_args().name
    set_environment()
    for name in names:
        module = f"benchmarks.{name.replace('-', '_')}"
        command = [sys.executable, "-m", module, "--json", f"bench-results/{name}.json"]
        if status := subprocess.run(command, check=False).returncode:
            return status
    return 0


if __name__ == "__main__":
    sys.exit(main())
