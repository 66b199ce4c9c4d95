"""The chart's manifests for the shipped sets of values, rendered once per process, in a separate process."""

import json
import subprocess
import sys
from functools import cache
from typing import Any, Final

from scripts.render_chart import ROOT, Manifest

VALUES: Final = ("small", "cluster", "gpu")
PODS: Final = ("Deployment", "StatefulSet")
"""Kinds that have a pod as template."""


@cache
def rendered(values: str, *settings: str) -> tuple[Manifest, ...]:
    """Return every manifest for ``packaging/kubernetes/values/VALUES.yaml``, with settings as ``a.b=c``."""
    done = _run(values, settings)
    assert done.returncode == 0, done.stderr
    found: list[Manifest] = json.loads(done.stdout)
    return tuple(found)


def refusal(values: str, *settings: str) -> str:
    """Return the message about values that the chart refuses."""
    done = _run(values, settings)
    assert (done.returncode, done.stdout[:80]) == (1, "")
    return done.stderr


def of_kind(values: str, *kinds: str) -> list[Manifest]:
    """Return the manifests of these kinds."""
    return [manifest for manifest in rendered(values) if manifest["kind"] in kinds]


def named(values: str, kind: str, name: str) -> Manifest:
    """Return the manifest of this kind and name."""
    (found,) = (manifest for manifest in of_kind(values, kind) if manifest["metadata"]["name"] == name)
    return found


def pod_of(manifest: Manifest) -> dict[str, Any]:
    """Return the pod's specification of a Deployment or StatefulSet."""
    pod: dict[str, Any] = manifest["spec"]["template"]["spec"]
    return pod


def _run(values: str, settings: tuple[str, ...]) -> subprocess.CompletedProcess[str]:
    command = [
        sys.executable,
        "-m",
        "scripts.render_chart",
        f"packaging/kubernetes/values/{values}.yaml",
        "--json",
    ]
    command += [word for setting in settings for word in ("--set", setting)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
