"""Worker benchmark: measurements of an engine process, with a fake CUDA device, and their two forms."""

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from protocol.engine import EngineSettings
from tests.helpers.command_line import called
from tests.helpers.device_engine import ENGINE
from worker.bench.benchmark import (
    BatchSpeed,
    BenchPlan,
    BenchResult,
    measure,
    read_batches,
    sha256_of,
    speed_of,
    table,
)
from worker.cli import cli

PLAN = BenchPlan(bytes(32_000), (1, 3), 2)
RESULT = BenchResult(
    "whisper",
    "whisper-base",
    "ab" * 32,
    "cuda:1",
    10.0,
    1.25,
    (BatchSpeed(1, 0.5, 0.05, 20), BatchSpeed(16, 1.6, 0.01, 100)),
    412_000_000,
    900_000_000,
    "570.86.10",
    "NVIDIA H100 80GB HBM3",
    True,
)


def two_cards(command: Sequence[str]) -> str:
    """Answer as ``nvidia-smi`` with two cards."""
    return "First, 1.0, 9.0, 100, 0\nSecond, 2.0, 9.0, 100, 0\n"


def test_speed_is_that_of_the_fastest_call() -> None:
    assert speed_of(4, [2.0, 1.0, 3.0], 10.0) == BatchSpeed(4, 1.0, 0.025, 40)
    assert speed_of(1, [0.0], 10.0).streams > 1_000_000


@pytest.mark.parametrize(("model", "equal"), [("same", True), ("other", False)])
async def test_text_of_a_card_is_compared_with_the_text_of_the_processor(model: str, equal: bool) -> None:
    result = await measure(EngineSettings(ENGINE, model, device="cuda:1"), PLAN, two_cards)
    assert (result.device, result.card, result.driver) == ("cuda:1", "Second", "2.0")
    assert result.text_equal is equal and result.memory_bytes > 0
    assert [speed.batch for speed in result.speeds] == [1, 3]


async def test_processor_is_not_compared_with_itself() -> None:
    result = await measure(EngineSettings(ENGINE, "same", device="cpu"), PLAN, two_cards)
    assert (result.card, result.text_equal, result.gpu_memory_bytes, result.audio_s) == ("", None, None, 1.0)


def test_table_shows_every_measurement() -> None:
    assert list(table(RESULT)) == [
        "engine   whisper with whisper-base on cuda:1, loaded in 1.2 s",
        "model    SHA-256 abababababababab...",
        "card     NVIDIA H100 80GB HBM3, driver 570.86.10",
        "audio    10.0 s per recording",
        "batch    call s      RTF  streams",
        "    1     0.500   0.0500       20",
        "   16     1.600   0.0100      100",
        "memory   412 MB, 900 MB of the card",
        "text     equal to the processor's",
    ]


def test_hash_of_a_model_depends_on_names_and_contents(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"1")
    first = sha256_of(str(tmp_path))
    (tmp_path / "a").rename(tmp_path / "b")
    assert len({first, sha256_of(str(tmp_path)), sha256_of("")}) == 3


@pytest.mark.parametrize("bad", ["", "0", "1,,2", "a", "-1", "10000", "9" * 20])
def test_batches_are_positive_numbers(bad: str) -> None:
    assert read_batches("1,4,16") == (1, 4, 16)
    with pytest.raises(ValueError, match="such as 1,4,16"):
        read_batches(bad)


def run(*options: str) -> "subprocess.CompletedProcess[str]":
    """Run the command ``bench`` of the worker, with two sizes and one round."""
    return called(cli, "bench", "--rounds", "1", "--batches", "1,2", *options, environment={})


def test_bench_command_prints_a_table_or_json_and_sets_the_exit_status(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KIKIPOUNAMU_HOME", str(tmp_path))
    monkeypatch.delenv("KIKIPOUNAMU_MODELS", raising=False)
    shown = run("--engine", "checksum")
    assert shown.returncode == 0 and shown.stdout.startswith("engine   checksum with checksum on cpu, loaded in")
    report = json.loads(run("--engine", "checksum", "--json").stdout)
    assert [speed["batch"] for speed in report["speeds"]] == [1, 2] and report["audio_s"] == 10.0
    assert run("--engine", "no-such-engine").returncode == 3
    assert run("--engine", "checksum", "--batches", "x").returncode == 2
    failed = run("--engine", "checksum", "--audio", str(tmp_path / "none.wav"), "--json")
    assert (failed.returncode, failed.stdout) == (1, "") and "none.wav" in failed.stderr
