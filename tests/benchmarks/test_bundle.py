import sys
from pathlib import Path

from benchmarks.bundle import Start, in_turns, row, run_once


def test_start_has_a_duration_and_cpu_time() -> None:
    once = run_once([sys.executable, "-S", "-c", "sum(range(3_000_000))"])
    assert once.clock > 0 and once.cpu > 0


def test_starts_are_taken_in_turns_without_the_first() -> None:
    asked: list[str] = []

    def start(folder: Path) -> Start:
        asked.append(folder.name)
        return Start(1000.0 if len(asked) < 3 else 10.0 * len(asked), 5.0)

    checkout, bundle = in_turns(1, (Path("a"), Path("b")), start)
    assert asked == ["a", "b", "a", "b"]
    assert (checkout, bundle) == (Start(30.0, 5.0), Start(40.0, 5.0))
    assert row("x", checkout, bundle)["ratio"] == 1.33
