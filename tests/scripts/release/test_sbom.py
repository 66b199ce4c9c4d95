import json
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.release import sbom
from scripts.release.errors import Refusal, ReleaseRefused

ROOT = Path(__file__).resolve().parents[3]


def test_bill_wants_the_wheel_first(tmp_path: Path) -> None:
    with pytest.raises(ReleaseRefused, match="build `wheels` first") as refused:
        sbom.build(tmp_path, tmp_path, "0.1.0")
    assert refused.value.kind is Refusal.BUILD_FAILED


@pytest.mark.proof(minutes=3)
@pytest.mark.timeout(900)
def test_bill_names_the_libraries_with_versions_and_licences(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The environment of `make release`, which has the tool, describes that of the tests."""
    described, tools = Path(sys.executable), tmp_path / "tools" / "bin" / "python"
    subprocess.run([described, "-m", "venv", tmp_path / "tools"], check=True)
    pip = [str(tools), "-m", "pip", "install", "-q", "-c", str(ROOT / "constraints.txt"), "cyclonedx-bom"]
    subprocess.run(pip, check=True, stdin=subprocess.DEVNULL, timeout=600)
    monkeypatch.setattr(sys, "executable", str(tools))
    bill = json.loads(sbom.describe(ROOT, described, tmp_path / "bill.cdx.json").read_text())
    (numpy,) = [part for part in bill["components"] if part["name"] == "numpy"]
    assert numpy["version"] and numpy["licenses"]
    assert bill["metadata"]["component"]["name"] == "kikipounamu"
