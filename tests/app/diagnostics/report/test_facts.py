"""Facts about settings, addresses and gateways contain only texts that this program knows."""

from dataclasses import replace

import pytest

from app.capture.devices import Input
from app.core.errors import Note
from app.diagnostics.report import facts
from app.local_services.local_gateway import BrokerHealth, GatewayReadiness, WorkerSeen
from app.local_services.worker_view import LocalWorkerState, WorkerView
from app.settings.schema import change_setting
from app.settings.sections import Settings
from runtime.folders import folders

INPUTS = [Input(0, "USB Audio", "ALSA", 1, 48_000)]


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("general.sounds", False, False),
        ("history.days", 7, 7),
        ("hotkeys.mode", "hold", "hold"),
        ("hotkeys.dictate", "ctrl+alt+d", "ctrl+alt+d"),
        ("hotkeys.dictate", "", ""),
        ("recognition.language", "yue", "yue"),
        ("recognition.hotwords", ["pounamu", "翡翠"], "2 entries"),
        ("recognition.model", "paraformer-zh", "paraformer-zh"),
        ("recognition.model", "my-own-model", facts.SET),
        ("audio.microphone", "usb", "USB Audio"),
        ("audio.microphone", "Ana's headset", facts.SET),
        ("gateway.url", "https://desktop:8765", "https://desktop:8765"),
        ("worker.hours", "20:00-08:00", "20:00-08:00"),
    ],
)
def test_facts_show_only_known_values_of_settings(name: str, value: object, told: object) -> None:
    assert facts.settings(change_setting(Settings(), name, value), INPUTS)[name] == told


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("https://ana:secret@gpu.example:8443/x?key=1#y", "https://gpu.example:8443"),
        ("http://ana@host", "http://host"),
        ("http://[", facts.SET),
        ("http://host:99999", facts.SET),
    ],
)
def test_url_is_reduced_to_scheme_host_and_port(url: str, told: str) -> None:
    assert facts.without_credentials(url) == told


def test_states_contain_no_free_text() -> None:
    readiness = GatewayReadiness(ready=True, workers=1, broker=BrokerHealth(up=True))
    seen = [WorkerSeen("host-1-ab", "idle", "whisper", "whisper-base", "cpu", 0), WorkerSeen("x", "what I said")]
    own = WorkerView(
        LocalWorkerState.FAILED, "what I said", reason=Note("models-missing", {"names": "what I said"})
    )
    result = facts.states(readiness, seen, own)
    assert result["gateway of this computer"]["broker up"] and "what I said" not in str(result)
    assert result["workers"][0]["model"] == "whisper-base" and "host" not in str(result["workers"])
    assert facts.states(None, [], None)["worker of this computer"] is None


def test_facts_show_versions_and_disk_space() -> None:
    environment = {"XDG_SESSION_TYPE": "x11", "LANG": "a secret sentence", "HOME": "/home/ana"}
    result = facts.system(["aiohttp", "no-such-package"], environment)
    assert result["packages"]["aiohttp"] and result["packages"]["no-such-package"] == ""
    assert result["desktop"] == {"XDG_SESSION_TYPE": "x11", "LANG": facts.SET}
    room = facts.disk(replace(folders(), data=folders().data / "nowhere"))["recordings"]
    assert room["free"] <= room["of"] and room["exists"] is False
