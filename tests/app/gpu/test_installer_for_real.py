"""An environment with torch for the processor is made by pip, and decodes."""

import sys
from pathlib import Path

import pytest

from app.gpu import installer
from app.gpu.installer import TorchChoice, steps
from app.models.engines import worker_program
from scripts.set_up.environments import Environment
from scripts.set_up.python_packages import cpu_torch
from tests.helpers.digits import MODEL

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.proof(minutes=4)
def test_environment_is_installed_and_decodes_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The index of PyTorch and the hub of models are replaced: pip's own index, and a model of ours."""
    monkeypatch.setenv("KIKIPOUNAMU_HOME", str(tmp_path))
    environment = installer.next_environment()
    torch = cpu_torch(Environment(Path(sys.prefix).name, (), ())) or "torch>=2.6"
    made, install, ours, _, check = steps(
        installer.usable_python(), environment, str(ROOT), TorchChoice(torch, "", "cpu"), sys.platform
    )
    worker, doctor, *_ = check.command
    command = (worker, doctor, "--engine", "funasr", "--device", "cpu", "--set", f"folder={MODEL}")
    installer.set_up(environment, (made, install, ours, check._replace(command=command)), print)
    assert worker_program("funasr", str(environment)) == worker
