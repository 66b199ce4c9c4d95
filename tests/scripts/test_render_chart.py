"""Test the renderer of the chart, as a program."""

import json
import platform
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.render_chart import CHART, ROOT

SMALL = "packaging/kubernetes/values/small.yaml"


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    if (sys.platform, platform.machine()) != ("linux", "x86_64"):
        pytest.skip("needs Linux on x86-64, for which Helm's library is installed")
    command = [sys.executable, "-m", "scripts.render_chart", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)


def test_manifests_are_printed_with_later_values_over_earlier_ones(tmp_path: Path) -> None:
    more = tmp_path / "more.yaml"
    more.write_text("gateway: {replicas: 7}\nworkerDefaults: {engine: parakeet}\n")
    done = run(SMALL, str(more), "--set", "workerDefaults.model=special", "--json")
    assert done.returncode == 0, done.stderr
    listed = [one for one in json.loads(done.stdout) if one["kind"] == "Deployment"]
    deployments = {one["metadata"]["name"]: one["spec"] for one in listed}
    assert deployments["speech-gateway"]["replicas"] == 7
    (worker,) = deployments["speech-worker-cpu"]["template"]["spec"]["containers"]
    assert {"--engine=parakeet", "--model=special"} <= set(worker["args"])


def test_yaml_has_one_document_per_manifest() -> None:
    done = run(SMALL)
    assert done.returncode == 0
    assert done.stdout.count("\napiVersion: ") + 1 == done.stdout.count("\n---\n") + 1 > 8


@pytest.mark.parametrize(
    ("setting", "said"), [("gateway.replicas=none", "/gateway/replicas"), ("redis.password=", "password")]
)
def test_refusal_is_reported_with_status_1(setting: str, said: str) -> None:
    done = run(SMALL, "--set", setting)
    assert (done.returncode, done.stdout) == (1, "")
    assert said in done.stderr


def test_chart_is_where_the_documents_say() -> None:
    assert (CHART / "values.schema.json").is_file()
