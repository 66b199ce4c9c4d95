"""Installation of models whose files their hub states: the list is fetched once.

The hub's list is trusted over HTTPS (or from this computer) at the first installation. An installed model keeps
its list, is checked and repaired by it, and never fetches it again; ``models remove`` deletes it.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final
from urllib.parse import quote

from speech.models import download
from speech.models.catalogue import Catalogue, HuggingFace, LocalExport, Model, ModelFile, ModelScope
from speech.models.download import RetryLimits
from speech.models.errors import (
    FileRefused,
    ModelDamaged,
    ModelMissing,
    ModelUnavailable,
    SourceAway,
    SourceFailed,
    SourceRefusal,
)
from speech.models.file_list import (
    FILE_LIST,
    MOST_LIST_BYTES,
    FileList,
    decode_huggingface,
    decode_modelscope,
    file_list,
    read_file_list,
)
from speech.models.probes import Probes
from speech.models.progress import Report, SourceRefused, Stating, silent
from speech.models.sources import LOCAL_SOURCE, hub_address, hub_name, sources_for
from speech.models.store import ModelStore

LIMITS: Final = RetryLimits(stall_s=15.0, attempts=3)


def install_stated(
    store: ModelStore,
    catalogue: Catalogue,
    name: str,
    report: Report = silent,
    environment: Mapping[str, str] = os.environ,
    limits: RetryLimits = LIMITS,
) -> Path:
    """Ensure that ``name`` is installed and intact; its hub states its files. Raises as ``ModelStore.install``."""
    with suppress(ModelMissing, ModelDamaged):
        return store.verify(name)
    model = catalogue.model(name)
    kept: FileList | None = None
    with suppress(FileRefused):
        kept = store.file_list(name)
    found = kept or store.stop.unless(
        lambda: stated_files(model, catalogue, report, environment, limits), lambda too_late: None
    )
    offers = Probes(
        sources_for(model.with_files(found.files), catalogue, environment, store.stop), stop=store.stop
    )
    try:
        return store.install(name, offers, report, found)
    except ModelUnavailable as error:
        if kept is None:
            raise
        advice = f"the list of the first download; for the hub's present one: `kikipounamu models remove {name}`"
        refusals = [*error.refusals, SourceRefusal(FILE_LIST, "", advice)]
        raise ModelUnavailable(name, error.missing, refusals, may_pass=error.may_pass) from error


def install(
    store: ModelStore,
    catalogue: Catalogue,
    name: str,
    report: Report = silent,
    environment: Mapping[str, str] = os.environ,
) -> Path:
    """Ensure that any model of the catalogue is installed and intact. Raises as ``ModelStore.install``."""
    model = catalogue.model(name)
    if model.stated is not None:
        return install_stated(store, catalogue, name, report, environment)
    with suppress(ModelMissing, ModelDamaged):
        return store.verify(name)  # intact: no source is needed
    offers = Probes(sources_for(model, catalogue, environment, store.stop), stop=store.stop)
    return store.install(name, offers, report)


def stated_files(
    model: Model, catalogue: Catalogue, report: Report, environment: Mapping[str, str], limits: RetryLimits
) -> FileList:
    """Return the first list found: in a local folder with such a model, then at its hubs.

    Raises ``ModelUnavailable`` with the reason of each source.
    """
    refusals: list[SourceRefusal] = []
    may_pass = False
    for source, answer in _answers(model, catalogue, environment, limits):
        if isinstance(answer, FileList):
            report(Stating(model.name, source, len(answer.files), sum(file.size for file in answer.files)))
            return answer
        refusals.append(SourceRefusal(source, "", str(answer)))
        may_pass |= isinstance(answer, SourceAway)
        report(SourceRefused(refusals[-1]))
    raise ModelUnavailable(model.name, ["the list of its files"], refusals, may_pass=may_pass)


def _answers(
    model: Model, catalogue: Catalogue, environment: Mapping[str, str], limits: RetryLimits
) -> Iterator[tuple[str, FileList | SourceFailed]]:
    if local := environment.get(LOCAL_SOURCE):
        folder = Path(local).expanduser() / model.name
        try:
            yield f"folder {folder}", read_file_list(folder, model)
        except FileRefused as error:
            yield f"folder {folder}", error
    for entry in model.sources:
        if isinstance(entry, LocalExport):
            advice = f"it is made on this computer: run `kikipounamu models export {entry.model}`"
            yield "export", SourceFailed(advice)
        if isinstance(entry, ModelScope | HuggingFace):
            base = hub_address(entry, catalogue, environment)
            source = hub_name(entry, base)
            try:
                yield source, file_list(source, _ask_for_files(base, entry, model, limits))
            except SourceFailed as error:
                yield source, error


def _ask_for_files(
    base: str, entry: ModelScope | HuggingFace, model: Model, limits: RetryLimits
) -> tuple[ModelFile, ...]:
    if model.stated is None:
        raise SourceFailed("the catalogue pins the files of this model")
    repository, revision = quote(entry.repository), quote(entry.revision, safe="")
    if isinstance(entry, HuggingFace):
        resolved = f"{base}/{repository}/resolve/{revision}/"

        def read(path: str, size: int) -> bytes:
            return download.read_trusted(resolved + quote(path), size, limits)

        url = f"{base}/api/models/{repository}/tree/{revision}?recursive=true"
        return decode_huggingface(download.read_trusted(url, MOST_LIST_BYTES, limits), model.stated, read)
    url = f"{base}/api/v1/models/{repository}/repo/files?Revision={revision}&Recursive=true"
    return decode_modelscope(download.read_trusted(url, MOST_LIST_BYTES, limits), model.stated)
