"""Findings come from the worker's own doctor, however it ends."""

import sys
from collections.abc import Iterable
from pathlib import Path

import msgspec
import pytest

from app.core.errors import ModelUnfit
from app.core.sentences import Sentences
from app.diagnostics.checks.finding import Finding
from app.diagnostics.checks.worker import WorkerLine, line_findings, worker
from protocol.engine import EngineInfo
from tests.app.diagnostics.checks.found import keys
from worker.supervision.doctor import DecodeMeasurement, DoctorFinding, decode_findings, json_line, surroundings


def doctor(tmp_path: Path, script: str) -> list[str]:
    program = tmp_path / "doctor.py"
    program.write_text(script)
    return [sys.executable, str(program)]


def told(lines: Iterable[DoctorFinding], *, needed: bool = True) -> list[Finding]:
    """Return the findings about these lines as the app reads them."""
    read = [msgspec.json.decode(json_line(line), type=WorkerLine) for line in lines]
    return line_findings(read, needed=needed)


def test_lines_without_a_translation_stay_as_they_are() -> None:
    lines = [
        DoctorFinding("engine", "here", True),
        DoctorFinding("decode", "it broke", False, "of another version"),
    ]
    assert keys(told(lines)) == ["ok worker-says", "problem worker-fails"]
    assert keys(told(lines, needed=False)) == ["ok worker-says", "advice worker-fails"]


@pytest.mark.parametrize(("decode_s", "wanted"), [(1.0, "ok worker-speed"), (20.0, "problem worker-behind")])
def test_decode_has_own_words(decode_s: float, wanted: str) -> None:
    info = EngineInfo("whisper", "whisper-base", "cpu")
    engine, decode = told(decode_findings(DecodeMeasurement(info, 6.4, 10.0, decode_s, ""), spoken=False))
    assert keys([engine, decode]) == ["ok worker-engine", wanted]
    assert decode.values == {"what": "decode", "sound": "10", "seconds": f"{decode_s:.2f}"}


def test_words_are_in_the_language_of_the_user() -> None:
    values = {"model": "whisper-base", "folder": "/my models/whisper-base"}
    (found,) = told([DoctorFinding("model", "whisper-base, whole, in ...", True, "model", values)])
    assert Sentences("zh")(f"doctor.found.{found.key}", **found.values) == (
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
    lines = surroundings("funasr", lambda command: CARD if command[0] == "nvidia-smi" else report)
    found = told(lines)
    assert keys(found) == ["ok worker-driver", "ok worker-card", wanted]


def test_processor_alone_has_own_words() -> None:
    lines = surroundings(
        "whisper", lambda command: "" if command[0] == "nvidia-smi" else '{"version": "4.6", "devices": 0}'
    )
    assert keys(told(lines)) == ["ok worker-no-card", "ok worker-library"]


async def test_worker_check_returns_findings_of_its_doctor(tmp_path: Path) -> None:
    script = (
        "print('a library greets')\n"
        'print(\'{"what": "driver", "says": "none", "good": null, "key": "no-card"}\')\n'
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


async def test_worker_check_kills_hanging_doctor_and_keeps_findings() -> None:
    line = json_line(DoctorFinding("driver", "none", key="no-card"))
    script = 'echo "$0"; exec sleep 600'  # a shell has begun long before the deadline, also on a busy computer
    found = await worker([], command=["sh", "-c", script, line], deadline_s=2.0)
    assert keys(found) == ["ok worker-no-card", "problem worker-slow"]


async def test_worker_check_reports_unfit_model() -> None:
    assert keys(await worker([], unfit=ModelUnfit("m", "funasr"))) == ["problem worker-unfit"]
    assert keys(await worker([], unfit=ModelUnfit("m"), needed=False)) == ["advice worker-unfit"]


async def test_worker_check_runs_the_real_doctor(home: Path) -> None:
    found = await worker(["--engine", "checksum"])
    assert {"engine", "decode"} <= {finding.values["what"] for finding in found}
    assert all(finding.severity == "ok" for finding in found)
