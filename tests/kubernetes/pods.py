"""Run a container of the chart as a process: its command line, user, variables and volumes, all else read-only."""

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest

from scripts.render_chart import Manifest
from tests.helpers.chain import BIN
from tests.kubernetes.rendering import pod_of

PROGRAMS: Final = {"gateway": "kikipounamu-gateway", "worker": "kikipounamu-worker"}
# Volumes are memory. `/var/lib` becomes one too, because a mount point may be missing in it.
_MOUNT: Final = """
set -eu
mount -t tmpfs none /var/lib
for volume in $VOLUMES; do mkdir -p "$volume"; mount -t tmpfs -o "mode=1777" none "$volume"; done
mount -o remount,bind,ro /
mount -o remount,ro /var/lib
! touch /var/lib/written /etc/written 2>/dev/null
exec unshare --user --map-user="$RUN_AS" --map-group="$RUN_AS" setpriv --no-new-privs "$@"
"""


def volumes_of(container: Mapping[str, Any]) -> list[str]:
    """Return the paths that the container may write."""
    return [mount["mountPath"] for mount in container["volumeMounts"] if not mount.get("readOnly")]


@contextmanager
def pod(
    deployment: Manifest, log: Path, secrets: Mapping[str, str], *options: str
) -> Iterator[subprocess.Popen[bytes]]:
    """Run the first container of a Deployment until the context ends.

    ``secrets``: variables that come from Secrets. ``options`` follow the rendered command line.
    """
    if os.geteuid() or not shutil.which("unshare") or not may_confine():
        pytest.skip("needs root that may mount and make user namespaces, on Linux, not in a chroot")
    container = pod_of(deployment)["containers"][0]
    said = {one["name"]: one.get("value") or secrets[one["name"]] for one in container["env"]}
    kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    run_as = str(pod_of(deployment)["securityContext"]["runAsUser"])
    environment = kept | said | {"VOLUMES": " ".join(volumes_of(container)), "RUN_AS": run_as}
    program = [str(BIN / PROGRAMS[container["name"]]), *container["args"], *options]
    command = ["unshare", "--mount", "--propagation", "private", "sh", "-c", _MOUNT, "pod", *program]
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait(10)


def may_confine() -> bool:
    """Return whether this process may mount in a namespace of its own, and then make one of users."""
    confine = "mount -t tmpfs none /mnt && unshare --user true"
    command = ["unshare", "--mount", "--propagation", "private", "sh", "-c", confine]
    return subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL).returncode == 0
