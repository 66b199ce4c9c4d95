"""Test that the programs run as the chart runs them: another user, a read-only root, probes, SIGTERM."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

from backend.devices.records import DEVICES_FILE, DeviceStore
from protocol.devices import DeviceKind
from scripts.render_chart import Manifest
from tests.helpers.ports import free_port
from tests.helpers.valkey import running_broker
from tests.helpers.waiting import wait_until_sync
from tests.kubernetes.pods import pod
from tests.kubernetes.rendering import named, pod_of, rendered
from tests.loadtest.program import run

KEY = "the key of the owner in a Secret"


def status(deployment: Manifest, probe: str, port: int) -> int:
    """Return the answer to a probe of the pod; 0: none."""
    asked = pod_of(deployment)["containers"][0][probe]["httpGet"]["path"]
    try:
        with urlopen(f"http://127.0.0.1:{port}{asked}", timeout=5) as answer:
            return int(answer.status)
    except HTTPError as error:
        return error.code
    except (URLError, OSError):
        return 0


def test_pods_serve_with_a_read_only_root_and_end_within_their_grace(tmp_path: Path) -> None:
    gateway = named("cluster", "Deployment", "speech-gateway")
    (worker,) = (
        one
        for one in rendered("cluster", "workers.cpu.engine=checksum")
        if one["kind"] == "Deployment" and one["metadata"]["name"] == "speech-worker-cpu"
    )
    broker_port, port, figures = free_port(), free_port(), free_port()
    secrets = {"KIKIPOUNAMU_KEY": KEY, "KIKIPOUNAMU_REDIS": f"redis://127.0.0.1:{broker_port}"}
    logs = tmp_path / "gateway.log", tmp_path / "worker.log"
    try:
        with (
            running_broker(None, "--port", str(broker_port)),
            pod(gateway, logs[0], secrets, f"--port={port}") as serving,
        ):
            wait_until_sync(lambda: status(gateway, "startupProbe", port) == 200, "the gateway lives")
            assert status(gateway, "readinessProbe", port) == 503, "no worker is there yet"
            with pod(worker, logs[1], secrets, f"--metrics=127.0.0.1:{figures}") as working:
                wait_until_sync(lambda: status(gateway, "readinessProbe", port) == 200, "the gateway is ready")
                assert status(worker, "livenessProbe", figures) == status(worker, "readinessProbe", figures) == 200
                assert spoken(port, tmp_path).returncode == 0
                for process, deployment in ((serving, gateway), (working, worker)):
                    process.send_signal(signal.SIGTERM)
                    assert process.wait(pod_of(deployment)["terminationGracePeriodSeconds"]) == 0
    finally:
        for log in logs:
            sys.stderr.write(log.read_text(errors="replace") if log.exists() else "")


def spoken(port: int, home: Path) -> subprocess.CompletedProcess[str]:
    """Speak in two sessions through the gateway, and check the digests."""
    command = ("sessions", "--count", "2", "--seconds", "2", "--key", KEY)
    done = run(home, *command, "--gateway", f"http://127.0.0.1:{port}")
    sys.stderr.write(done.stdout + done.stderr)
    return done


def test_list_of_devices_is_copied_to_where_the_gateway_reads_it(tmp_path: Path) -> None:
    (container,) = pod_of(named("cluster", "Deployment", "speech-gateway"))["initContainers"]
    made, home = tmp_path / "devices", tmp_path / "home"
    made.mkdir()
    home.mkdir()
    device, _ = DeviceStore(made / DEVICES_FILE).add("acme", DeviceKind.CLIENT, 1.0)
    said: list[Any] = [*container["command"], container["args"][0].replace("/devices/", f"{made}/")]
    subprocess.run(said, env={"PATH": os.defpath, "KIKIPOUNAMU_HOME": str(home)}, check=True)
    copied = home / "data" / DEVICES_FILE
    assert DeviceStore(copied).read() == (device,)
    assert copied.stat().st_mode & 0o777 == 0o600
