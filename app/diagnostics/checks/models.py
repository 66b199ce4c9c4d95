"""Check of the recognition models: installed, damaged, missing, and their size on disk. Blocks."""

from collections.abc import Iterator, Sequence

from rich.filesize import decimal

from app.diagnostics.checks.finding import Area, Finding, advice, ok, wrong
from speech.models.errors import ModelDamaged, ModelError
from speech.models.store import FolderState, ModelStore


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
    findings = [*_told(store, whole, damaged, needed)]
    if whole:
        size = decimal(sum(store.model(name).size for name in whole))
        key = "models-verified" if thorough else "models-whole"
        findings.insert(0, ok(Area.MODELS, key, models=", ".join(whole), size=size))
    return findings or [ok(Area.MODELS, "models-none")]


def _told(
    store: ModelStore, whole: Sequence[str], damaged: Sequence[str], needed: Sequence[str]
) -> Iterator[Finding]:
    for name in damaged:
        yield wrong(Area.MODELS, "model-damaged", model=name)
    missing = [name for name in dict.fromkeys(needed) if name not in whole and name not in damaged]
    for name in tuple(missing):
        begun = sum(store.unfinished(name).values())
        if store.is_changing(name):
            yield advice(Area.MODELS, "model-coming", model=name)
        elif begun:
            yield wrong(Area.MODELS, "model-unfinished", model=name, size=decimal(begun))
        else:
            continue
        missing.remove(name)
    if missing:
        size = decimal(sum(store.model(name).size for name in missing))
        yield wrong(Area.MODELS, "models-missing", models=", ".join(missing), names=" ".join(missing), size=size)


def _is_whole(store: ModelStore, name: str) -> bool:
    try:
        store.verify(name)
    except ModelDamaged:
        return False
    except ModelError:  # the model was removed meanwhile
        return True
    return True
