"""Exports of installed torch models to ONNX graphs, as models of the catalogue that need no torch."""

import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from runtime.programs import module_command
from speech.models.catalogue import Catalogue, Model, ModelFile
from speech.models.errors import ExportFailed
from speech.models.file_list import file_list, write_file_list
from speech.models.files import sha256_of
from speech.models.store import FolderState, ModelStore

_MODULE: Final = "worker.engines.onnx_export"  # a process of its own: it needs torch and much memory
_DEADLINE_S: Final = 3600.0


def export_installed(store: ModelStore, catalogue: Catalogue, name: str, precision: str) -> tuple[str, Path]:
    """Export the installed model ``name``; return name and folder of the new model, which replaces an older one.

    Raises ``ModelError``.
    """
    target = _target(catalogue, name)
    source = store.verify(name)
    with TemporaryDirectory(prefix=".export-", dir=source.parent) as folder:
        into = Path(folder) / target.name
        command = [*module_command(_MODULE), str(source), str(into), precision]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=_DEADLINE_S, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise ExportFailed(f"the export of {name} did not end: {error}") from error
        if done.returncode:
            reason = next(reversed(done.stderr.strip().splitlines()), "it was killed, perhaps for its memory")
            raise ExportFailed(f"{name} cannot be exported: {reason}")
        paths = sorted(path for path in into.iterdir() if path.is_file())
        files = [ModelFile(path.name, path.stat().st_size, sha256_of(path)) for path in paths]
        write_file_list(into, file_list(f"export of {name} on this computer", files))
        if store.state(target.name) is not FolderState.MISSING:
            store.remove(target.name)
        return target.name, store.import_folder(target.name, into)


def _target(catalogue: Catalogue, name: str) -> Model:
    found = {model.exported_from: model for model in catalogue.models if model.exported_from}
    if name not in found:
        raise ExportFailed(f"{name} cannot be exported: choose one of {', '.join(found)}")
    return found[name]
