"""Findings come from the worker's own doctor, however it ends."""

import sys
from pathlib import Path

import pytest

from app.core.errors import ModelUnfit
from app.core.sentences import Sentences
from app.diagnostics.checks.worker import WorkerLine, line_findings, worker
from tests.app.diagnostics.checks.found import keys
from worker.supervision.doctor import surroundings


def doctor(tmp_path: Path, script: str) -> list[str]:
    program = tmp_path / "doctor.py"
    program.write_text(script)
    return [sys.executable, str(program)]


def test_reported_converts_good_and_bad_lines() -> None:
    lines = [WorkerLine("driver", "none"), WorkerLine("engine", "here", True), WorkerLine("decode", "slow", False)]
    assert keys(line_findings(lines, needed=True)) == [
        "ok worker-no-card",
        "ok worker-says",
        "problem worker-fails",
    ]
    assert keys(line_findings(lines, needed=False))[-1] == "advice worker-fails"


def test_reported_has_own_words_for_speed_and_missing_card() -> None:
    fast, slow = (f"10 s of sound in {s} s: RTF 0.1, and so on" for s in ("1.00", "20.00"))
    lines = [WorkerLine("driver", "none"), WorkerLine("decode", fast, True), WorkerLine("decode", slow, False)]
    found = line_findings(lines, needed=True)
    assert keys(found) == ["ok worker-no-card", "ok worker-speed", "problem worker-behind"]
    assert found[2].values == {"what": "decode", "sound": "10", "seconds": "20.00"}


def test_reported_has_own_words_for_library_model_and_engine() -> None:
    lines = [
        WorkerLine("ctranslate2", "4.8.5, for the processor", True),
        WorkerLine("model", "whisper-base, whole, in /my models/whisper-base", True),
        WorkerLine("engine", "whisper with whisper-base on cpu, loaded in 6.4 s", True),
    ]
    found = line_findings(lines, needed=True)
    assert keys(found) == ["ok worker-library", "ok worker-model", "ok worker-engine"]
    assert Sentences("zh")(f"doctor.found.{found[1].key}", **found[1].values) == (
        "模型 whisper-base 完整，位于 /my models/whisper-base。"
    )


CARD = "RTX 5060 Ti, 580.65, 12.0, 16311, 512\n"


@pytest.mark.parametrize(
    ("report", "wanted"),
    [
        ('{"version": "2.9", "cuda": "13.0", "devices": 1}', "ok worker-library-cards"),
        ('{"version": "2.9", "devices": 0}', "problem worker-library-blind"),
        ('{"version": "2.9", "devices": 1, "built_for": ["sm_90"]}', "problem worker-library-unfit"),
        ("", "problem worker-library-missing"),
    ],
)
def test_every_line_about_the_card_has_own_words(report: str, wanted: str) -> None:
    told = surroundings("funasr", lambda command: CARD if command[0] == "nvidia-smi" else report)
    lines = [WorkerLine(*one) for one in told]
    assert keys(line_findings(lines, needed=True)) == ["ok worker-driver", "ok worker-card", wanted]


async def test_worker_check_returns_findings_of_its_doctor(tmp_path: Path) -> None:
    script = (
        "print('a library greets')\n"
        'print(\'{"what": "driver", "says": "none", "good": null}\')\n'
        'print(\'{"what": "model", "says": "missing", "good": false}\')\n'
        "raise SystemExit(3)\n"
    )
    found = await worker(["--engine", "x"], command=doctor(tmp_path, script))
    assert keys(found) == ["ok worker-no-card", "problem worker-fails"]


async def test_worker_check_notices_crash_of_its_doctor(tmp_path: Path) -> None:
    found = await worker([], command=doctor(tmp_path, "raise SystemExit(9)"))
    assert keys(found) == ["problem worker-crashed"] and found[0].values == {"status": "9", "words": "?"}
    fell = await worker([], command=doctor(tmp_path, "import no_such_library"))
    assert fell[0].values["words"] == "ModuleNotFoundError: No module named 'no_such_library'"


async def test_worker_check_ignores_output_of_libraries(tmp_path: Path) -> None:
    script = (
        "import sys\n"
        "print('x' * 300_000, flush=True)\n"
        'sys.stdout.buffer.write(b\'"\\xff"\\n{"what": "\\xff", "says": ""}\\n\')\n'
        'print(\'{"what": "engine", "says": "here", "good": true}\')\n'
    )
    assert keys(await worker([], command=doctor(tmp_path, script))) == ["ok worker-says"]


async def test_worker_check_notices_doctor_without_findings(tmp_path: Path) -> None:
    found = await worker([], command=doctor(tmp_path, "print('x' * 300_000)"))
    assert keys(found) == ["problem worker-crashed"] and found[0].values["status"] == "0"


async def test_worker_check_kills_hanging_doctor_and_keeps_findings(tmp_path: Path) -> None:
    script = 'import time\nprint(\'{"what": "driver", "says": "none"}\', flush=True)\ntime.sleep(600)\n'
    found = await worker([], command=doctor(tmp_path, script), deadline_s=1.0)
    assert keys(found) == ["ok worker-no-card", "problem worker-slow"]


async def test_worker_check_reports_unfit_model() -> None:
    assert keys(await worker([], unfit=ModelUnfit("m", "funasr"))) == ["problem worker-unfit"]
    assert keys(await worker([], unfit=ModelUnfit("m"), needed=False)) == ["advice worker-unfit"]


async def test_worker_check_runs_the_real_doctor(home: Path) -> None:
    found = await worker(["--engine", "checksum"])
    assert {"engine", "decode"} <= {finding.values["what"] for finding in found}
    assert all(finding.severity == "ok" for finding in found)
