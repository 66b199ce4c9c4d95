"""Check of the installation: version, missing extras, which are not imported, and recognition models. Blocks."""

import platform
from collections.abc import Callable, Iterator, Sequence
from importlib.util import find_spec
from typing import Final

from rich.filesize import decimal

from app.diagnostics.checks.finding import Finding, Topic, advice, ok, wrong
from runtime.installing import extra_command
from speech.models.errors import ModelDamaged, ModelError
from speech.models.store import FolderState, ModelStore

_EXTRAS: Final = {
    "gateway": ("alembic", "prometheus_client", "redis", "segno", "sqlalchemy", "wyoming"),
    "worker": ("opencc", "prometheus_client", "pypinyin", "redis"),
    "server": ("psycopg",),
    "whisper": ("faster_whisper",),
    "microphone": ("sounddevice",),
    "desktop": ("PySide6", "segno", "sounddevice", "tomlkit"),
    "media": ("av",),
    "mcp": ("mcp",),
    "funasr": ("funasr", "onnx", "torch"),
    "parakeet": ("onnx_asr",),
    "streaming": ("sherpa_onnx",),
}
_OPTIONAL: Final = frozenset({"server", "media", "mcp", "funasr", "parakeet", "streaming"})


def has_module(name: str) -> bool:
    """Return whether a module is installed."""
    return find_spec(name) is not None


def missing_extras(has: Callable[[str], bool] = has_module) -> list[str]:
    """Return the extras that are not completely installed."""
    return [extra for extra, modules in _EXTRAS.items() if not all(map(has, modules))]


def installation(version: str, *, frozen: bool, has: Callable[[str], bool] = has_module) -> list[Finding]:
    """Check the installed extras.

    ``frozen``: a bundle, which cannot be extended.
    """
    system = f"{platform.system()} {platform.release()}, {platform.machine()}"
    findings = [
        ok(Topic.INSTALLATION, "installed", version=version, python=platform.python_version(), system=system)
    ]
    missing = missing_extras(has)
    wanted = [extra for extra in missing if not frozen and extra not in _OPTIONAL]
    if "desktop" in wanted and "microphone" in wanted:
        wanted.remove("microphone")  # desktop includes it
    if wanted:
        install = extra_command(",".join(wanted))
        findings.append(advice(Topic.INSTALLATION, "extras-missing", extras=", ".join(wanted), install=install))
    if optional := [extra for extra in missing if frozen or extra in _OPTIONAL]:
        findings.append(ok(Topic.INSTALLATION, "extras-optional", extras=", ".join(optional)))
    return findings


def models(
    store: ModelStore, names: Sequence[str], needed: Sequence[str], *, thorough: bool = False
) -> list[Finding]:
    """Check the models.

    ``names``: all models of the catalogue. ``needed``: required to recognise speech on this computer.
    ``thorough``: read every byte instead of comparing sizes.
    """
    whole = [name for name in names if store.state(name) is FolderState.INSTALLED]
    damaged = [name for name in names if store.state(name) is FolderState.DAMAGED]
    if thorough:
        rotten = [name for name in whole if not _is_whole(store, name)]
        whole, damaged = [name for name in whole if name not in rotten], [*damaged, *rotten]
    findings = [*_incomplete(store, whole, damaged, needed)]
    if whole:
        size = decimal(sum(store.model(name).size for name in whole))
        key = "models-verified" if thorough else "models-whole"
        findings.insert(0, ok(Topic.MODELS, key, models=", ".join(whole), size=size))
    return findings or [ok(Topic.MODELS, "models-none")]


def _incomplete(
    store: ModelStore, whole: Sequence[str], damaged: Sequence[str], needed: Sequence[str]
) -> Iterator[Finding]:
    for name in damaged:
        yield wrong(Topic.MODELS, "model-damaged", model=name)
    missing = [name for name in dict.fromkeys(needed) if name not in whole and name not in damaged]
    for name in tuple(missing):
        begun = sum(store.unfinished_bytes(name).values())
        if store.is_changing(name):
            yield advice(Topic.MODELS, "model-coming", model=name)
        elif begun:
            yield wrong(Topic.MODELS, "model-unfinished", model=name, size=decimal(begun))
        else:
            continue
        missing.remove(name)
    if missing:
        size = decimal(sum(store.model(name).size for name in missing))
        yield wrong(Topic.MODELS, "models-missing", models=", ".join(missing), names=" ".join(missing), size=size)


def _is_whole(store: ModelStore, name: str) -> bool:
    try:
        store.verify(name)
    except ModelDamaged:
        return False
    except ModelError:  # the model has just been removed
        return True
    return True
