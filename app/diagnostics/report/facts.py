"""Facts for a report about this app and this computer, without speech and without anything that a user wrote.

All of it is plain data for JSON. A text appears only if it is one of a known set.
"""

import os
import platform
import shutil
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from app.capture.devices import Input, matching
from app.diagnostics.checks.disk import existing
from app.diagnostics.report.licences import version
from app.hotkeys.binding import parse
from app.hotkeys.errors import HotkeyUnknown
from app.journal.library import Library
from app.local_services.local_gateway import GatewayReadiness, WorkerSeen
from app.local_services.worker_view import WorkerView
from app.settings import checks
from app.settings.schema import Setting, all_settings
from app.settings.sections import Settings
from runtime.folders import Folders
from speech.errors import SpeechError
from speech.models.catalogue import load_catalogue
from speech.models.store import ModelStore

Facts = dict[str, Any]

SET: Final = "(set)"
_MOST_TAKES: Final = 2_000
_LONGEST_NAME: Final = 80
_DESKTOP: Final = ("XDG_SESSION_TYPE", "XDG_CURRENT_DESKTOP", "DESKTOP_SESSION", "LANG", "LC_ALL")


def system(names: Iterable[str], environment: Mapping[str, str] = os.environ) -> Facts:
    """Return versions: of this program, of the packages in ``names``, and of the system."""
    return {
        "kikipounamu": version("kikipounamu"),
        "python": platform.python_version(),
        "frozen": bool(getattr(sys, "frozen", False)),
        "system": platform.system(),
        "release": platform.release(),
        "machine": platform.machine(),
        "processors": os.cpu_count(),
        "desktop": {name: _word(environment[name]) for name in _DESKTOP if name in environment},
        "packages": {name: version(name) for name in names},
    }


def settings(chosen: Settings, inputs: Sequence[Input]) -> Facts:
    """Return every setting: its value if that is one of a known set, else only whether it is set."""
    return {
        name: _reported_value(setting, setting.of_settings(chosen), inputs)
        for name, setting in all_settings().items()
    }


def _reported_value(setting: Setting, value: Any, inputs: Sequence[Input]) -> Any:
    if isinstance(value, bool | int | float):
        return value
    if not isinstance(value, str):
        return f"{len(value)} entries"
    if not value or setting.choices or value == setting.default:
        return str(value)
    match setting.name:
        case "audio.microphone":
            chosen = matching(inputs, value)  # the key would contain a serial number or a headset's address
            return SET if chosen is None else chosen.name[:_LONGEST_NAME]
        case "recognition.model" | "worker.model":
            known = value in model_names()
        case "gateway.url":
            return without_credentials(value)
        case "recognition.language":
            known = not checks.language(value)
        case "worker.hours":
            known = len(value) == len("20:00-08:00")
        case _:
            known = setting.section == "hotkeys" and _is_key(value)
    return value if known else SET


def _is_key(value: str) -> bool:
    try:
        parse(value)
    except HotkeyUnknown:
        return False
    return True


def without_credentials(url: str) -> str:
    """Reduce a URL to scheme, host and port."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return SET
    return f"{parts.scheme}://{host}:{port}" if port else f"{parts.scheme}://{host}"


def microphones(inputs: Iterable[Input]) -> Facts:
    """Return the microphones of the system."""
    listed = [
        {
            "name": device.name[:_LONGEST_NAME],
            "interface": device.interface[:_LONGEST_NAME],
            "channels": device.channels,
            "rate": device.rate,
            "default": device.default,
        }
        for device in inputs
    ]
    return {"microphones": listed}


def states(readiness: GatewayReadiness | None, seen: Iterable[WorkerSeen], own: WorkerView | None) -> Facts:
    """Return the states of gateway and workers.

    ``own``: this computer's worker, as the app shows it.
    """
    worker: Facts | None = None
    if own is not None:
        worker = {"state": own.state.value, "percent": own.percent, "reason": own.reason.key if own.reason else ""}
    return {
        "gateway of this computer": None
        if readiness is None
        else {
            "ready": readiness.ready,
            "draining": readiness.draining,
            "embedded broker": readiness.embedded,
            "workers": readiness.workers,
            "broker up": readiness.broker.up,
        },
        "workers": [
            {
                "state": _word(one.state),
                "engine": _word(one.engine),
                "model": one.model if one.model in model_names() else _set_or_empty(one.model),
                "device": one.device[:_LONGEST_NAME],
                "busy": one.busy,
            }
            for one in seen
        ],
        "worker of this computer": worker,
    }


def model_names() -> tuple[str, ...]:
    """Return the names of all models in the catalogue."""
    return tuple(model.name for model in load_catalogue().models)


def models(places: Folders) -> Facts:
    """Return the state of each model.

    Compares sizes only: changed bytes go unnoticed.
    """
    store = ModelStore(places.models, load_catalogue())
    found: Facts = {}
    for name in model_names():
        try:
            found[name] = store.state(name).value
        except SpeechError as error:
            found[name] = type(error).__name__
    return found


def disk(places: Folders) -> Facts:
    """Return the free and total megabytes of each folder's disk; the folder need not exist."""
    named = {"recordings": places.data, "models": places.models, "logs": places.logs, "settings": places.config}
    return {name: _room(path) for name, path in named.items()}


def _room(path: Path) -> Facts | None:
    try:
        usage = shutil.disk_usage(existing(path))
    except OSError:
        return None
    return {"free": usage.free // 1_000_000, "of": usage.total // 1_000_000, "exists": path.exists()}


def journal(library: Library, now_s: float) -> Facts:
    """Return the number, states, lengths and sizes of takes; at most the newest 2,000."""
    takes = list(islice(library.newest_takes(), _MOST_TAKES))
    ages = [max(0.0, now_s - take.take.started_s) / 86_400 for take in takes]
    return {
        "looked at": len(takes),
        "states": dict(Counter(take.state.value for take in takes)),
        "seconds": round(sum(take.seconds for take in takes)),
        "bytes": sum(take.size for take in takes),
        "segments": sum(len(take.take.segments) for take in takes),
        "days since the newest": round(min(ages), 1) if ages else None,
        "days since the oldest": round(max(ages), 1) if ages else None,
    }


def _word(text: str) -> str:
    """Return a text if it has the form of a technical name, else only that it is set."""
    plain = text.isascii() and len(text) <= _LONGEST_NAME and " " not in text
    return text if plain else _set_or_empty(text)


def _set_or_empty(text: str) -> str:
    return SET if text else ""
